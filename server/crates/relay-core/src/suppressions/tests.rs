use super::*;
use crate::{
    policy, queue, senders,
    submission::{self, Arrival, Submission, kept::Origin},
    test_support::{Test, word},
};
use relay_types::message::Cause;
use relay_types::{
    ReversePath,
    message::{Attempt, Outcome},
    refusal::Rule,
};
use relay_types::{
    api_token::ApiScope,
    job::{Job, JobState},
    message::EventKind,
    page::PageSize,
    reply::Reply,
    suppression::SuppressionFilter,
};
use std::time::Duration;

mod import;
mod many;

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect(text)
}

async fn listed(test: &Test, project: &Slug, filter: SuppressionFilter) -> Vec<(String, String)> {
    let page = list(&test.core, &Actor::System, project, &filter).await.expect("a list");
    page.items.into_iter().map(|one| (one.address.to_string(), one.reason)).collect()
}

/// A message from a source to these recipients, and how its one attempt ended for all of them.
async fn fails(test: &Test, project: Option<ProjectId>, origin: Origin, to: &[&str], cause: Cause) -> MessageId {
    let submission = Submission {
        arrival: Arrival::Portal,
        reverse_path: ReversePath::Null,
        recipients: to.iter().map(|text| address(text)).collect(),
        terms: Default::default(),
        smtputf8: false,
        content: b"From: a@d.example\r\n\r\nbody\r\n".to_vec().into(),
    };
    let accepted = submission::accept_judged(&test.core, project, origin, submission).await.expect("a verdict");
    let id = accepted.expect("accepted");
    let claims = queue::claim(&test.core, 1_000, 1_000, &[]).await.expect("claims");
    let attempt = Attempt {
        number: 1,
        started_at: test.core.now(),
        milliseconds: 1,
        host: None,
        address: None,
        tls: None,
        passes_reports_on: false,
        dialogue: vec![],
        outcomes: vec![],
    };
    let outcomes = claims.into_iter().map(|claim| (claim, Outcome::PermFail(cause.clone()))).collect();
    queue::record(&test.core, id, attempt, outcomes).await.expect("recorded");
    id
}

fn portal() -> Origin {
    Origin { source: "portal", id: None, label: "test".to_owned() }
}

fn unknown(text: &str) -> Cause {
    Cause::Recipient(Reply::new(550, (5, 1, 1), text))
}

#[test]
fn only_a_reply_to_rcpt_that_there_is_no_such_mailbox_suppresses() {
    let said = |code, enhanced, text: &str| Cause::Recipient(Reply::new(code, enhanced, text));
    let no = |code, enhanced| said(code, enhanced, "no");
    use SuppressionKind::{Disabled, NoMail, NoMailbox};
    for (cause, kind) in [
        (no(550, (5, 1, 1)), NoMailbox),
        (no(553, (5, 1, 3)), NoMailbox),
        (no(551, (5, 1, 6)), NoMailbox),
        (no(556, (5, 1, 10)), NoMail),
        (no(550, (5, 2, 1)), Disabled),
        (
            said(550, (5, 1, 1), "<a@e.example>: Recipient address rejected: User unknown in local recipient table"),
            NoMailbox,
        ),
        (said(550, (5, 1, 1), "The email account that you tried to reach does not exist."), NoMailbox),
        (
            said(550, (5, 1, 1), "<a@e.example>: Recipient address rejected: User unknown in relay recipient table"),
            NoMailbox,
        ),
        (said(550, (5, 1, 1), "<policy@e.example>... User unknown"), NoMailbox),
        (said(550, (5, 1, 1), "RESOLVER.ADR.RecipNotFound; not found"), NoMailbox),
    ] {
        assert_eq!(says_nobody(&cause).map(|(kind, _)| kind), Some(kind), "{cause:?}");
    }
    let plain = |code| Cause::Recipient(Reply::plain(code, "User unknown"));
    let unknown = || Reply::new(550, (5, 1, 1), "No such user");
    for cause in [
        plain(550),
        plain(551),
        plain(553),
        no(550, (5, 1, 2)),
        no(550, (5, 1, 7)),
        no(550, (5, 1, 8)),
        no(552, (5, 2, 2)),
        no(554, (5, 4, 1)),
        no(550, (5, 7, 1)),
        no(550, (5, 7, 25)),
        no(550, (5, 7, 26)),
        no(450, (4, 1, 1)),
        no(450, (5, 1, 1)),
        no(450, (4, 2, 1)),
        said(550, (5, 1, 1), "Service unavailable; client host [192.0.2.1] blocked using zen.spamhaus.org"),
        said(550, (5, 1, 1), "Sender IP reverse lookup rejected: no PTR record"),
        said(550, (5, 1, 1), "Message rejected as spam"),
        said(550, (5, 2, 1), "Mailbox full"),
        said(550, (5, 1, 1), "Rejected by local policy"),
        said(550, (5, 1, 1), "No PTR for 192.0.2.1"),
        said(550, (5, 1, 1), "Connection refused by RBL"),
        said(550, (5, 1, 1), "Listed by Spamhaus"),
        said(550, (5, 1, 1), "Your IP 192.0.2.1 may not send here"),
        said(550, (5, 1, 1), "Invalid HELO"),
        said(550, (5, 1, 1), "Relaying denied"),
        said(550, (5, 1, 1), "<app@one.example>: Sender address rejected"),
        said(550, (5, 1, 1), "Too many recipients that do not exist"),
        said(550, (5, 2, 1), "Mailbox temporarily disabled"),
        Cause::Reply(unknown()),
        Cause::Dns(Reply::new(556, (5, 1, 10), "null MX")),
        Cause::Network(unknown()),
        Cause::Local(unknown()),
    ] {
        assert!(says_nobody(&cause).is_none(), "{cause:?}");
    }
}

#[tokio::test]
async fn whom_nobody_knows_is_put_onto_the_list_of_that_project_once_and_refused() {
    let test = Test::new().await;
    let (id, project) = test.project("lab").await;
    let (other, others) = test.project("other").await;
    let first =
        fails(&test, Some(id), portal(), &["Gone@e.example", "gone2@e.example"], unknown("User unknown.")).await;
    test.clock.advance(Duration::from_secs(86_400));
    fails(&test, Some(id), portal(), &["gone@e.example"], unknown("Still unknown")).await;
    let reason = "550 5.1.1 User unknown.".to_owned();
    let both = [("gone2@e.example".to_owned(), reason.clone()), ("gone@e.example".to_owned(), reason)];
    assert_eq!(listed(&test, &project, SuppressionFilter::default()).await, both);
    assert_eq!(listed(&test, &others, SuppressionFilter::default()).await, []);
    let found = of_address(&test.core, id, &address("GONE@e.example")).await.expect("a verdict").expect("listed");
    assert_eq!(found.message, Some(first));

    for (project, slug) in [(id, &project), (other, &others)] {
        senders::mark_verified(&test.core, &Actor::System, slug, "app@one.example").await.expect("a sender");
        let to = [address("other@e.example"), address("GONE@e.example")];
        let verdict = policy::judge_portal(&test.core, project, &address("app@one.example"), &to).await;
        let refused = verdict.expect("a verdict").err().map(|found| (found.rule, found.address, found.detail));
        let told = "since 2026-11-21: \"550 5.1.1 User unknown\"".to_owned();
        let expected = (Rule::SuppressedRecipient, Some("GONE@e.example".to_owned()), Some(told));
        assert_eq!(refused, (project == id).then_some(expected), "{slug}");
    }
}

#[tokio::test]
async fn an_empty_list_is_remembered_and_not_across_the_first_addition() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let gone = address("gone@e.example");
    let on_list = async || of_address(&test.core, project, &gone).await.expect("an answer").is_some();
    assert!(!on_list().await);
    fails(&test, Some(project), portal(), &["gone@e.example"], unknown("No such user")).await;
    assert!(on_list().await, "by a reply, in the same instant");
    let id = find_one(&test, &slug).await;
    remove(&test.core, &Actor::System, &slug, id).await.expect("removed");
    assert!(!on_list().await);
    add(&test.core, &Actor::System, &slug, "gone@e.example", "left", None).await.expect("added");
    assert!(on_list().await, "by a person");
}

/// The one suppression of the project.
async fn find_one(test: &Test, project: &Slug) -> SuppressionId {
    let page = list(&test.core, &Actor::System, project, &SuppressionFilter::default()).await.expect("a list");
    page.items[0].id
}

#[tokio::test]
async fn mail_of_no_program_and_other_refusals_add_to_no_list() {
    let test = Test::new().await;
    let (id, project) = test.project("lab").await;
    fails(&test, None, portal(), &["gone@e.example"], unknown("User unknown")).await;
    fails(&test, Some(id), Origin::system(), &["gone@e.example"], unknown("User unknown")).await;
    let blocked = Cause::Recipient(Reply::new(550, (5, 7, 1), "Blocked"));
    fails(&test, Some(id), portal(), &["gone@e.example"], blocked).await;
    assert_eq!(listed(&test, &project, SuppressionFilter::default()).await, []);
}

#[tokio::test]
async fn a_person_adds_finds_and_removes() {
    let test = Test::new().await;
    let (_, project) = test.project("lab").await;
    let (core, system) = (&test.core, &Actor::System);
    for (typed, reason, result) in [
        (" Left@Uni.example ", " has left ", "Ok"),
        ("left@uni.example", "again", "Conflict"),
        ("a_b@uni.example", "asked us to", "Ok"),
        ("no address", "x", "address"),
        ("x@uni.example", " ", "reason"),
        ("x@uni.example", "a\nb", "reason"),
        ("x@uni.example", &"x".repeat(201), "reason"),
    ] {
        assert_eq!(word(&add(core, system, &project, typed, reason, None).await), result, "{typed} {reason}");
    }
    let all = listed(&test, &project, SuppressionFilter::default()).await;
    let row = |address: &str, reason: &str| (address.to_owned(), reason.to_owned());
    assert_eq!(all, [row("a_b@uni.example", "asked us to"), row("left@uni.example", "has left")]);
    let search = |text: &str| SuppressionFilter { search: Some(text.to_owned()), ..Default::default() };
    assert_eq!(listed(&test, &project, search("LEFT@")).await, [row("left@uni.example", "has left")]);
    assert_eq!(listed(&test, &project, search("%")).await, []);
    assert_eq!(listed(&test, &project, search("a_b")).await.len(), 1);
    assert_eq!(listed(&test, &project, search("aXb")).await, []);
    assert_eq!(listed(&test, &project, search("@uni.example")).await.len(), 2);
    assert_eq!(listed(&test, &project, search("@UNI.example")).await.len(), 2);
    assert_eq!(listed(&test, &project, search("@other.example")).await, []);
    assert_eq!(listed(&test, &project, search("uni.example")).await, [], "an address begins otherwise");

    for number in 0..50 {
        add(core, system, &project, &format!("u{number}@uni.example"), "gone", None).await.expect("added");
    }
    let first = list(core, system, &project, &SuppressionFilter::default()).await.expect("a page");
    let after = SuppressionFilter { after: first.next.clone(), ..Default::default() };
    assert_eq!((first.items.len(), listed(&test, &project, after).await), (50, all));
    let wrong = SuppressionFilter { after: Some("x".to_owned()), ..Default::default() };
    assert_eq!(word(&list(core, system, &project, &wrong).await), "after");

    let id = first.items[0].id;
    remove(core, system, &project, id).await.expect("removed");
    assert_eq!(word(&remove(core, system, &project, id).await), "NotFound");
    assert_eq!(word(&get(core, system, &project, id).await), "NotFound");
    add(core, system, &project, "u49@uni.example", "gone again", None).await.expect("added again");
    let audited = test.audited().await;
    assert!(audited[0].contains("suppression.add") && audited[1].contains("suppression.remove"), "{audited:?}");
}

#[tokio::test]
async fn others_are_refused() {
    let test = Test::new().await;
    let (id, project) = test.project("lab").await;
    let cast = test.cast(id, &project).await;
    let listed = add(&test.core, &cast.member, &project, "gone@e.example", "left", None).await.expect("added");
    for (actor, refusal) in cast.refused(Access::View) {
        let page = list(&test.core, actor, &project, &SuppressionFilter::default()).await;
        assert_eq!(word(&page), refusal, "{actor:?}");
        assert_eq!(word(&get(&test.core, actor, &project, listed).await), refusal, "{actor:?}");
        let found = find(&test.core, actor, &project, "gone@e.example").await;
        assert_eq!(word(&found), refusal, "{actor:?}");
        let filter = SuppressionFilter::default();
        assert_eq!(word(&count(&test.core, actor, &project, &filter).await), refusal, "{actor:?}");
        assert_eq!(word(&job(&test.core, actor, &project, None).await), refusal, "{actor:?}");
    }
    for (actor, refusal) in cast.refused(Access::Manage) {
        let filter = SuppressionFilter::default();
        assert_eq!(word(&remove_chosen(&test.core, actor, &project, &[listed]).await), refusal, "{actor:?}");
        assert_eq!(word(&remove_matching(&test.core, actor, &project, &filter).await), refusal, "{actor:?}");
        let csv = "x@e.example".to_owned();
        assert_eq!(word(&begin_import(&test.core, actor, &project, csv).await), refusal, "{actor:?}");
        assert_eq!(word(&add(&test.core, actor, &project, "x@e.example", "x", None).await), refusal, "{actor:?}");
        assert_eq!(word(&remove(&test.core, actor, &project, listed).await), refusal, "{actor:?}");
        let by_address = remove_address(&test.core, actor, &project, "gone@e.example").await;
        assert_eq!(word(&by_address), refusal, "{actor:?}");
    }
    // The neighbour's owner with the id of an address that is not theirs.
    let neighbour = Slug::parse("lab-neighbour").expect("a slug");
    assert_eq!(word(&get(&test.core, &cast.outsider, &neighbour, listed).await), "NotFound");
    assert_eq!(word(&remove(&test.core, &cast.outsider, &neighbour, listed).await), "NotFound");
    let removed = remove_chosen(&test.core, &cast.outsider, &neighbour, &[listed]).await;
    assert_eq!(removed.expect("none"), 0);
    assert_eq!(count(&test.core, &cast.viewer, &project, &SuppressionFilter::default()).await.expect("one"), 1);
}

#[tokio::test]
async fn a_token_does_what_its_scopes_say_in_its_own_project() {
    let test = Test::new().await;
    let (id, project) = test.project("lab").await;
    let (_, other) = test.project("other").await;
    let token = |scopes: &[ApiScope]| Actor::ApiToken {
        id: test.core.new_id(),
        project_id: id,
        scopes: scopes.to_vec(),
        label: "owner@lab.example".to_owned(),
        client: None,
    };
    let (reads, writes) = (token(&[ApiScope::SuppressionsRead]), token(&[ApiScope::SuppressionsWrite]));
    let core = &test.core;
    let filter = SuppressionFilter::default();
    for (actor, project, may_add, may_list) in [
        (&reads, &project, "Forbidden", "Ok"),
        (&writes, &project, "Ok", "Ok"),
        (&token(&[ApiScope::DnsRead]), &project, "Forbidden", "Forbidden"),
        (&reads, &other, "NotFound", "NotFound"),
        (&writes, &other, "NotFound", "NotFound"),
    ] {
        assert_eq!(word(&add(core, actor, project, "gone@e.example", "left", None).await), may_add);
        assert_eq!(word(&list(core, actor, project, &filter).await), may_list);
    }
    let listed = find(core, &reads, &project, "Gone@e.example").await.expect("listed").id;
    assert_eq!(word(&remove(core, &reads, &project, listed).await), "Forbidden");
    assert_eq!(word(&remove_address(core, &reads, &project, "gone@e.example").await), "Forbidden");
    assert_eq!(word(&remove_address(core, &writes, &other, "gone@e.example").await), "NotFound");
    assert_eq!(word(&remove_address(core, &writes, &project, "nobody@e.example").await), "NotFound");
    assert_eq!(word(&remove(core, &writes, &project, listed).await), "Ok");
    assert_eq!(word(&find(core, &reads, &project, "gone@e.example").await), "NotFound");
    let done = ["remove", "add"].map(|verb| format!("token owner@lab.example suppression.{verb} gone@e.example"));
    assert_eq!(test.audited().await[..2], done, "no token is taken for a person");
}

#[tokio::test]
async fn two_that_add_the_same_addresses_in_another_order_do_not_end_each_other() {
    let test = Test::new().await;
    let (project, slug) = test.project("acme").await;
    let core = &test.core;
    let add = async |names: [&String; 2]| {
        let transaction = core.db.begin_aside().await.expect("a transaction");
        let rows = names.map(|name| by_hand(core, project, name, "gone", None).expect("a row"));
        add_all(&transaction, rows.into(), core.now()).await.expect("added");
        transaction.commit().await.expect("committed");
    };
    for round in 0..10 {
        let [one, other] = ["a", "b"].map(|name| format!("{name}{round}@d.example"));
        tokio::join!(add([&one, &other]), add([&other, &one]));
    }
    assert_eq!(listed(&test, &slug, SuppressionFilter::default()).await.len(), 20);
}
