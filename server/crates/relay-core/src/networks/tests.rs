use super::*;
use crate::test_support::{Test, word};

fn cidr(text: &str) -> Cidr {
    Cidr::parse(text).expect(text)
}

async fn added(test: &Test, actor: &Actor, project: &Slug, block: &str) -> Result<NetworkId> {
    add(&test.core, actor, project, cidr(block), "hosts").await
}

#[tokio::test]
async fn the_longest_match_of_one_project_wins() {
    let test = Test::new().await;
    let (id, project) = test.project("lab").await;
    for (block, label) in
        [("10.0.0.0/8", "all"), ("10.1.0.0/16", "site"), ("10.1.2.3", "host"), ("2001:db8::/32", "v6")]
    {
        add(&test.core, &Actor::System, &project, cidr(block), label).await.expect(block);
    }
    for (client, label) in [
        ("10.1.2.3", Some("host")),
        ("::ffff:10.1.2.3", Some("host")),
        ("10.1.2.4", Some("site")),
        ("10.2.0.1", Some("all")),
        ("10.255.255.255", Some("all")),
        ("11.0.0.0", None),
        ("9.255.255.255", None),
        ("2001:db8:ffff::1", Some("v6")),
        ("2001:db9::1", None),
        ("::a01:203", None),
    ] {
        let actor = identify(&test.core, client.parse().expect(client)).await.expect("a verdict");
        match (actor, label) {
            (None, None) => {}
            (Some(Actor::TrustedNetwork { project_id, label: found, .. }), Some(label)) => {
                assert_eq!((found.as_str(), project_id), (label, id), "{client}");
            }
            (actor, label) => panic!("{client}: {actor:?}, not {label:?}"),
        }
    }
}

#[tokio::test]
async fn blocks_of_two_projects_never_share_an_address() {
    let test = Test::new().await;
    let (_, one) = test.project("one").await;
    let (_, two) = test.project("two").await;
    added(&test, &Actor::System, &one, "192.0.2.0/24").await.expect("a block");
    for (project, block, result) in [
        (&two, "192.0.2.0/24", "Conflict"),
        (&two, "192.0.2.7", "Conflict"),
        (&two, "192.0.0.0/16", "Conflict"),
        (&two, "192.0.3.0/24", "Ok"),
        (&one, "192.0.2.0/24", "Conflict"),
        (&one, "192.0.2.128/25", "Ok"),
        (&one, "192.0.2.0/23", "Conflict"),
    ] {
        assert_eq!(word(&added(&test, &Actor::System, project, block).await), result, "{block}");
    }
    let reason = added(&test, &Actor::System, &two, "192.0.2.1").await.expect_err("a conflict").to_string();
    assert!(!reason.contains("one"), "the other project is not named: {reason}");
}

#[tokio::test]
async fn a_removed_block_lets_nobody_in() {
    let test = Test::new().await;
    let (_, project) = test.project("lab").await;
    let id = added(&test, &Actor::System, &project, "192.0.2.0/24").await.expect("a block");
    rename(&test.core, &Actor::System, &project, id, "renamed").await.expect("renamed");
    assert_eq!(list(&test.core, &Actor::System, &project).await.expect("a list")[0].label, "renamed");
    remove(&test.core, &Actor::System, &project, id).await.expect("removed");
    assert!(identify(&test.core, "192.0.2.1".parse().expect("an address")).await.expect("a verdict").is_none());
    assert_eq!(word(&remove(&test.core, &Actor::System, &project, id).await), "NotFound");
}

#[tokio::test]
async fn members_list_no_block_that_is_larger_than_a_site() {
    let test = Test::new().await;
    let (id, project) = test.project("lab").await;
    let cast = test.cast(id, &project).await;
    for (block, member) in [("20.0.0.0/8", "Ok"), ("64.0.0.0/7", "cidr"), ("2000::/15", "cidr"), ("3000::/16", "Ok")] {
        let result = added(&test, &cast.member, &project, block).await;
        assert_eq!(word(&result), member, "{block}");
        if result.is_err() {
            assert_eq!(word(&added(&test, &cast.operator, &project, block).await), "Ok", "{block}");
        }
    }
    for label in ["", "  ", "two\nlines", &"x".repeat(81)] {
        let result = add(&test.core, &cast.member, &project, cidr("192.0.2.1"), label).await;
        assert_eq!(word(&result), "label", "{label:?}");
    }
}

#[tokio::test]
async fn who_may_not_is_refused() {
    let test = Test::new().await;
    let (id, project) = test.project("lab").await;
    let block = added(&test, &Actor::System, &project, "192.0.2.0/24").await.expect("a block");
    let cast = test.cast(id, &project).await;
    for (actor, refusal) in cast.refused(Access::View) {
        assert_eq!(word(&list(&test.core, actor, &project).await), refusal, "{actor:?}");
    }
    for (actor, refusal) in cast.refused(Access::Manage) {
        assert_eq!(word(&added(&test, actor, &project, "198.51.100.0/24").await), refusal, "{actor:?}");
        assert_eq!(word(&rename(&test.core, actor, &project, block, "x").await), refusal, "{actor:?}");
        assert_eq!(word(&remove(&test.core, actor, &project, block).await), refusal, "{actor:?}");
    }
    // The neighbour's owner with the id of a block that is not theirs.
    let neighbour = Slug::parse("lab-neighbour").expect("a slug");
    assert_eq!(word(&rename(&test.core, &cast.outsider, &neighbour, block, "x").await), "NotFound");
    assert_eq!(word(&remove(&test.core, &cast.outsider, &neighbour, block).await), "NotFound");
}
