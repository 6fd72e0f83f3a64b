use super::*;
use crate::{
    service_accounts,
    submission::{self, Arrival, Submission, kept::Origin},
    test_support::{Test, word},
};
use relay_types::{
    ReversePath,
    limit::Limits,
    member::Role,
    project::ProjectId,
    service_account::{AllowedSenders, ServiceAccountSettings},
};
use std::time::Duration;

async fn mail(test: &Test, project: ProjectId, subject: &str, to: &str) -> MessageId {
    let submission = Submission {
        arrival: Arrival::Portal,
        reverse_path: ReversePath::parse("bounce@d.example").expect("a reverse-path"),
        recipients: vec![EmailAddress::parse(to).expect("an address")],
        terms: Default::default(),
        smtputf8: false,
        content: format!("From: Shop <shop@d.example>\r\nMessage-ID: <{subject}@d.example>\r\nSubject: {subject} 100% off\r\n\r\nx\r\n")
            .into_bytes().into(),
    };
    let origin = Origin { source: "portal", id: None, label: "test".to_owned() };
    let accepted = submission::accept_judged(&test.core, Some(project), origin, submission).await.expect("a verdict");
    test.clock.advance(Duration::from_secs(1));
    accepted.expect("accepted")
}

async fn account(test: &Test, project: &Slug, label: &str) -> ServiceAccountId {
    let settings = ServiceAccountSettings {
        label: label.to_owned(),
        expires_at: None,
        allowed_cidrs: Vec::new(),
        allowed_senders: AllowedSenders::All,
        default_sender: None,
        may_notify: false,
        cut_through: false,
        limits: Limits::default(),
    };
    service_accounts::create(&test.core, &Actor::System, project, settings).await.expect("an account").0
}

async fn messages(test: &Test, actor: &Actor, typed: &str) -> Vec<MessageId> {
    let found = search(&test.core, actor, typed).await.expect("an answer");
    found.messages.into_iter().map(|message| message.id).collect()
}

#[tokio::test]
async fn a_message_is_found_by_id_message_id_address_and_words_newest_first() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let viewer = test.member(project, "viewer@e.example", Role::Viewer).await;
    let old = mail(&test, project, "Spring", "Ann@e.example").await;
    let new = mail(&test, project, "Autumn", "bob@e.example").await;
    for (typed, expected) in [
        (old.to_string(), vec![old]),
        (old.to_string().to_lowercase(), vec![old]),
        ("Spring@d.example".to_owned(), vec![old]),
        ("<Spring@d.example>".to_owned(), vec![old]),
        ("ann@E.example".to_owned(), vec![old]),
        ("SPRING".to_owned(), vec![old]),
        ("off spring".to_owned(), vec![old]),
        ("100% off".to_owned(), vec![new, old]),
        ("shop@d.example".to_owned(), vec![new, old]),
        ("Shop".to_owned(), vec![new, old]),
        ("1%0".to_owned(), vec![]),
        ("winter".to_owned(), vec![]),
        ("x".to_owned(), vec![]),
        ("  ".to_owned(), vec![]),
        ("\u{0}'\"%_\\".to_owned(), vec![]),
    ] {
        assert_eq!(messages(&test, &viewer, &typed).await, expected, "{typed:?}");
    }
    let found = search(&test.core, &viewer, "spring").await.expect("an answer").messages.remove(0);
    assert_eq!((found.project, found.subject.as_str()), (slug, "Spring 100% off"));
    assert_eq!(found.first_recipient.to_string(), "Ann@e.example");
}

#[tokio::test]
async fn an_account_is_found_by_label_and_user_name_until_it_is_removed() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let viewer = test.member(project, "viewer@e.example", Role::Viewer).await;
    let id = account(&test, &slug, "Web shop").await;
    let found = search(&test.core, &viewer, "SHOP").await.expect("an answer").service_accounts.remove(0);
    assert_eq!((found.id, found.label.as_str(), found.project), (id, "Web shop", slug.clone()));
    let by_name = search(&test.core, &viewer, &found.username).await.expect("an answer");
    assert_eq!(by_name.service_accounts.len(), 1);
    service_accounts::remove(&test.core, &Actor::System, &slug, id).await.expect("removed");
    assert!(search(&test.core, &viewer, "shop").await.expect("an answer").service_accounts.is_empty());
}

#[tokio::test]
async fn only_what_the_person_may_see_is_found() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let cast = test.cast(project, &slug).await;
    let id = mail(&test, project, "Spring", "ann@e.example").await;
    account(&test, &slug, "spring cleaning").await;
    let everything = ["spring", "ann@e.example", "Spring@d.example", &id.to_string()];
    for typed in everything {
        for (actor, expected) in [
            (&cast.viewer, "Ok"),
            (&cast.operator, "Ok"),
            (&cast.anonymous, "SignedOut"),
            (&cast.service_account, "Forbidden"),
            (&cast.foreign_service_account, "Forbidden"),
            (&cast.network, "Forbidden"),
        ] {
            let answer = search(&test.core, actor, typed).await;
            assert_eq!(word(&answer), expected, "{actor:?} {typed}");
            assert!(answer.is_err() || answer.is_ok_and(|found| found.messages.len() == 1), "{actor:?} {typed}");
        }
        let outside = search(&test.core, &cast.outsider, typed).await.expect("an answer");
        assert_eq!(outside, Found::default(), "{typed}");
    }
    let of_nobody = test.user("nobody@e.example").await;
    assert_eq!(search(&test.core, &of_nobody, "spring").await.expect("an answer"), Found::default());
}

#[tokio::test]
async fn a_few_are_found_of_many() {
    let test = Test::new().await;
    let (project, _) = test.project("physics").await;
    let viewer = test.member(project, "viewer@e.example", Role::Viewer).await;
    let mut ids = Vec::new();
    for _ in 0..MESSAGES + 2 {
        ids.push(mail(&test, project, "Spring", "ann@e.example").await);
    }
    ids.reverse();
    for typed in ["spring", "ann@e.example", "Spring@d.example"] {
        assert_eq!(messages(&test, &viewer, typed).await, ids[..MESSAGES], "{typed}");
    }
}
