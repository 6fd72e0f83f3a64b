//! Members and invitations: roles, last owners, links.

use super::*;
use crate::test_support::{CLIENT, Cast, Test, id_of, word};
use std::time::Duration;
use zeroize::Zeroizing;

const PASSWORD: &str = "pen lamp river four";

fn secret(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

async fn world(test: &Test) -> (ProjectId, Slug, Cast) {
    let (id, slug) = test.project("acme").await;
    let cast = test.cast(id, &slug).await;
    (id, slug, cast)
}

async fn accept(test: &Test, actor: &Actor, token: &str) -> Result<(UserId, Slug)> {
    accept_invitation(&test.core, actor, Some(CLIENT), token, "Grace", secret(PASSWORD)).await
}

async fn roles(test: &Test, slug: &Slug) -> Vec<(String, Role)> {
    let (members, _) = list(&test.core, &Actor::System, slug).await.expect("members");
    members.into_iter().map(|member| (member.email.to_string(), member.role)).collect()
}

#[tokio::test]
async fn refusals_by_the_matrix() {
    let test = Test::new().await;
    let (_, slug, cast) = world(&test).await;
    let core = &test.core;
    for (actor, expected) in cast.refused(Access::View) {
        assert_eq!(word(&list(core, actor, &slug).await), expected, "{actor:?}");
    }
    for (actor, expected) in cast.refused(Access::Administer) {
        let target = id_of(&cast.member);
        if actor.id() != Some(target.uuid()) {
            assert_eq!(word(&remove(core, actor, &slug, target).await), expected, "{actor:?}");
        }
        assert_eq!(word(&set_role(core, actor, &slug, target, Role::Owner).await), expected, "{actor:?}");
        assert_eq!(word(&invite(core, actor, &slug, "x@example.org", Role::Owner).await), expected, "{actor:?}");
        assert_eq!(word(&withdraw_invitation(core, actor, &slug, core.new_id()).await), expected, "{actor:?}");
    }
    assert_eq!(roles(&test, &slug).await.len(), 3);
}

#[tokio::test]
async fn members_of_another_project_cannot_be_touched_through_ones_own() {
    let test = Test::new().await;
    let (_, slug, cast) = world(&test).await;
    let stranger = id_of(&cast.outsider);
    assert_eq!(word(&set_role(&test.core, &cast.owner, &slug, stranger, Role::Viewer).await), "NotFound");
    assert_eq!(word(&remove(&test.core, &cast.owner, &slug, stranger).await), "NotFound");
}

#[tokio::test]
async fn every_member_sees_the_list_and_themselves_in_it() {
    let test = Test::new().await;
    let (_, slug, cast) = world(&test).await;
    let (members, invitations) = list(&test.core, &cast.viewer, &slug).await.expect("members");
    assert!(invitations.is_empty());
    let me: Vec<_> = members.iter().filter(|member| member.is_me).map(|member| member.role).collect();
    assert_eq!(me, [Role::Viewer]);
    assert_eq!(members.iter().map(|member| member.role).collect::<Vec<_>>(), [Role::Member, Role::Owner, Role::Viewer]);
}

#[tokio::test]
async fn a_change_of_role_holds_at_once() {
    let test = Test::new().await;
    let (_, slug, cast) = world(&test).await;
    assert_eq!(word(&projects::rename(&test.core, &cast.member, &slug, "New").await), "Forbidden");
    set_role(&test.core, &cast.owner, &slug, id_of(&cast.member), Role::Owner).await.expect("set");
    assert_eq!(word(&projects::rename(&test.core, &cast.member, &slug, "New").await), "Ok");
    remove(&test.core, &cast.owner, &slug, id_of(&cast.member)).await.expect("removed");
    assert_eq!(word(&projects::rename(&test.core, &cast.member, &slug, "Newer").await), "NotFound");
    assert!(test.audited().await.iter().any(|entry| entry.ends_with("member.set_role member@acme.example")));
    assert!(test.audited().await.iter().any(|entry| entry.ends_with("member.remove member@acme.example")));
}

#[tokio::test]
async fn the_last_owner_stays() {
    let test = Test::new().await;
    let (_, slug, cast) = world(&test).await;
    let core = &test.core;
    for actor in [&cast.owner, &cast.operator] {
        assert_eq!(word(&set_role(core, actor, &slug, id_of(&cast.owner), Role::Member).await), "Conflict");
        assert_eq!(word(&remove(core, actor, &slug, id_of(&cast.owner)).await), "Conflict");
    }
    set_role(core, &cast.owner, &slug, id_of(&cast.member), Role::Owner).await.expect("a second owner");
    assert_eq!(word(&remove(core, &cast.owner, &slug, id_of(&cast.owner)).await), "Ok");
    assert_eq!(word(&remove(core, &cast.member, &slug, id_of(&cast.member)).await), "Conflict");
}

#[tokio::test]
async fn two_owners_cannot_remove_each_other() {
    let test = Test::new().await;
    let (_, slug, cast) = world(&test).await;
    let core = &test.core;
    set_role(core, &cast.owner, &slug, id_of(&cast.member), Role::Owner).await.expect("a second owner");
    let (a, b) = tokio::join!(
        remove(core, &cast.owner, &slug, id_of(&cast.member)),
        remove(core, &cast.member, &slug, id_of(&cast.owner))
    );
    assert_eq!([word(&a), word(&b)].iter().filter(|word| **word == "Ok").count(), 1, "{} {}", word(&a), word(&b));
    let owners = roles(&test, &slug).await.into_iter().filter(|(_, role)| *role == Role::Owner).count();
    assert_eq!(owners, 1);
}

#[tokio::test]
async fn anyone_may_leave() {
    let test = Test::new().await;
    let (_, slug, cast) = world(&test).await;
    assert_eq!(word(&remove(&test.core, &cast.viewer, &slug, id_of(&cast.viewer)).await), "Ok");
    assert_eq!(word(&list(&test.core, &cast.viewer, &slug).await), "NotFound");
}

#[tokio::test]
async fn a_new_person_joins_by_the_mailed_link_once() {
    let test = Test::new().await;
    let (_, slug, cast) = world(&test).await;
    let core = &test.core;
    invite(core, &cast.owner, &slug, " Grace@example.org", Role::Member).await.expect("invited");
    let mail = test.mails_to("grace@example.org").await.remove(0);
    assert!(mail.contains("owner@acme.example invites you to the project acme"), "{mail}");
    let token = test.token_mailed_to("grace@example.org").await;
    let offer = invitation_offer(core, &token).await.expect("an offer");
    assert_eq!(
        (offer.email.to_string().as_str(), offer.role, offer.known_user),
        ("Grace@example.org", Role::Member, false)
    );
    assert_eq!(list(core, &cast.viewer, &slug).await.expect("list").1.len(), 1);

    let short = accept_invitation(core, &cast.anonymous, None, &token, "Grace", secret("short")).await;
    assert_eq!(word(&short), "password");
    let (user, joined) = accept(&test, &cast.anonymous, &token).await.expect("accepted");
    assert_eq!(joined, slug);
    assert!(roles(&test, &slug).await.contains(&("Grace@example.org".to_owned(), Role::Member)));
    assert!(list(core, &cast.viewer, &slug).await.expect("list").1.is_empty());
    let people = crate::users::list(core, &cast.operator).await.expect("people");
    let grace = people.iter().find(|person| person.id == user).expect("among the people");
    assert_eq!(grace.last_sign_in_at, Some(core.now()), "joining is the first sign-in");
    let signed_in = crate::sign_in::sign_in(core, None, "grace@example.org", secret(PASSWORD)).await;
    assert_eq!(signed_in.expect("signed in"), user);
    assert_eq!(word(&accept(&test, &cast.anonymous, &token).await), "NotFound");
    assert_eq!(word(&invitation_offer(core, &token).await), "NotFound");
}

#[tokio::test]
async fn a_known_person_accepts_only_as_themselves() {
    let test = Test::new().await;
    let (_, slug, cast) = world(&test).await;
    let grace = test.user("grace@example.org").await;
    invite(&test.core, &cast.owner, &slug, "grace@example.org", Role::Owner).await.expect("invited");
    let token = test.token_mailed_to("grace@example.org").await;
    assert!(invitation_offer(&test.core, &token).await.expect("an offer").known_user);
    for actor in [&cast.anonymous, &cast.outsider, &cast.operator, &cast.service_account, &Actor::System] {
        assert_eq!(word(&accept(&test, actor, &token).await), "Forbidden", "{actor:?}");
    }
    assert_eq!(accept(&test, &grace, &token).await.expect("accepted").0, id_of(&grace));
}

#[tokio::test]
async fn an_invitation_is_renewed_withdrawn_and_expires() {
    let test = Test::new().await;
    let (_, slug, cast) = world(&test).await;
    let core = &test.core;
    let invited = async |role| {
        invite(core, &cast.owner, &slug, "grace@example.org", role).await.expect("invited");
        test.token_mailed_to("grace@example.org").await
    };
    let first = invited(Role::Viewer).await;
    let second = invited(Role::Member).await;
    assert_eq!(word(&invitation_offer(core, &first).await), "NotFound");
    assert_eq!(invitation_offer(core, &second).await.expect("an offer").role, Role::Member);
    let (_, open) = list(core, &cast.owner, &slug).await.expect("list");
    assert_eq!(open.len(), 1);

    let elsewhere = Slug::parse("acme-neighbour").expect("a slug");
    assert_eq!(word(&withdraw_invitation(core, &cast.outsider, &elsewhere, open[0].id).await), "NotFound");
    withdraw_invitation(core, &cast.owner, &slug, open[0].id).await.expect("withdrawn");
    assert_eq!(word(&withdraw_invitation(core, &cast.owner, &slug, open[0].id).await), "NotFound");
    assert_eq!(word(&accept(&test, &cast.anonymous, &second).await), "NotFound");

    let third = invited(Role::Viewer).await;
    test.clock.advance(Duration::from_secs(7 * 24 * 3600));
    assert_eq!(word(&accept(&test, &cast.anonymous, &third).await), "NotFound");
}

#[tokio::test]
async fn an_invitation_is_refused_for_members_and_odd_addresses_and_slowed() {
    let test = Test::new().await;
    let (_, slug, cast) = world(&test).await;
    let core = &test.core;
    assert_eq!(word(&invite(core, &cast.owner, &slug, "grace", Role::Viewer).await), "email");
    assert_eq!(word(&invite(core, &cast.owner, &slug, "Viewer@acme.example", Role::Viewer).await), "Conflict");
    for _ in 0..3 {
        assert_eq!(word(&invite(core, &cast.owner, &slug, "grace@example.org", Role::Viewer).await), "Ok");
    }
    assert_eq!(word(&invite(core, &cast.owner, &slug, "grace@example.org", Role::Viewer).await), "TooMany");
    assert_eq!(word(&invite(core, &cast.owner, &slug, "alan@example.org", Role::Viewer).await), "Ok");
}

#[tokio::test]
async fn of_two_who_accept_together_one_succeeds() {
    let test = Test::new().await;
    let (_, slug, cast) = world(&test).await;
    invite(&test.core, &cast.owner, &slug, "grace@example.org", Role::Viewer).await.expect("invited");
    let token = test.token_mailed_to("grace@example.org").await;
    let (a, b) = tokio::join!(accept(&test, &cast.anonymous, &token), accept(&test, &cast.anonymous, &token));
    assert!(a.is_ok() != b.is_ok(), "{} {}", word(&a), word(&b));
}

#[tokio::test]
async fn an_older_invitation_never_lowers_a_role() {
    let test = Test::new().await;
    let (id, slug, cast) = world(&test).await;
    let grace = test.user("grace@example.org").await;
    invite(&test.core, &cast.owner, &slug, "grace@example.org", Role::Viewer).await.expect("invited");
    test.join(id, &grace, Role::Owner).await;
    accept(&test, &grace, &test.token_mailed_to("grace@example.org").await).await.expect("accepted");
    assert!(roles(&test, &slug).await.contains(&("grace@example.org".to_owned(), Role::Owner)));
}
