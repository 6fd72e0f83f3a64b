//! Egress addresses: who may list them, what a check keeps, when the next one is, and what speaks against going live.

use super::*;
use crate::{
    addresses,
    listeners::{Certificate, Listener},
    test_support::{Test, names::Names, word},
    tickets,
};
use relay_dns::{FixedAnswers, Resolver};
use relay_types::{
    finding::Subject,
    listener::{ListenerAuth, ListenerTls},
    member::Role,
    ticket::{TicketKind, TicketRequest, TicketState},
};
use std::{sync::Mutex, time::Duration};

const ADDRESS: &str = "192.0.2.25";

async fn world() -> (Test, FixedAnswers) {
    let answers = FixedAnswers::new();
    let test = Test::with_resolver(Resolver::fixed(answers.clone()), |_| {}).await;
    (test, answers)
}

async fn checked(test: &Test, port: Port25) -> u32 {
    let mut checked = 0;
    for claimed in claim_due(&test.core, &Actor::System).await.expect("claimed") {
        record(&test.core, &Actor::System, &claimed, port.clone()).await.expect("recorded");
        checked += 1;
    }
    checked
}

#[tokio::test]
async fn only_operators_see_and_change_egress_addresses() {
    let (test, _) = world().await;
    let (project, slug) = test.project("acme").await;
    let cast = test.cast(project, &slug).await;
    let core = &test.core;
    let id = add(core, &cast.operator, ADDRESS, "").await.expect("listed");
    for (actor, expected) in [
        (&cast.owner, "Forbidden"),
        (&cast.viewer, "Forbidden"),
        (&cast.outsider, "Forbidden"),
        (&cast.service_account, "Forbidden"),
        (&cast.anonymous, "SignedOut"),
    ] {
        assert_eq!(word(&list(core, actor).await), expected);
        assert_eq!(word(&get(core, actor, id).await), expected);
        assert_eq!(word(&add(core, actor, "192.0.2.26", "").await), expected);
        assert_eq!(word(&set_ehlo(core, actor, id, "").await), expected);
        assert_eq!(word(&check_now(core, actor, id).await), expected);
        assert_eq!(word(&override_ready(core, actor, id, "because").await), expected);
        assert_eq!(word(&remove(core, actor, id).await), expected);
        assert_eq!(word(&claim_due(core, actor).await), expected);
    }
    remove(core, &cast.operator, id).await.expect("removed");
    assert_eq!(word(&get(core, &cast.operator, id).await), "NotFound");
}

#[tokio::test]
async fn an_address_is_listed_once_in_one_form_and_nonsense_is_refused() {
    let (test, _) = world().await;
    let operator = test.operator("op@relay.example").await;
    add(&test.core, &operator, " ::ffff:192.0.2.25 ", "mx1.relay.example").await.expect("listed");
    for (address, ehlo, expected) in [
        (ADDRESS, "", "address"),
        ("192.0.2.0/24", "", "address"),
        ("mx.example", "", "address"),
        ("0.0.0.0", "", "address"),
        ("224.0.0.1", "", "address"),
        ("192.0.2.26", "not a name", "ehlo"),
    ] {
        assert_eq!(word(&add(&test.core, &operator, address, ehlo).await), expected, "{address} {ehlo}");
    }
    let listed = list(&test.core, &operator).await.expect("a list").addresses;
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].address.to_string().as_str(), listed[0].ehlo.as_str()), (ADDRESS, "mx1.relay.example"));
    set_ehlo(&test.core, &operator, listed[0].id, "").await.expect("the relay's own");
    let listed = list(&test.core, &operator).await.expect("a list").addresses;
    assert_eq!(listed[0].ehlo, test.core.config().hostname);
}

#[tokio::test]
async fn a_check_keeps_its_report_and_comes_back_after_a_day_or_an_hour() {
    let (test, _) = world().await;
    let operator = test.operator("op@relay.example").await;
    let id = add(&test.core, &operator, ADDRESS, "").await.expect("listed");
    let shown = async || get(&test.core, &operator, id).await.expect("shown");
    assert!(shown().await.egress.checking && shown().await.report.is_none());
    let closed = Port25::Closed(vec!["mx.example".to_owned()], "refused".to_owned());
    assert_eq!(checked(&test, closed).await, 1);
    let after = shown().await;
    let report = after.report.expect("kept");
    assert!(!after.egress.checking && !after.egress.is_ready());
    assert_eq!((after.egress.worst, report.worst()), (Some(Severity::Error), Severity::Error));
    assert!(report.findings.iter().any(|finding| finding.check == "port25" && finding.outcome == "closed"));

    test.clock.advance(Duration::from_secs(50 * 60));
    assert_eq!(checked(&test, Port25::Open("mx.example".to_owned())).await, 0, "not before an hour");
    test.clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(checked(&test, Port25::Open("mx.example".to_owned())).await, 1);
    check_now(&test.core, &operator, id).await.expect("asked");
    assert!(shown().await.egress.checking);
    assert_eq!(checked(&test, Port25::Open("mx.example".to_owned())).await, 1, "at once when somebody asks");
    let port = shown().await.history.into_iter().find(|history| history.check == "port25").expect("a history");
    let severities: Vec<_> = port.changes.iter().map(|change| change.severity).collect();
    assert_eq!(severities, [Severity::Error, Severity::Good], "what holds still is no change");
}

#[tokio::test]
async fn operators_are_told_once_that_an_address_became_worse_and_once_that_it_is_mended() {
    let (test, answers) = world().await;
    let operator = test.operator("op@relay.example").await;
    let public = "193.166.2.25";
    let id = add(&test.core, &operator, public, "mx1.relay.example").await.expect("listed");
    let named = || {
        answers.set_ptr(public.parse().expect("an address"), &["mx1.relay.example"]);
        answers.set_addresses("mx1.relay.example", &[public.parse().expect("an address")]);
    };
    let again = async || {
        test.clock.advance(Duration::from_secs(27 * 3_600));
        checked(&test, Port25::Open("mx.example".to_owned())).await;
        test.mails_to("op@relay.example").await.len()
    };
    named();
    assert_eq!(again().await, 0, "what is found first is on the page");
    answers.forget("25.2.166.193.in-addr.arpa");
    assert_eq!((again().await, again().await), (1, 1));
    answers.set_temporary_failure("25.2.166.193.in-addr.arpa", "SERVFAIL");
    assert_eq!(again().await, 1, "nothing is known, so nothing is told");
    answers.forget("25.2.166.193.in-addr.arpa");
    named();
    assert_eq!((again().await, again().await), (2, 2));
    let mails = test.mails_to("op@relay.example").await;
    assert!(
        mails[0].contains("Subject: 193.166.2.25: ") && mails[0].contains(&format!("/admin/egress/{id}")),
        "{}",
        mails[0]
    );
    assert!(mails[1].contains("Mended:") && mails[1].contains("because you are an operator"), "{}", mails[1]);
    let shown = get(&test.core, &operator, id).await.expect("shown");
    let ptr = shown.history.iter().find(|history| history.check == "ptr.present").expect("a history");
    assert!(ptr.changes.len() >= 3, "{ptr:?}");
}

#[tokio::test]
async fn two_nodes_do_not_check_the_same_address() {
    let (test, _) = world().await;
    add(&test.core, &Actor::System, ADDRESS, "").await.expect("listed");
    let (one, other) = tokio::join!(claim_due(&test.core, &Actor::System), claim_due(&test.core, &Actor::System));
    assert_eq!(one.expect("claimed").len() + other.expect("claimed").len(), 1);
    test.clock.advance(Duration::from_secs(301));
    assert_eq!(claim_due(&test.core, &Actor::System).await.expect("claimed").len(), 1, "a node died");
}

#[tokio::test]
async fn what_is_certainly_not_ready_speaks_against_going_live_until_an_operator_overrides_it() {
    let (test, _) = world().await;
    let operator = test.operator("op@relay.example").await;
    let id = add(&test.core, &operator, ADDRESS, "").await.expect("listed");
    assert!(not_ready(test.core.db.read()).await.expect("read").is_empty(), "nothing is known yet");
    checked(&test, Port25::Closed(vec!["mx.example".to_owned()], "refused".to_owned())).await;
    assert_eq!(not_ready(test.core.db.read()).await.expect("read"), [ADDRESS]);
    assert_eq!(word(&override_ready(&test.core, &operator, id, "two\nlines").await), "reason");
    override_ready(&test.core, &operator, id, "Goes by another machine").await.expect("overridden");
    assert!(not_ready(test.core.db.read()).await.expect("read").is_empty());
    let egress = get(&test.core, &operator, id).await.expect("shown").egress;
    assert_eq!(egress.override_reason.as_deref(), Some("Goes by another machine"));
    assert!(egress.is_ready());
    override_ready(&test.core, &operator, id, "  ").await.expect("taken back");
    assert_eq!(not_ready(test.core.db.read()).await.expect("read"), [ADDRESS]);
}

#[tokio::test]
async fn a_go_live_ticket_waits_for_egress_addresses_that_are_not_ready() {
    let names = Names::new().await;
    let core = &names.test.core;
    let (project, slug) = names.test.project_in_sandbox("young", true).await;
    let owner = names.test.member(project, "owner@young.example", Role::Owner).await;
    let live = TicketRequest {
        use_case: "reports".to_owned(),
        volume: "2000".to_owned(),
        bounces: "A person reads them".to_owned(),
        ..Default::default()
    };
    let number = names.ask_as(&owner, &slug, TicketKind::GoLive, &live).await.expect("a ticket");
    let id = add(core, &Actor::System, ADDRESS, "").await.expect("listed");
    checked(&names.test, Port25::Closed(vec!["mx.example".to_owned()], "refused".to_owned())).await;
    let refused = tickets::approve(core, &names.cast.operator, number).await.expect_err("not ready").to_string();
    assert!(refused.contains(ADDRESS), "{refused}");
    override_ready(core, &Actor::System, id, "Goes by another machine").await.expect("overridden");
    let state = tickets::approve(core, &names.cast.operator, number).await.expect("approved");
    assert_eq!(state, TicketState::Done);
}

#[tokio::test]
async fn the_inventory_shows_and_changes_which_addresses_the_relay_sends_from() {
    let world = Names::new().await;
    let core = &world.test.core;
    let marked =
        async || addresses::get_for_desk(core, &Actor::System, world.address).await.expect("shown").address.egress;
    assert!(!marked().await);
    addresses::set_egress(core, &Actor::System, world.address, true).await.expect("marked");
    let listed = list(core, &Actor::System).await.expect("a list").addresses;
    assert_eq!(listed.len(), 1);
    assert!(marked().await);
    remove(core, &Actor::System, listed[0].id).await.expect("removed");
    assert!(!marked().await);
}

#[test]
fn a_certificate_is_judged_by_its_end_its_name_and_who_issued_it() {
    let now = Timestamp(1_795_268_800_000);
    let days = |days: u64| now.plus(Duration::from_secs(days * 86_400 + 60));
    let good = Certificate { self_signed: false, ends_at: days(60), names_host: true, untrusted: None };
    let judged = |certificate: Option<Certificate>| {
        let listener = Listener {
            name: "submission".to_owned(),
            address: ([127, 0, 0, 1], 587).into(),
            hostname: "relay.example".to_owned(),
            tls: ListenerTls::Starttls,
            auth: ListenerAuth::Required,
            plaintext_auth_from: Vec::new(),
            certificate: Mutex::new(certificate),
            sessions: Default::default(),
            sessions_total: Default::default(),
            accepted_total: Default::default(),
            refused_total: Default::default(),
            last_error: Mutex::new(None),
        };
        judge::certificates(&[std::sync::Arc::new(listener)], now)
    };
    assert!(judged(None).is_empty());
    for (certificate, outcome, severity) in [
        (good.clone(), "good", Severity::Good),
        (Certificate { ends_at: days(20), ..good.clone() }, "ends_soon", Severity::Warning),
        (Certificate { ends_at: days(2), ..good.clone() }, "ends_soon", Severity::Error),
        (Certificate { ends_at: now, ..good.clone() }, "ended", Severity::Error),
        (Certificate { self_signed: true, ..good.clone() }, "self_signed", Severity::Warning),
        (Certificate { names_host: false, ..good.clone() }, "name", Severity::Error),
        (Certificate { untrusted: Some("no authority".to_owned()), ..good.clone() }, "chain", Severity::Warning),
    ] {
        let found = judged(Some(certificate));
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].outcome.as_str(), found[0].severity, found[0].subject),
            (outcome, severity, Subject::Certificate)
        );
    }
    assert_eq!(judged(Some(good))[0].effect, "It names relay.example, is trusted, and ends on 2027-01-20.");
}
