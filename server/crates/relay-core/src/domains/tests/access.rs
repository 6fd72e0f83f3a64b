//! Who may do what with domains.

use super::*;

#[tokio::test]
async fn who_may_not_is_refused() {
    let world = World::new().await;
    let (core, project) = (&world.test.core, &world.project);
    let id = world.add("lab.example").await.expect("a domain");
    let cast = world.test.cast(world.id, project).await;
    let other = || name("other.example");
    for (actor, refusal) in cast.refused(Access::View) {
        assert_eq!(word(&list(core, actor, project).await), refusal, "{actor:?}");
        assert_eq!(word(&get(core, actor, project, id).await), refusal, "{actor:?}");
    }
    for (actor, refusal) in cast.refused(Access::Manage) {
        assert_eq!(word(&add(core, actor, project, other()).await), refusal, "{actor:?}");
        assert_eq!(word(&check(core, actor, project, id).await), refusal, "{actor:?}");
        assert_eq!(word(&rotate_keys(core, actor, project, id).await), refusal, "{actor:?}");
        assert_eq!(word(&remove(core, actor, project, id).await), refusal, "{actor:?}");
    }
    for (actor, refusal) in cast.refused(Access::Operate) {
        assert_eq!(word(&mark_verified(core, actor, project, other()).await), refusal, "{actor:?}");
    }
    for actor in [&cast.owner, &cast.member, &cast.viewer, &cast.outsider, &cast.service_account, &cast.network] {
        assert_eq!(word(&default_domain(core, actor).await), "Forbidden", "{actor:?}");
        assert_eq!(word(&set_default_domain(core, actor, other()).await), "Forbidden", "{actor:?}");
        assert_eq!(word(&check_default(core, actor).await), "Forbidden", "{actor:?}");
        assert_eq!(word(&check_due(core, actor).await), "Forbidden", "{actor:?}");
        assert_eq!(word(&rotate_default_keys(core, actor).await), "Forbidden", "{actor:?}");
        assert_eq!(word(&delegated_zone(core, actor).await), "Forbidden", "{actor:?}");
        assert_eq!(word(&findings::prune(core, actor).await), "Forbidden", "{actor:?}");
    }
    // The neighbour's owner with the id of a domain that is not theirs.
    let neighbour = &Slug::parse("lab-neighbour").expect("a slug");
    assert_eq!(word(&get(core, &cast.outsider, neighbour, id).await), "NotFound");
    assert_eq!(word(&check(core, &cast.outsider, neighbour, id).await), "NotFound");
    assert_eq!(word(&rotate_keys(core, &cast.outsider, neighbour, id).await), "NotFound");
    assert_eq!(word(&remove(core, &cast.outsider, neighbour, id).await), "NotFound");
}
