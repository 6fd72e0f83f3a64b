//! People: setup, operators, locks, passwords.

use super::*;
use crate::{
    audit,
    test_support::{CLIENT, Test, id_of, network, service_account, word},
};
use std::time::Duration;

const OLD: &str = "pen lamp river four";
const NEW: &str = "tea boat cloud nine";

fn secret(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

fn setup(core: &Core) -> Setup {
    Setup {
        code: setup_code(core),
        email: "ada@example.org".to_owned(),
        name: "Ada".to_owned(),
        password: secret(OLD),
        project_name: "Sea Lab".to_owned(),
        project_slug: "sea-lab".to_owned(),
    }
}

#[tokio::test]
async fn the_first_run_makes_an_operator_who_owns_a_live_project_once() {
    let test = Test::new().await;
    let core = &test.core;
    assert!(setup_needed(core).await.expect("asked"));
    let (id, slug) = set_up(core, Some(CLIENT), setup(core)).await.expect("set up");
    assert!(!setup_needed(core).await.expect("asked"));
    assert_eq!(word(&set_up(core, Some(CLIENT), setup(core)).await), "Conflict");

    let ada = crate::sign_in::sign_in(core, None, "ada@example.org", secret(OLD)).await.expect("signed in");
    assert_eq!(ada, id);
    let me = me(core, &crate::sign_in::actor(core, id, None, None).await.expect("an actor")).await.expect("me");
    assert!(me.operator);
    assert_eq!(me.name, "Ada");
    assert_eq!(me.projects[0].role, Some(relay_types::member::Role::Owner));
    let project = projects::id_of(core, &slug).await.expect("the project");
    assert!(!projects::standing(core, project).await.expect("standing").sandbox);
}

#[tokio::test]
async fn of_two_who_set_up_together_one_succeeds() {
    let test = Test::new().await;
    let core = &test.core;
    let mut other = setup(core);
    other.email = "grace@example.org".to_owned();
    other.project_slug = "other".to_owned();
    let (a, b) = tokio::join!(set_up(core, None, setup(core)), set_up(core, None, other));
    assert!(a.is_ok() != b.is_ok(), "{} {}", word(&a), word(&b));
}

#[tokio::test]
async fn the_setup_code_is_the_same_on_every_node_and_forgives_look_alikes() {
    let test = Test::new().await;
    let core = &test.core;
    let again = Core::open(core.config.clone(), core.resolver.clone(), test.clock.clone()).await.expect("a node");
    assert_eq!(setup_code(core), setup_code(&again));
    let mut typed = setup(core);
    typed.code = format!(" {} ", setup_code(core).to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l"));
    assert_eq!(word(&set_up(core, None, typed).await), "Ok");
}

#[tokio::test]
async fn a_setup_form_that_is_wrong_says_where_and_makes_nothing() {
    let test = Test::new().await;
    let core = &test.core;
    type Spoil = fn(&mut Setup);
    let cases: [(&str, Spoil); 6] = [
        ("code", |form| form.code = "0000-0000".to_owned()),
        ("email", |form| form.email = "ada".to_owned()),
        ("password", |form| form.password = secret("short")),
        ("name", |form| form.name = "x".repeat(81)),
        ("project_name", |form| form.project_name = " ".to_owned()),
        ("project_slug", |form| form.project_slug = "Sea Lab".to_owned()),
    ];
    for (field, spoil) in cases {
        let mut form = setup(core);
        spoil(&mut form);
        assert_eq!(word(&set_up(core, Some(CLIENT), form).await), field);
        assert!(setup_needed(core).await.expect("asked"));
    }
}

#[tokio::test]
async fn guessing_the_setup_code_is_slowed() {
    let test = Test::new().await;
    let core = &test.core;
    let guess = || Setup { code: "0000-0000".to_owned(), ..setup(core) };
    for _ in 0..20 {
        assert_eq!(word(&set_up(core, Some(CLIENT), guess()).await), "code");
    }
    assert_eq!(word(&set_up(core, Some(CLIENT), setup(core)).await), "TooMany");
    test.clock.advance(Duration::from_secs(1));
    assert_eq!(word(&set_up(core, Some(CLIENT), setup(core)).await), "Ok");
}

#[tokio::test]
async fn me_is_for_people() {
    let test = Test::new().await;
    let (project, _) = test.project("acme").await;
    test.project("zulu").await;
    let ada = test.member(project, "ada@example.org", relay_types::member::Role::Viewer).await;
    let slugs = async |actor: &Actor| -> Vec<String> {
        let me = me(&test.core, actor).await.expect("me");
        me.projects.into_iter().map(|link| link.slug.to_string()).collect()
    };
    assert_eq!(slugs(&ada).await, ["acme"]);
    assert_eq!(slugs(&test.operator("op@example.org").await).await, ["acme", "zulu"]);
    assert_eq!(word(&me(&test.core, &Actor::Anonymous { client: None }).await), "SignedOut");
    assert_eq!(word(&me(&test.core, &service_account(project)).await), "Forbidden");
    assert_eq!(word(&me(&test.core, &Actor::System).await), "Forbidden");
}

#[tokio::test]
async fn only_operators_see_and_change_people() {
    let test = Test::new().await;
    let core = &test.core;
    let (project, _) = test.project("acme").await;
    let ada = test.user("ada@example.org").await;
    let anonymous = Actor::Anonymous { client: Some(CLIENT) };
    for (actor, expected) in [
        (&anonymous, "SignedOut"),
        (&ada, "Forbidden"),
        (&service_account(project), "Forbidden"),
        (&network(project), "Forbidden"),
    ] {
        assert_eq!(word(&list(core, actor).await), expected);
        assert_eq!(word(&set_operator(core, actor, id_of(&ada), true).await), expected);
        assert_eq!(word(&set_desk(core, actor, id_of(&ada), true).await), expected);
        assert_eq!(word(&set_disabled(core, actor, id_of(&ada), true).await), expected);
        let email = EmailAddress::parse("x@example.org").expect("an address");
        assert_eq!(word(&create_operator(core, actor, email, secret(NEW)).await), expected);
    }
    let operator = test.operator("op@example.org").await;
    let email = EmailAddress::parse("x@example.org").expect("an address");
    assert_eq!(word(&create_operator(core, &operator, email, secret(NEW)).await), "Forbidden", "command line only");
    assert_eq!(word(&set_operator(core, &operator, core.new_id(), true).await), "NotFound");
    assert_eq!(word(&set_desk(core, &operator, core.new_id(), true).await), "NotFound");
    assert_eq!(word(&set_disabled(core, &operator, core.new_id(), true).await), "NotFound");
    test.join(project, &ada, relay_types::member::Role::Viewer).await;
    let people = list(core, &operator).await.expect("people");
    let shown: Vec<_> = people.iter().map(|user| (user.email.to_string(), user.operator, user.projects)).collect();
    assert_eq!(shown, [("ada@example.org".to_owned(), false, 1), ("op@example.org".to_owned(), true, 0)]);
}

#[tokio::test]
async fn the_last_operator_stays_one() {
    let test = Test::new().await;
    let core = &test.core;
    let first = test.operator("first@example.org").await;
    assert_eq!(word(&set_operator(core, &first, id_of(&first), false).await), "Conflict");
    assert_eq!(word(&set_disabled(core, &Actor::System, id_of(&first), true).await), "Conflict");
    assert_eq!(word(&set_disabled(core, &first, id_of(&first), true).await), "Conflict", "oneself");
    let second = test.operator("second@example.org").await;
    set_disabled(core, &first, id_of(&second), true).await.expect("locked");
    assert_eq!(
        word(&set_operator(core, &first, id_of(&first), false).await),
        "Conflict",
        "a locked one does not count"
    );
    set_disabled(core, &first, id_of(&second), false).await.expect("unlocked");
    assert_eq!(word(&set_operator(core, &first, id_of(&first), false).await), "Ok");
    assert_eq!(word(&set_operator(core, &second, id_of(&first), true).await), "Ok");
}

#[tokio::test]
async fn two_operators_cannot_take_each_others_rights() {
    let test = Test::new().await;
    let core = &test.core;
    let a = test.operator("a@example.org").await;
    let b = test.operator("b@example.org").await;
    let (x, y) = tokio::join!(set_operator(core, &a, id_of(&b), false), set_operator(core, &b, id_of(&a), false));
    assert_eq!([word(&x), word(&y)].iter().filter(|word| **word == "Ok").count(), 1, "{} {}", word(&x), word(&y));
    let left = list(core, &Actor::System).await.expect("people").into_iter().filter(|user| user.operator).count();
    assert_eq!(left, 1);
}

#[tokio::test]
async fn the_command_line_makes_and_mends_operators() {
    let test = Test::new().await;
    let core = &test.core;
    let email = || EmailAddress::parse("ada@example.org").expect("an address");
    assert_eq!(word(&create_operator(core, &Actor::System, email(), secret("short")).await), "password");
    let id = create_operator(core, &Actor::System, email(), secret(OLD)).await.expect("made");
    let ada = crate::sign_in::actor(core, id, None, None).await.expect("an actor");
    let session = test.session(&ada).await;
    set_operator(core, &test.operator("op@example.org").await, id, false).await.expect("taken");
    set_disabled(core, &Actor::System, id, true).await.expect("locked");
    assert_eq!(create_operator(core, &Actor::System, email(), secret(NEW)).await.expect("mended"), id);
    assert_eq!(crate::sign_in::sign_in(core, None, "ada@example.org", secret(NEW)).await.expect("signed in"), id);
    assert!(!test.is_open(&session).await);
    assert!(list(core, &Actor::System).await.expect("people").iter().all(|user| user.operator && !user.disabled));
}

#[tokio::test]
async fn a_lock_ends_sessions() {
    let test = Test::new().await;
    let operator = test.operator("op@example.org").await;
    let ada = test.user("ada@example.org").await;
    let (hers, his) = (test.session(&ada).await, test.session(&operator).await);
    set_disabled(&test.core, &operator, id_of(&ada), true).await.expect("locked");
    assert!(!test.is_open(&hers).await);
    assert!(test.is_open(&his).await);
}

#[tokio::test]
async fn changing_the_password_asks_for_the_current_one_and_ends_other_sessions() {
    let test = Test::new().await;
    let core = &test.core;
    let ada = test.user_with_password("ada@example.org", OLD).await;
    let (this, other) = (test.session(&ada).await, test.session(&ada).await);
    for (current, new, field) in [
        ("wrong", NEW, "current_password"),
        (OLD, "short", "new_password"),
        (OLD, "ada@example.org", "new_password"),
        (OLD, OLD, "new_password"),
    ] {
        let result = change_password(core, &ada, secret(current), secret(new), Some(&this)).await;
        assert_eq!(word(&result), field, "{current} {new}");
    }
    assert!(test.is_open(&other).await);
    change_password(core, &ada, secret(OLD), secret(NEW), Some(&this)).await.expect("changed");
    assert!(test.is_open(&this).await);
    assert!(!test.is_open(&other).await);
    assert_eq!(word(&crate::sign_in::sign_in(core, None, "ada@example.org", secret(OLD)).await), "Forbidden");
    assert_eq!(word(&crate::sign_in::sign_in(core, None, "ada@example.org", secret(NEW)).await), "Ok");
    let mails = test.mails_to("ada@example.org").await;
    assert!(mails[0].contains("Subject: Your Relaykeep password was changed"), "{}", mails[0]);
    let entries = audit::list_all(core, &Actor::System, &Default::default()).await.expect("entries").items;
    assert!(entries.iter().all(|entry| !format!("{entry:?}").contains("boat")), "no secret in the audit trail");
}

#[tokio::test]
async fn only_people_have_a_password_to_change() {
    let test = Test::new().await;
    let (project, _) = test.project("acme").await;
    let change = async |actor: &Actor| change_password(&test.core, actor, secret(OLD), secret(NEW), None).await;
    assert_eq!(word(&change(&Actor::Anonymous { client: None }).await), "SignedOut");
    assert_eq!(word(&change(&service_account(project)).await), "Forbidden");
    assert_eq!(word(&change(&network(project)).await), "Forbidden");
    assert_eq!(word(&change(&Actor::System).await), "Forbidden");
    assert_eq!(word(&change(&test.user("ada@example.org").await).await), "current_password");
}

#[tokio::test]
async fn guessing_the_current_password_is_slowed() {
    let test = Test::new().await;
    let ada = test.user_with_password("ada@example.org", OLD).await;
    let guess = async |current: &str| change_password(&test.core, &ada, secret(current), secret(NEW), None).await;
    for _ in 0..5 {
        assert_eq!(word(&guess("wrong").await), "current_password");
    }
    assert_eq!(word(&guess(OLD).await), "TooMany");
}

#[tokio::test]
async fn a_reset_link_sets_the_password_once_and_ends_sessions() {
    let test = Test::new().await;
    let core = &test.core;
    let ada = test.user_with_password("ada@example.org", OLD).await;
    let session = test.session(&ada).await;
    request_password_reset(core, Some(CLIENT), " Ada@example.org ").await.expect("asked");
    let token = test.token_mailed_to("ada@example.org").await;
    assert!(reset_link_is_good(core, &token).await.expect("asked"));
    assert_eq!(word(&reset_password(core, &token, secret("short")).await), "password");
    assert!(reset_link_is_good(core, &token).await.expect("asked"), "a refused password does not use it up");
    let (a, b) = tokio::join!(reset_password(core, &token, secret(NEW)), reset_password(core, &token, secret(NEW)));
    assert!(a.is_ok() != b.is_ok(), "{} {}", word(&a), word(&b));
    assert!(!reset_link_is_good(core, &token).await.expect("asked"));
    assert!(!test.is_open(&session).await);
    assert_eq!(word(&crate::sign_in::sign_in(core, None, "ada@example.org", secret(NEW)).await), "Ok");
}

#[tokio::test]
async fn a_reset_link_dies_with_time_a_newer_one_and_a_lock() {
    let test = Test::new().await;
    let core = &test.core;
    let operator = test.operator("op@example.org").await;
    let ada = test.user_with_password("ada@example.org", OLD).await;
    let asked = async || {
        request_password_reset(core, None, "ada@example.org").await.expect("asked");
        test.token_mailed_to("ada@example.org").await
    };
    let first = asked().await;
    let second = asked().await;
    assert!(!reset_link_is_good(core, &first).await.expect("asked"));
    test.clock.advance(Duration::from_secs(3600));
    assert!(!reset_link_is_good(core, &second).await.expect("asked"));
    assert_eq!(word(&reset_password(core, &second, secret(NEW)).await), "NotFound");
    let third = asked().await;
    set_disabled(core, &operator, id_of(&ada), true).await.expect("locked");
    assert_eq!(word(&reset_password(core, &third, secret(NEW)).await), "NotFound");
}

#[tokio::test]
async fn a_reset_request_tells_nothing_and_is_slowed() {
    let test = Test::new().await;
    let core = &test.core;
    for _ in 0..3 {
        assert_eq!(word(&request_password_reset(core, Some(CLIENT), "nobody@example.org").await), "Ok");
    }
    assert!(test.mails_to("nobody@example.org").await.is_empty());
    assert_eq!(word(&request_password_reset(core, Some(CLIENT), "nobody@example.org").await), "TooMany");
    assert_eq!(word(&request_password_reset(core, Some(CLIENT), "nobody").await), "email");
}

#[tokio::test]
async fn the_service_desk_is_given_with_the_password_and_taken_without() {
    let test = Test::new().await;
    let core = &test.core;
    let (operator, ada) = (test.operator("op@example.org").await, test.user("ada@example.org").await);
    let id = id_of(&ada);
    let actor = async || crate::sign_in::actor(core, id, None, Some(core.now())).await.expect("an actor");
    let desk = async || me(core, &actor().await).await.expect("me").desk;
    set_desk(core, &operator, id, true).await.expect("given");
    set_desk(core, &operator, id, true).await.expect("the same again");
    assert!(desk().await);
    assert_eq!(word(&set_desk(core, &actor().await, id, true).await), "Forbidden", "the desk makes nobody one of it");
    assert_eq!(word(&set_operator(core, &actor().await, id, true).await), "Forbidden");
    assert!(list(core, &operator).await.expect("people").iter().any(|user| user.desk && !user.operator));
    test.clock.advance(Duration::from_secs(3_600));
    assert_eq!(word(&set_desk(core, &operator, id, true).await), "password");
    set_desk(core, &operator, id, false).await.expect("taken");
    assert!(!desk().await);
    assert_eq!(
        test.audited().await,
        ["op@example.org user.set_desk ada@example.org", "op@example.org user.set_desk ada@example.org"]
    );
}
