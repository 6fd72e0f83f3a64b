use super::*;
use crate::{
    Access, Error,
    policy::{self, NewSoFar, Rejection},
    projects, service_accounts,
    submission::{self, Arrival, Submission},
    test_support::{Test, signed_in, word},
};
use relay_types::{
    EmailAddress, ReversePath,
    limit::{LimitPeriod, NearLimit},
    member::Role,
    project::{ProjectId, Slug},
    refusal::Rule,
    service_account::ServiceAccountSettings,
};

const FROM: &str = "app@lab.example";

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect(text)
}

/// A project with a sender, and a network of it.
async fn lab(test: &Test, slug: &str) -> (ProjectId, Slug, Actor) {
    let (id, slug) = test.project(slug).await;
    crate::senders::mark_verified(&test.core, &Actor::System, &slug, FROM).await.expect("a sender");
    // Its own: no two projects have the same last 32 bits of their identifiers.
    let own = id.uuid().as_u128() as u32;
    let block = format!("2001:db8:{:x}:{:x}::/64", own >> 16, own & 0xffff);
    let block = relay_types::Cidr::parse(&block).expect("a block");
    let network = crate::networks::add(&test.core, &Actor::System, &slug, block, "lab").await.expect("a network");
    (id, slug, Actor::TrustedNetwork { id: network, project_id: id, label: "lab".to_owned() })
}

/// Hands a message in, without asking at RCPT: as one who asked when there was room.
async fn hand_in(core: &Core, actor: &Actor, to: &[&str]) -> std::result::Result<(), Rejection> {
    let submission = Submission {
        arrival: Arrival::Portal,
        reverse_path: ReversePath::Address(address(FROM)),
        recipients: to.iter().map(|text| address(text)).collect(),
        terms: Default::default(),
        smtputf8: false,
        content: format!("From: {FROM}\r\n\r\nbody\r\n").into_bytes().into(),
    };
    submission::accept(core, actor, submission).await.expect("a verdict").map(|_| ())
}

async fn rcpt(core: &Core, actor: &Actor, to: &str) -> std::result::Result<(), Rejection> {
    policy::judge_rcpt(core, actor, &address(to), 0, &mut NewSoFar::default()).await.expect("a verdict")
}

/// Another node on the same database.
async fn another_node(test: &Test) -> Core {
    let resolver = relay_dns::Resolver::fixed(Default::default());
    Core::open(test.core.config.clone(), resolver, test.clock.clone()).await.expect("a second node")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn transactions_side_by_side_on_two_nodes_never_exceed_a_limit() {
    let test = Test::new().await;
    let (id, slug, network) = lab(&test, "lab").await;
    let limits = Limits { per_hour: Some(25), ..Limits::default() };
    projects::set_limits(&test.core, &Actor::System, &slug, limits).await.expect("set");
    let other = another_node(&test).await;
    // Each has asked at RCPT while there was room.
    for core in [&test.core, &other] {
        assert_eq!(rcpt(core, &network, "to@example.net").await, Ok(()));
    }
    let all = (0..80).map(|number| {
        let (core, network) = (if number % 2 == 0 { test.core.clone() } else { other.clone() }, network.clone());
        tokio::spawn(async move { hand_in(&core, &network, &["a@example.net", "b@example.net"]).await })
    });
    let verdicts: Vec<_> =
        futures_util::future::join_all(all).await.into_iter().map(|one| one.expect("ended")).collect();
    let taken = verdicts.iter().filter(|verdict| verdict.is_ok()).count();
    assert_eq!(taken, 12, "25 recipients are 12 messages to two");
    let (hour, day) = used(&other, id.uuid()).await.expect("counts");
    assert_eq!((hour, day), (24, 24));
    let over = verdicts.into_iter().find_map(|verdict| verdict.err()).expect("a refusal");
    assert_eq!((over.rule, over.detail.as_deref()), (Rule::Limit, Some("Over the limit of the project")));
    assert!(over.wait.is_some_and(|wait| (1..=3_600).contains(&wait)), "{over:?}");
    // The one that is left is for who needs one.
    assert_eq!(hand_in(&other, &network, &["a@example.net"]).await, Ok(()));
    assert!(rcpt(&test.core, &network, "to@example.net").await.is_err(), "also on the first node");
}

#[tokio::test]
async fn new_recipients_are_counted_once_and_those_of_before_are_not_new() {
    let test = Test::new().await;
    let (id, slug, network) = lab(&test, "lab").await;
    let (_, _, neighbour) = lab(&test, "other").await;
    let core = &test.core;
    hand_in(core, &network, &["old@example.net"]).await.expect("without a limit");
    hand_in(core, &neighbour, &["theirs@example.net"]).await.expect("another's recipient");
    let limits = Limits { new_per_day: Some(3), ..Limits::default() };
    projects::set_limits(core, &Actor::System, &slug, limits).await.expect("set");
    hand_in(core, &network, &["Old@example.net", "one@example.net", "ONE@example.net"]).await.expect("one is new");
    test.clock.advance(Duration::from_secs(600));
    hand_in(core, &network, &["one@example.net", "two@example.net", "theirs@example.net"]).await.expect("two are new");
    let over = hand_in(core, &network, &["one@example.net", "three@example.net"]).await.expect_err("one too many");
    assert_eq!((over.rule, over.detail.as_deref()), (Rule::Limit, Some(OVER_NEW)));
    assert_eq!(over.wait, Some(86_400 - 600));
    let asked = rcpt(core, &network, "three@example.net").await.expect_err("in the session, too");
    assert_eq!((asked.wait, asked.address.as_deref()), (over.wait, Some("three@example.net")));
    assert_eq!(rcpt(core, &network, "Two@example.net").await, Ok(()), "known ones are taken");
    assert_eq!(rcpt(core, &neighbour, "three@example.net").await, Ok(()), "the limit is the project's");
    test.clock.advance(Duration::from_secs(86_400 - 600));
    assert_eq!(hand_in(core, &network, &["three@example.net"]).await, Ok(()));
    assert!(hand_in(core, &network, &["four@example.net"]).await.is_err(), "three within a day again");
    assert_eq!(new_recipients::used(core.db.read(), id.uuid(), core.now(), 10).await.expect("a count"), 3);
}

/// Each of them would fit alone; the message as a whole never would, so its program could try for ever.
#[tokio::test]
async fn new_recipients_of_one_transaction_are_counted_together_at_rcpt() {
    let test = Test::new().await;
    let (_, slug, network) = lab(&test, "lab").await;
    let core = &test.core;
    hand_in(core, &network, &["old@example.net"]).await.expect("without a limit");
    let limits = Limits { per_hour: Some(100), new_per_day: Some(3), ..Limits::default() };
    projects::set_limits(core, &Actor::System, &slug, limits).await.expect("set");
    let mut new = NewSoFar::default();
    let mut taken = Vec::new();
    let mut refused = Vec::new();
    let to = ["a@example.net", "A@example.net", "old@example.net", "b@example.net", "c@example.net", "d@example.net"];
    for (number, to) in to.into_iter().chain(["c@Example.net", "old@example.net", "e@example.net"]).enumerate() {
        let verdict = policy::judge_rcpt(core, &network, &address(to), taken.len(), &mut new).await;
        match verdict.expect("a verdict") {
            Ok(()) => taken.push(to),
            Err(rejection) => refused.push((number, rejection.detail, rejection.wait)),
        }
    }
    let over = Some(OVER_NEW.to_owned());
    assert_eq!(refused, [(5, over.clone(), Some(86_400)), (8, over, Some(86_400))]);
    taken.sort_unstable();
    taken.dedup_by_key(|to| address(to).key());
    assert_eq!(taken.len(), 4);
    assert_eq!(hand_in(core, &network, &taken).await, Ok(()), "what was taken at RCPT fits");
    // A refusal by another limit takes no room.
    let tight = Limits { per_hour: Some(0), new_per_day: Some(4), ..Limits::default() };
    projects::set_limits(core, &Actor::System, &slug, tight).await.expect("set");
    let mut new = NewSoFar::default();
    let asked = policy::judge_rcpt(core, &network, &address("f@example.net"), 0, &mut new).await.expect("a verdict");
    assert_eq!(asked.expect_err("no room").detail.as_deref(), Some("Over the limit of the project"));
    projects::set_limits(core, &Actor::System, &slug, Limits { per_hour: None, ..tight }).await.expect("set");
    let asked = policy::judge_rcpt(core, &network, &address("g@example.net"), 0, &mut new).await.expect("a verdict");
    assert_eq!(asked, Ok(()));
}

#[tokio::test]
async fn the_platforms_default_of_new_recipients_holds_for_projects_without_their_own() {
    let test = Test::new().await;
    let (_, slug, network) = lab(&test, "lab").await;
    let core = &test.core;
    let default = Limits { new_per_day: Some(1), ..Limits::default() };
    set_of_platform(core, &Actor::System, default).await.expect("set");
    assert_eq!(hand_in(core, &network, &["one@example.net"]).await, Ok(()));
    assert!(hand_in(core, &network, &["two@example.net"]).await.is_err());
    let own = Limits { new_per_day: Some(5), ..Limits::default() };
    projects::set_limits(core, &Actor::System, &slug, own).await.expect("set");
    assert_eq!(hand_in(core, &network, &["two@example.net"]).await, Ok(()));
}

#[tokio::test]
async fn the_platforms_limit_is_the_sum_of_its_projects_within_a_second() {
    let test = Test::new().await;
    let (_, _, network) = lab(&test, "lab").await;
    let (_, _, neighbour) = lab(&test, "other").await;
    let other = another_node(&test).await;
    let limits = Limits { per_hour: Some(3), ..Limits::default() };
    set_of_platform(&test.core, &Actor::System, limits).await.expect("set");
    test.clock.advance(Duration::from_secs(1));
    hand_in(&test.core, &network, &["a@example.net", "b@example.net"]).await.expect("two");
    test.clock.advance(Duration::from_secs(1));
    assert_eq!(rcpt(&other, &neighbour, "c@example.net").await, Ok(()));
    hand_in(&other, &neighbour, &["c@example.net"]).await.expect("the third");
    test.clock.advance(Duration::from_secs(1));
    for core in [&test.core, &other] {
        let over = rcpt(core, &network, "d@example.net").await.expect_err("a refusal");
        assert_eq!((over.rule, over.detail.as_deref()), (Rule::Limit, Some("Over the limit of the platform")));
        assert!(over.wait.is_some_and(|wait| (1..=3_600).contains(&wait)));
    }
    let usage = of_platform(&test.core, &Actor::System).await.expect("the use");
    assert_eq!((usage.limits, usage.last_hour, usage.last_day), (limits, 3, 3));
    assert!(test.audited().await.iter().any(|line| line.contains("platform.set_limits")));
    assert!(!set_of_platform(&test.core, &Actor::System, limits).await.expect("again"), "nothing changes");
    let too_large = Limits { per_day: Some(u32::MAX), ..Limits::default() };
    assert_eq!(word(&set_of_platform(&test.core, &Actor::System, too_large).await), "per_day");
}

#[tokio::test]
async fn people_are_warned_at_four_fifths_and_at_all_once_in_the_period() {
    let test = Test::new().await;
    let (id, slug, network) = lab(&test, "lab").await;
    let core = &test.core;
    test.member(id, "owner@example.org", Role::Owner).await;
    test.operator("op@example.org").await;
    let limits = Limits { per_hour: Some(10), ..Limits::default() };
    projects::set_limits(core, &Actor::System, &slug, limits).await.expect("set");
    let warned = async || warn(core, &Actor::System).await.expect("asked");
    let shown = async || near(core, id).await.expect("limits");
    let seven: Vec<String> = (0..7).map(|number| format!("u{number}@example.net")).collect();
    hand_in(core, &network, &seven.iter().map(String::as_str).collect::<Vec<_>>()).await.expect("seven");
    assert_eq!((warned().await, shown().await.len()), (0, 0));
    hand_in(core, &network, &["x@example.net"]).await.expect("the eighth");
    let expected = NearLimit { account: None, period: LimitPeriod::Hour, used: 8, limit: 10 };
    assert_eq!(shown().await, [expected]);
    // Two nodes look at the same moment.
    let other = another_node(&test).await;
    let (here, there) = tokio::join!(warn(core, &Actor::System), warn(&other, &Actor::System));
    assert_eq!(here.expect("asked") + there.expect("asked"), 1);
    assert_eq!(warned().await, 0);
    hand_in(core, &network, &["y@example.net", "z@example.net"]).await.expect("all");
    assert_eq!((warned().await, warned().await), (1, 0));
    let mails = test.mails_to("owner@example.org").await;
    assert_eq!(mails.len(), 2, "{mails:?}");
    assert!(mails.iter().any(|mail| mail.contains("Subject: 80% of a limit") && mail.contains("8 of 10 recipients")));
    assert!(mails.iter().any(|mail| mail.contains("Subject: 100% of a limit") && mail.contains("/p/lab/settings")));
    // It falls below and rises again within the hour: nobody hears of it. After the hour it is told again.
    projects::set_limits(core, &Actor::System, &slug, Limits { per_hour: Some(100), ..limits }).await.expect("set");
    assert_eq!(warned().await, 0);
    projects::set_limits(core, &Actor::System, &slug, Limits { per_hour: Some(12), ..limits }).await.expect("set");
    assert_eq!(warned().await, 0);
    test.clock.advance(Duration::from_secs(3_661));
    assert_eq!(warned().await, 0, "nothing is used any more");
    let ten: Vec<String> = (0..10).map(|number| format!("v{number}@example.net")).collect();
    hand_in(core, &network, &ten.iter().map(String::as_str).collect::<Vec<_>>()).await.expect("ten");
    assert_eq!(warned().await, 1);
    set_of_platform(core, &Actor::System, Limits { per_day: Some(20), ..Limits::default() }).await.expect("set");
    assert_eq!(warned().await, 1);
    let of_operator = test.mails_to("op@example.org").await;
    assert!(of_operator.len() == 1 && of_operator[0].contains("the platform"), "{of_operator:?}");
}

#[tokio::test]
async fn the_limit_of_an_account_is_warned_of_by_the_accounts_name() {
    let test = Test::new().await;
    let (project, slug, network) = lab(&test, "lab").await;
    let core = &test.core;
    test.member(project, "owner@example.org", Role::Owner).await;
    let limits = Limits { per_hour: Some(10), ..Limits::default() };
    let settings = ServiceAccountSettings { limits, ..service_accounts::tests::settings("app") };
    let (id, _) = service_accounts::create(core, &Actor::System, &slug, settings).await.expect("an account");
    let account = signed_in(core, project, &slug, id).await;
    let warned = async || warn(core, &Actor::System).await.expect("asked");
    let shown = async || near(core, project).await.expect("limits");
    // What others of the project send is not the account's.
    hand_in(core, &network, &["n@example.net"]).await.expect("the network's");
    let seven: Vec<String> = (0..7).map(|number| format!("u{number}@example.net")).collect();
    hand_in(core, &account, &seven.iter().map(String::as_str).collect::<Vec<_>>()).await.expect("seven");
    assert_eq!((warned().await, shown().await.len()), (0, 0));
    hand_in(core, &account, &["x@example.net"]).await.expect("the eighth");
    let expected = NearLimit { account: Some("app".to_owned()), period: LimitPeriod::Hour, used: 8, limit: 10 };
    assert_eq!((shown().await, expected.level()), (vec![expected], 80));
    assert_eq!((warned().await, warned().await), (1, 0));
    hand_in(core, &account, &["y@example.net", "z@example.net"]).await.expect("all");
    assert_eq!((warned().await, warned().await), (1, 0));
    let mails = test.mails_to("owner@example.org").await;
    assert_eq!(mails.len(), 2, "{mails:?}");
    let whose = "the service account app of the project lab.";
    for parts in [
        ["Subject: 80% of a limit", "8 of 10 recipients", whose],
        ["Subject: 100% of a limit", "10 of 10 recipients", whose],
    ] {
        assert!(mails.iter().any(|mail| parts.iter().all(|part| mail.contains(*part))), "{parts:?}: {mails:?}");
    }
}

#[tokio::test]
async fn only_operators_see_and_set_the_platforms_limits() {
    let test = Test::new().await;
    let (id, slug) = test.project("lab").await;
    let cast = test.cast(id, &slug).await;
    for (actor, refusal) in cast.refused(Access::Operate) {
        // The platform is no secret, so a stranger to the project is refused, not sent away.
        let refusal = if refusal == "NotFound" { "Forbidden" } else { refusal };
        assert_eq!(word(&of_platform(&test.core, actor).await), refusal, "{actor:?}");
        assert_eq!(word(&set_of_platform(&test.core, actor, Limits::default()).await), refusal, "{actor:?}");
        assert_eq!(word(&warn(&test.core, actor).await), refusal, "{actor:?}");
    }
    assert!(matches!(warn(&test.core, &cast.operator).await, Err(Error::Forbidden)));
}

#[test]
fn the_wait_ends_when_enough_has_left_the_window() {
    let at = |minutes: u64, count| (Timestamp(0).plus(Duration::from_secs(minutes * 60)), count);
    let now = Timestamp(0).plus(Duration::from_secs(30 * 60 + 10));
    for (counts, limit, more, wait) in [
        (vec![], 10, 1, None),
        (vec![at(0, 9)], 10, 1, None),
        (vec![at(0, 10)], 10, 1, Some(29 * 60 + 50)),
        (vec![at(0, 1), at(5, 9)], 10, 1, Some(29 * 60 + 50)),
        (vec![at(0, 1), at(5, 9)], 10, 2, Some(34 * 60 + 50)),
        (vec![at(0, 3)], 0, 1, Some(3_600)),
        (vec![], 0, 1, Some(3_600)),
    ] {
        assert_eq!(until_room(&counts, HOUR, now, limit, more), wait, "{counts:?} {limit} {more}");
    }
}
