//! Signing in: who may, and what guessing costs.

use super::*;
use crate::projects;
use crate::test_support::{CLIENT, Test, id_of, word};
use std::time::Duration;

const RIGHT: &str = "pen lamp river four";

async fn attempt(test: &Test, client: &str, email: &str, password: &str) -> Result<UserId> {
    let client = Some(client.parse().expect("an address"));
    sign_in(&test.core, client, email, Zeroizing::new(password.to_owned())).await
}

#[tokio::test]
async fn the_right_password_signs_in_and_is_noted() {
    let test = Test::new().await;
    let ada = test.user_with_password("Ada@example.org", RIGHT).await;
    let id = attempt(&test, "192.0.2.1", " ada@EXAMPLE.org ", RIGHT).await.expect("signed in");
    assert_eq!(id, id_of(&ada));
    assert_eq!(test.audited().await, ["Ada@example.org user.sign_in Ada@example.org"]);
    let row = users::by_id(test.core.db.read(), id).await.expect("row").expect("a user");
    assert_eq!(row.last_sign_in_at, Some(test.core.now().0));
}

#[tokio::test]
async fn unknown_wrong_locked_and_without_password_look_the_same() {
    let test = Test::new().await;
    let operator = test.operator("op@example.org").await;
    test.user_with_password("ada@example.org", RIGHT).await;
    let locked = test.user_with_password("locked@example.org", RIGHT).await;
    users::set_disabled(&test.core, &operator, id_of(&locked), true).await.expect("locked");
    for (email, password) in [
        ("ada@example.org", "wrong"),
        ("ada@example.org", ""),
        ("nobody@example.org", RIGHT),
        ("locked@example.org", RIGHT),
        ("op@example.org", RIGHT),
        ("not an address", RIGHT),
    ] {
        assert_eq!(word(&attempt(&test, "192.0.2.1", email, password).await), "Forbidden", "{email} {password}");
    }
}

#[tokio::test]
async fn guessing_one_user_is_slowed_from_every_address() {
    let test = Test::new().await;
    test.user_with_password("ada@example.org", RIGHT).await;
    for n in 0..5 {
        let client = format!("192.0.2.{n}");
        assert_eq!(word(&attempt(&test, &client, "ada@example.org", "wrong").await), "Forbidden");
    }
    assert_eq!(word(&attempt(&test, "192.0.2.99", "ADA@example.org", RIGHT).await), "TooMany");
    test.clock.advance(Duration::from_secs(1));
    assert_eq!(word(&attempt(&test, "192.0.2.99", "ada@example.org", RIGHT).await), "Ok");
    assert_eq!(word(&attempt(&test, "192.0.2.99", "ada@example.org", "wrong").await), "Forbidden");
}

#[tokio::test]
async fn guessing_from_one_address_is_slowed_for_every_user() {
    let test = Test::new().await;
    test.user_with_password("ada@example.org", RIGHT).await;
    for n in 0..20 {
        let email = format!("user{n}@example.org");
        assert_eq!(word(&attempt(&test, "192.0.2.1", &email, "wrong").await), "Forbidden");
    }
    assert_eq!(word(&attempt(&test, "192.0.2.1", "ada@example.org", RIGHT).await), "TooMany");
    assert_eq!(word(&attempt(&test, "192.0.2.2", "ada@example.org", RIGHT).await), "Ok");
}

#[tokio::test]
async fn an_own_success_does_not_pay_for_guessing_at_others() {
    let test = Test::new().await;
    test.user_with_password("ada@example.org", RIGHT).await;
    for n in 0..20 {
        if n % 4 == 0 {
            assert_eq!(word(&attempt(&test, "192.0.2.1", "ada@example.org", RIGHT).await), "Ok");
        }
        let email = format!("user{n}@example.org");
        assert_eq!(word(&attempt(&test, "192.0.2.1", &email, "wrong").await), "Forbidden");
    }
    assert_eq!(word(&attempt(&test, "192.0.2.1", "ada@example.org", RIGHT).await), "TooMany");
}

#[tokio::test]
async fn the_actor_is_read_anew() {
    let test = Test::new().await;
    let operator = test.operator("op@example.org").await;
    let ada = test.user("ada@example.org").await;
    let read = || actor(&test.core, id_of(&ada), Some(CLIENT), None);
    assert!(matches!(read().await, Ok(Actor::User { operator: false, client: Some(CLIENT), .. })));
    users::set_operator(&test.core, &operator, id_of(&ada), true).await.expect("an operator");
    assert!(matches!(read().await, Ok(Actor::User { operator: true, .. })));
    users::set_disabled(&test.core, &operator, id_of(&ada), true).await.expect("locked");
    assert_eq!(word(&read().await), "SignedOut");
    users::set_disabled(&test.core, &operator, id_of(&ada), false).await.expect("unlocked");
    assert_eq!(word(&read().await), "Ok");
    assert_eq!(word(&actor(&test.core, test.core.new_id(), None, None).await), "SignedOut");
}

#[tokio::test]
async fn what_gives_power_away_is_refused_to_a_session_that_was_left_open() {
    use crate::{service_accounts, service_accounts::tests::settings};
    let test = Test::new().await;
    let (_, project) = test.project("bio").await;
    let core = &test.core;
    let known = test.user_with_password("op@example.org", RIGHT).await;
    users::set_operator(core, &Actor::System, id_of(&known), true).await.expect("an operator");
    let other = test.user_with_password("ada@example.org", RIGHT).await;
    let at = |password_at| actor(core, id_of(&known), Some(CLIENT), password_at);
    let typed = core.now();
    let (account, _) = service_accounts::create(core, &Actor::System, &project, settings("web")).await.expect("made");
    test.clock.advance(Duration::from_secs(15 * 60));
    for left_open in [at(Some(typed)).await.expect("an actor"), at(None).await.expect("an actor")] {
        let refused = [
            service_accounts::create(core, &left_open, &project, settings("two")).await.map(|_| ()),
            service_accounts::issue_secret(core, &left_open, &project, account).await.map(|_| ()),
            users::set_operator(core, &left_open, id_of(&other), true).await,
            projects::set_sandbox(core, &left_open, &project, false).await.map(|_| ()),
        ];
        for outcome in refused {
            assert!(matches!(outcome, Err(Error::Invalid { field: "password", .. })), "{outcome:?}");
        }
    }
    let left_open = at(None).await.expect("an actor");
    let wrong = confirm(core, &left_open, Zeroizing::new("wrong".to_owned())).await;
    assert!(matches!(wrong, Err(Error::Invalid { field: "password", .. })));
    let nobody = Actor::Anonymous { client: Some(CLIENT) };
    assert_eq!(word(&confirm(core, &nobody, Zeroizing::new(RIGHT.to_owned())).await), "SignedOut");
    assert_eq!(word(&recent(core, &nobody)), "SignedOut");
    let again = confirm(core, &left_open, Zeroizing::new(RIGHT.to_owned())).await.expect("confirmed");
    service_accounts::issue_secret(core, &again, &project, account).await.expect("a second secret");
    users::set_operator(core, &again, id_of(&other), true).await.expect("an operator");
    projects::set_sandbox(core, &left_open, &project, true).await.expect("into the sandbox without it");
    projects::set_sandbox(core, &again, &project, false).await.expect("out of it");
}

#[tokio::test]
async fn guessing_the_password_of_an_open_session_is_slowed() {
    let test = Test::new().await;
    let ada = test.user_with_password("ada@example.org", RIGHT).await;
    let guess = |text: &str| confirm(&test.core, &ada, Zeroizing::new(text.to_owned()));
    for _ in 0..5 {
        assert_eq!(word(&guess("wrong").await), "password");
    }
    assert_eq!(word(&guess(RIGHT).await), "TooMany");
}
