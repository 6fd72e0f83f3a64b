//! What a file does, what a second run does, and what a wrong file does not do.

use super::*;
use crate::test_core::TestCore;
use relay_types::{
    service_account::{AllowedSenders, ServiceAccount},
    suppression::{Suppression, SuppressionFilter},
};

/// Every kind of thing a file knows.
const ALL: &str = "
default_domain: default.example
projects:
  - slug: one
    name: ' Project one '
    sandbox: false
    limits: { per_hour: 100, per_day: 1000, new_per_day: 50 }
    bounce_contact: hears@example.org
    route: { kind: smarthost, host: Smart.Example., port: 587, tls: starttls, username: u, password: secret }
    networks:
      - { cidr: 10.1.0.0/16, label: ' hosts ' }
      - { cidr: 10.2.0.0/16 }
    domains: [{ name: Own.example, verified: true }]
    senders:
      - { address: Ops@other.example, verified: true }
      - { address: covered@own.example }
    suppressions:
      - { address: Gone@other.example, reason: ' has left ' }
      - { address: leave@other.example, reason: on leave, expires_at: 2099-01-31T00:00:00Z }
    service_accounts:
      - label: ' web '
        expires_at: 2099-01-31T00:00:00Z
        allowed_cidrs: [10.1.2.0/24]
        allowed_senders: ['noreply+*@own.example']
        default_sender: noreply+web@own.example
        may_notify: true
        limits: { per_hour: 10, per_day: 20 }
";

fn parsed(yaml: &str) -> File {
    serde_norway::from_str(yaml).expect("a file")
}

async fn apply(test: &TestCore, yaml: &str) -> Report {
    let file = parsed(yaml);
    judge::judge(&test.core, &file).await.expect("a good file");
    let (report, outcome) = work(&test.core, &file).await;
    outcome.expect("done");
    told(&test.core, &report).await.expect("told");
    report
}

async fn refusal(test: &TestCore, yaml: &str) -> String {
    format!("{:#}", judge::judge(&test.core, &parsed(yaml)).await.expect_err("refused"))
}

async fn account(test: &TestCore) -> ServiceAccount {
    let slug = Slug::parse("one").expect("a slug");
    service_accounts::list(&test.core, &Actor::System, &slug).await.expect("the list").remove(0)
}

async fn projects_made(test: &TestCore) -> usize {
    projects::list(&test.core, &Actor::System).await.expect("the list").len()
}

#[tokio::test]
async fn a_second_run_of_everything_a_file_knows_changes_nothing() {
    let test = TestCore::new().await;
    let report = apply(&test, ALL).await;
    assert_eq!(report.issued.len(), 1);
    assert!(report.changed >= 9, "{}", report.changed);
    let report = apply(&test, ALL).await;
    assert_eq!((report.issued.len(), report.changed), (0, 0));
}

#[tokio::test]
async fn another_password_of_the_route_is_a_change() {
    let test = TestCore::new().await;
    apply(&test, ALL).await;
    assert_eq!(apply(&test, &ALL.replace("password: secret", "password: other")).await.changed, 1);
}

#[tokio::test]
async fn what_is_left_out_stays_and_null_or_an_empty_list_takes_away() {
    let test = TestCore::new().await;
    apply(&test, ALL).await;
    let before = account(&test).await;
    assert_eq!(apply(&test, "projects: [{ slug: one, service_accounts: [{ label: web }] }]").await.changed, 0);
    assert_eq!(account(&test).await, before);

    let part = "projects: [{ slug: one, limits: { per_day: null }, networks: [{ cidr: 10.1.0.0/16 }], \
                service_accounts: [{ label: web, limits: { per_hour: 5 } }] }]";
    assert_eq!(apply(&test, part).await.changed, 2);
    let limits = account(&test).await.limits;
    assert_eq!((limits.per_hour, limits.per_day), (Some(5), Some(20)));
    let slug = Slug::parse("one").expect("a slug");
    let project = projects::frame(&test.core, &Actor::System, &slug).await.expect("the project").project;
    assert_eq!((project.limits.per_hour, project.limits.per_day), (Some(100), None));

    let cleared = "projects: [{ slug: one, bounce_contact: null, limits: null, service_accounts: [{ label: web, \
                   expires_at: null, allowed_cidrs: [], allowed_senders: null, default_sender: null, may_notify: false, \
                   limits: null }] }]";
    assert_eq!(apply(&test, cleared).await.changed, 3);
    let after = account(&test).await;
    assert_eq!((after.expires_at, after.allowed_cidrs.len(), after.default_sender), (None, 0, None));
    assert_eq!((after.allowed_senders, after.may_notify), (AllowedSenders::All, false));
    assert_eq!((after.limits.per_hour, after.limits.per_day), (None, None));
}

#[tokio::test]
async fn the_whole_file_is_judged_before_anything_is_done() {
    let test = TestCore::new().await;
    let good = "{ slug: first, networks: [{ cidr: 10.0.0.0/8 }], service_accounts: [{ label: web }] }";
    for (second, words) in [
        ("{ slug: first }", "project first is there twice"),
        ("{ slug: second, networks: [{ cidr: 10.9.0.0/16 }] }", "share addresses"),
        ("{ slug: second, networks: [{ cidr: 192.0.2.0/24 }, { cidr: 192.0.2.0/24 }] }", "is there twice"),
        ("{ slug: second, limits: { per_hour: 4294967295 } }", "per_hour"),
        ("{ slug: second, limits: { new_per_day: 4294967295 } }", "new_per_day"),
        (
            "{ slug: second, suppressions: [{ address: a@e.example, reason: x }, { address: A@E.example, reason: y }] }",
            "suppression a@e.example is there twice",
        ),
        ("{ slug: second, suppressions: [{ address: a@e.example, reason: '' }] }", "suppression a@e.example"),
        ("{ slug: second, suppressions: [{ address: a@e.example, reason: x, expires_at: soon }] }", "write it as"),
        (
            "{ slug: second, suppressions: [{ address: bounce@simulator.relay.example.org, reason: x }] }",
            "Simulated recipients are not listed",
        ),
        ("{ slug: second, name: '' }", "Enter a name"),
        ("{ slug: second, route: { kind: smarthost, host: 'a b', port: 25, tls: starttls } }", "host"),
        (
            "{ slug: second, route: { kind: smarthost, host: a.example, port: 25, tls: starttls, username: u } }",
            "password",
        ),
        ("{ slug: second, domains: [{ name: nowhere.example }] }", "neither MX nor A"),
        ("{ slug: second, senders: [{ address: a@nowhere.example }] }", "neither MX nor A"),
        ("{ slug: second, service_accounts: [{ label: a, expires_at: tomorrow }] }", "write it as"),
        ("{ slug: second, service_accounts: [{ label: a, expires_at: 2001-01-01T00:00:00Z }] }", "a time to come"),
        ("{ slug: second, service_accounts: [{ label: a }, { label: 'a ' }] }", "service account a is there twice"),
        ("{ slug: second, service_accounts: [{ label: '' }] }", "label"),
    ] {
        let refusal = refusal(&test, &format!("projects: [{good}, {second}]")).await;
        assert!(refusal.contains(words), "{second}\n{refusal}");
    }
    assert_eq!(projects_made(&test).await, 0);
    apply(&test, &format!("projects: [{good}]")).await;
    let refusal = refusal(&test, "projects: [{ slug: second, networks: [{ cidr: 10.9.0.0/16 }] }]").await;
    assert!(refusal.contains("shares addresses with a network of another project"), "{refusal}");
}

async fn suppressed(test: &TestCore) -> Vec<(String, String, Option<String>)> {
    let slug = Slug::parse("one").expect("a slug");
    let filter = SuppressionFilter { search: Some("@other.example".to_owned()), ..Default::default() };
    let page = suppressions::list(&test.core, &Actor::System, &slug, &filter).await.expect("the list");
    let row = |one: Suppression| (one.address.to_string(), one.reason, one.expires_at.map(|at| at.date_text()));
    page.items.into_iter().map(row).collect()
}

#[tokio::test]
async fn suppressed_addresses_are_added_and_those_that_are_there_stay_as_they_are() {
    let test = TestCore::new().await;
    apply(&test, ALL).await;
    let row = |address: &str, reason: &str, until: Option<&str>| {
        (address.to_owned(), reason.to_owned(), until.map(str::to_owned))
    };
    let (gone, leave) =
        (row("gone@other.example", "has left", None), row("leave@other.example", "on leave", Some("2099-01-31")));
    assert_eq!(suppressed(&test).await, [gone.clone(), leave.clone()]);
    let again = "projects: [{ slug: one, suppressions: [{ address: gone@OTHER.example, reason: another }] }]";
    assert_eq!(apply(&test, again).await.changed, 0);
    assert_eq!(apply(&test, "projects: [{ slug: one, suppressions: [] }]").await.changed, 0);
    assert_eq!(suppressed(&test).await, [gone, leave]);
}

/// A file that is applied every night is as good on the day after one of its addresses has ended.
#[tokio::test]
async fn a_suppression_that_has_ended_is_left_out() {
    let test = TestCore::new().await;
    let ends = test.core.now().plus(std::time::Duration::from_secs(86_400)).rfc3339();
    let file = format!(
        "projects: [{{ slug: one, suppressions: [{{ address: a@other.example, reason: x, expires_at: {ends} }}] }}]"
    );
    assert_eq!(apply(&test, &file).await.changed, 2);
    assert_eq!(suppressed(&test).await.len(), 1);
    test.clock.advance(std::time::Duration::from_secs(2 * 86_400));
    assert_eq!(apply(&test, &file).await.changed, 0);
    assert_eq!(suppressed(&test).await, []);
}

#[tokio::test]
async fn what_was_issued_is_reported_when_the_work_ends_half_way() {
    let test = TestCore::new().await;
    // As when someone adds the network between the judgement and the work.
    let file = parsed(
        "projects: [{ slug: first, networks: [{ cidr: 10.0.0.0/8 }], service_accounts: [{ label: web }] }, \
         { slug: second, networks: [{ cidr: 10.9.0.0/16 }] }]",
    );
    let (report, outcome) = work(&test.core, &file).await;
    assert!(format!("{:#}", outcome.expect_err("refused")).contains("project second: network 10.9.0.0/16"));
    assert_eq!(report.issued.len(), 1);
    assert!(report.issued[0].username.starts_with("sa-") && !report.issued[0].secret.is_empty());
}
