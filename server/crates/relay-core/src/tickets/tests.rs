//! Tickets from the request to the end, with DNS answers set by hand and the clock moved on.

use super::*;
use crate::test_support::{
    Test,
    names::{DEFAULT, IP, NAME, Names, set},
    word,
};
use relay_types::{
    limit::Limits,
    ticket::{TicketFilter, TicketTab},
};
use std::time::Duration;

const DAY: u64 = 86_400;

#[tokio::test]
async fn a_name_is_asked_for_waits_for_its_forward_record_and_becomes_true() {
    let names = Names::new().await;
    let core = &names.test.core;
    let number = names.ask(NAME).await.expect("a ticket");
    let ticket = names.ticket(number).await;
    assert_eq!(ticket.row.state, TicketState::Waiting);
    assert_eq!(ticket.forward_record.as_deref(), Some("www.bio.example. 3600 IN A 192.0.2.7"));
    assert!(ticket.gives_up_at.is_some());

    names.pass(61).await;
    assert_eq!(names.state(number).await, TicketState::Waiting);
    names.forward(NAME, &[IP]);
    names.pass(300).await;
    let ticket = names.ticket(number).await;
    assert_eq!((ticket.row.state, ticket.looks, ticket.forward_record), (TicketState::Ready, 3, None));
    assert!(ticket.row.due_at.is_some());

    assert_eq!(approve(core, &names.cast.operator, number).await.expect("approved"), TicketState::Approved);
    names.pass(0).await;
    let ticket = names.ticket(number).await;
    assert_eq!(ticket.row.state, TicketState::Applying);
    let change = ticket.change.expect("a change");
    assert_eq!((change.before, change.after.as_deref()), (Some(vec![DEFAULT.to_owned()]), Some(NAME)));
    assert!(change.by_hand.expect("lines").contains(NAME));
    assert!(ticket.can.confirm);

    names.apply_by_hand().await;
    let ticket = names.ticket(number).await;
    assert_eq!(ticket.row.state, TicketState::Done);
    let way: Vec<TicketState> = ticket.entries.iter().filter_map(|entry| entry.to).collect();
    use TicketState::*;
    assert_eq!(way, [Submitted, Waiting, Ready, Approved, Applying, Verifying, Done]);
    assert_eq!(names.listed().await.wanted.as_deref(), Some(NAME));
    let expected = format!("operator@bio.example ticket.approve {number} www.bio.example for 192.0.2.7");
    assert!(names.test.audited().await.contains(&expected));
}

#[tokio::test]
async fn the_looks_come_after_1_5_and_15_minutes_and_then_each_hour_for_14_days() {
    let names = Names::new().await;
    let number = names.ask(NAME).await.expect("a ticket");
    let mut waits = Vec::new();
    for _ in 0..5 {
        let next = names.ticket(number).await.next_look_at.expect("a next look");
        let wait = next.since(names.test.core.now()).as_secs();
        waits.push(wait);
        names.pass(wait).await;
    }
    assert_eq!(waits, [60, 300, 900, 3_600, 3_600]);
    names.pass(14 * DAY).await;
    let ticket = names.ticket(number).await;
    assert_eq!(ticket.row.state, TicketState::Refused);
    assert!(ticket.reason.expect("a reason").starts_with("The name did not point to the address within 14 days."));
}

#[tokio::test]
async fn dns_that_does_not_answer_neither_refuses_nor_approves() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.forward(NAME, &[IP]);
    let number = names.ask(NAME).await.expect("a ticket");
    assert_eq!(names.state(number).await, TicketState::Ready);
    names.dns.set_temporary_failure(NAME, "SERVFAIL");
    assert_eq!(word(&approve(core, &names.cast.operator, number).await), "Conflict");
    assert_eq!(names.state(number).await, TicketState::Ready);
    assert!(names.change().await.is_none());
}

#[tokio::test]
async fn a_forward_record_that_went_away_sends_the_ticket_back_to_waiting_at_approval() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.forward(NAME, &[IP]);
    let number = names.ask(NAME).await.expect("a ticket");
    names.forward(NAME, &["192.0.2.8"]);
    assert_eq!(approve(core, &names.cast.operator, number).await.expect("judged"), TicketState::Waiting);
    assert!(names.change().await.is_none());
    names.forward(NAME, &[IP]);
    names.pass(61).await;
    assert_eq!(names.state(number).await, TicketState::Ready);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_at_its_field() {
    let names = Names::new().await;
    let ask = async |address: &str, name: &str| {
        word(&names.ask_as(&names.cast.member, &names.slug, TicketKind::SetPtr, &set(address, name)).await)
    };
    for address in ["", "vm7", "192.0.2.0/24", "192.0.2.8", "198.51.100.1"] {
        assert_eq!(ask(address, NAME).await, "address", "{address}");
    }
    for name in
        ["", "www", "*.bio.example", "a_b.bio.example", "-a.example", "192.0.2.7", "a..b", "7.2.0.192.in-addr.arpa"]
    {
        assert_eq!(ask(IP, name).await, "name", "{name}");
    }
    let unsaid = TicketRequest { use_case: " ".to_owned(), ..set(IP, NAME) };
    let unsaid = names.ask_as(&names.cast.member, &names.slug, TicketKind::SetPtr, &unsaid).await;
    assert_eq!(word(&unsaid), "use_case");
    let number = names.ask("WWW.Bücher.Example.").await.expect("U-labels become A-labels");
    assert_eq!(names.ticket(number).await.request.name, "www.xn--bcher-kva.example");
}

#[tokio::test]
async fn two_tickets_for_one_address_are_in_each_others_way() {
    let names = Names::new().await;
    let core = &names.test.core;
    let number = names.ask(NAME).await.expect("a ticket");
    let again = names.ask("other.bio.example").await.expect_err("one is open").to_string();
    assert!(again.contains(&number.to_string()), "{again}");
    withdraw(core, &names.cast.member, number).await.expect("withdrawn");
    names.ask("other.bio.example").await.expect("the way is free");
    // Reopening meets the other one.
    assert_eq!(word(&reopen(core, &names.cast.member, number, "after all").await), "Conflict");
}

#[tokio::test]
async fn a_name_of_another_project_is_a_conflict_that_does_not_say_whose() {
    let names = Names::new().await;
    names.named().await;
    // As when an address came to another project with its name.
    use sea_orm::ActiveValue::Set;
    let neighbour = Slug::parse("bio-neighbour").expect("a slug");
    let other = projects::id_of(&names.test.core, &neighbour).await.expect("a project");
    let row = crate::tables::address::ActiveModel {
        id: Set(names.address.uuid()),
        project_id: Set(Some(other.uuid())),
        ..Default::default()
    };
    row.update(names.test.core.db.read()).await.expect("moved");
    names.forward("www.other.example", &[IP]);
    let asked = names.ask_as(&names.cast.outsider, &neighbour, TicketKind::SetPtr, &set(IP, "www.other.example")).await;
    let reason = asked.expect_err("a conflict").to_string();
    assert!(reason.starts_with("Another project has this address's name"), "{reason}");
    assert!(!reason.contains("bio."), "{reason}");
}

#[tokio::test]
async fn removing_a_name_gives_the_default_back() {
    let names = Names::new().await;
    let core = &names.test.core;
    let remove = TicketRequest { address: IP.to_owned(), ..Default::default() };
    let ask = async || names.ask_as(&names.cast.member, &names.slug, TicketKind::RemovePtr, &remove).await;
    assert_eq!(word(&ask().await), "Conflict");
    names.named().await;
    let number = ask().await.expect("a ticket");
    assert_eq!(names.state(number).await, TicketState::Ready);
    approve(core, &names.cast.operator, number).await.expect("approved");
    names.pass(0).await;
    assert_eq!(names.ticket(number).await.change.expect("a change").after.as_deref(), Some(DEFAULT));
    names.apply_by_hand().await;
    assert_eq!((names.state(number).await, names.listed().await.wanted), (TicketState::Done, None));
}

#[tokio::test]
async fn a_name_at_another_provider_is_watched_until_it_is_true() {
    let names = Names::new().await;
    let there = "203.0.113.9";
    let request =
        TicketRequest { provider: "Example Cloud".to_owned(), case_number: "4711".to_owned(), ..set(there, NAME) };
    let ask = async |request: &TicketRequest| {
        names.ask_as(&names.cast.member, &names.slug, TicketKind::PtrElsewhere, request).await
    };
    assert_eq!(word(&ask(&TicketRequest { provider: String::new(), ..request.clone() }).await), "provider");
    assert_eq!(word(&ask(&TicketRequest { address: IP.to_owned(), ..request.clone() }).await), "address");
    let number = ask(&request).await.expect("a ticket");
    assert_eq!(names.state(number).await, TicketState::Verifying);
    names.pass(0).await;
    names.dns.set_ptr(there.parse().expect("an address"), &[NAME]);
    names.pass(301).await;
    assert_eq!(names.state(number).await, TicketState::Verifying, "the name does not lead back yet");
    names.forward(NAME, &[there]);
    names.pass(3_600).await;
    assert_eq!(names.state(number).await, TicketState::Done);
}

#[tokio::test]
async fn going_live_and_quotas_take_effect_with_the_decision() {
    let names = Names::new().await;
    let core = &names.test.core;
    let (id, slug) = names.test.project_in_sandbox("young", true).await;
    let owner = names.test.member(id, "owner@young.example", relay_types::member::Role::Owner).await;
    let live = TicketRequest {
        use_case: "reports".to_owned(),
        volume: "2000".to_owned(),
        bounces: "A person reads them".to_owned(),
        ..Default::default()
    };
    for (field, request) in [
        ("volume", TicketRequest { volume: "many".to_owned(), ..live.clone() }),
        ("bounces", TicketRequest { bounces: String::new(), ..live.clone() }),
        ("use_case", TicketRequest { use_case: String::new(), ..live.clone() }),
    ] {
        assert_eq!(word(&names.ask_as(&owner, &slug, TicketKind::GoLive, &request).await), field);
    }
    let domain = relay_types::DomainName::parse("young.example").expect("a name");
    let domain = crate::domains::mark_verified(core, &Actor::System, &slug, domain).await.expect("a domain");
    crate::domains::check(core, &Actor::System, &slug, domain).await.expect("checked");
    let number = names.ask_as(&owner, &slug, TicketKind::GoLive, &live).await.expect("a ticket");
    let predicted: Vec<_> = names.ticket(number).await.predictions.into_iter().map(|one| one.from).collect();
    assert_eq!(predicted, ["young.example"], "what would become of its mail");
    assert_eq!(word(&names.ask_as(&owner, &slug, TicketKind::GoLive, &live).await), "Conflict");
    assert_eq!(approve(core, &names.cast.operator, number).await.expect("approved"), TicketState::Done);
    assert!(!projects::standing(core, id).await.expect("standing").sandbox);
    assert_eq!(word(&names.ask_as(&owner, &slug, TicketKind::GoLive, &live).await), "Conflict");

    let quota = TicketRequest { use_case: "a campaign".to_owned(), per_day: "9000".to_owned(), ..Default::default() };
    let empty = TicketRequest { per_day: String::new(), ..quota.clone() };
    assert_eq!(word(&names.ask_as(&owner, &slug, TicketKind::Quota, &empty).await), "per_hour");
    let number = names.ask_as(&owner, &slug, TicketKind::Quota, &quota).await.expect("a ticket");
    approve(core, &names.cast.operator, number).await.expect("approved");
    let limits = projects::standing(core, id).await.expect("standing").limits;
    assert_eq!(limits, Limits { per_hour: None, per_day: Some(9_000), new_per_day: None });
}

#[tokio::test]
async fn a_draft_is_changed_and_sent() {
    let names = Names::new().await;
    let core = &names.test.core;
    let member = &names.cast.member;
    let draft = open(core, member, &names.slug, TicketKind::SetPtr, set(IP, NAME), true).await.expect("a draft");
    assert_eq!(names.state(draft).await, TicketState::Draft);
    assert!(desk_list(core, &Actor::System, &TicketFilter::default()).await.expect("a list").page.items.is_empty());
    edit_draft(core, member, draft, set(IP, "mail.bio.example")).await.expect("changed");
    submit(core, member, draft).await.expect("sent");
    let ticket = names.ticket(draft).await;
    assert_eq!((ticket.row.state, ticket.row.title.as_str()), (TicketState::Waiting, "mail.bio.example for 192.0.2.7"));
    assert_eq!(word(&submit(core, member, draft).await), "Conflict");
    assert_eq!(word(&edit_draft(core, member, draft, set(IP, NAME)).await), "Conflict");
}

#[tokio::test]
async fn both_sides_hear_of_each_step_and_of_comments() {
    let names = Names::new().await;
    let core = &names.test.core;
    let (member, desk) = ("member@bio.example", "desk@bio.example");
    let number = names.ask(NAME).await.expect("a ticket");
    let receipt = names.test.mails_to(member).await.join("");
    assert!(receipt.contains("www.bio.example. 3600 IN A 192.0.2.7"), "{receipt}");
    assert!(receipt.contains(&format!("https://mail.example.org/p/bio/tickets/{}", number.0)), "{receipt}");
    let told = names.test.mails_to(desk).await.join("");
    assert!(told.contains(&format!("https://mail.example.org/admin/tickets/{}", number.0)), "{told}");

    comment(core, &names.cast.operator, number, "Is it urgent?\n> no", false).await.expect("a comment");
    assert!(names.test.mails_to(member).await.last().expect("a mail").contains("  | Is it urgent?\r\n  | > no"));
    comment(core, &names.cast.operator, number, "They always say so", true).await.expect("a comment");
    assert!(!names.test.mails_to(member).await.join("").contains("They always"));
    let seen = get(core, &names.cast.viewer, Some(&names.slug), number).await.expect("the ticket");
    assert!(!format!("{:?}", seen.entries).contains("They always"));
    assert!(format!("{:?}", names.ticket(number).await.entries).contains("They always"));

    refuse(core, &names.cast.operator, number, "The name is somebody else's brand").await.expect("refused");
    let refusal = names.test.mails_to(member).await.pop().expect("a mail");
    assert!(refusal.contains("The name is somebody else's brand"), "{refusal}");
    assert_eq!(word(&refuse(core, &names.cast.operator, number, "again").await), "Conflict");
    reopen(core, &names.cast.member, number, "It is ours now").await.expect("reopened");
    assert_eq!(names.state(number).await, TicketState::Waiting);
    assert_eq!(names.ticket(number).await.reason, None);
}

#[tokio::test]
async fn the_desks_own_address_hears_of_each_ticket() {
    let test = Test::with(|config| {
        config.reverse_dns.desk = Some("desk@host.example".parse().expect("an address"));
    })
    .await;
    let (id, slug) = test.project_in_sandbox("young", true).await;
    let owner = test.member(id, "owner@young.example", relay_types::member::Role::Owner).await;
    let quota = TicketRequest { use_case: "much".to_owned(), per_hour: "90".to_owned(), ..Default::default() };
    open(&test.core, &owner, &slug, TicketKind::Quota, quota, false).await.expect("a ticket");
    let told = test.mails_to("desk@host.example").await.join("");
    assert!(told.contains("Subject: [T-1] 90 recipients an hour: ready"), "{told}");
}

#[tokio::test]
async fn an_address_the_relay_sends_from_needs_an_operator() {
    let names = Names::new().await;
    let core = &names.test.core;
    addresses::set_egress(core, &Actor::System, names.address, true).await.expect("marked");
    names.forward(NAME, &[IP]);
    let number = names.ask(NAME).await.expect("a ticket");
    assert_eq!(word(&approve(core, &names.cast.desk, number).await), "Forbidden");
    assert_eq!(names.state(number).await, TicketState::Ready);
    assert!(!get(core, &names.cast.desk, None, number).await.expect("the ticket").can.approve);
    approve(core, &names.cast.operator, number).await.expect("approved");
}

#[tokio::test]
async fn a_session_left_open_approves_nothing() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.forward(NAME, &[IP]);
    let number = names.ask(NAME).await.expect("a ticket");
    names.test.clock.advance(Duration::from_secs(3_600));
    assert_eq!(word(&approve(core, &names.cast.operator, number).await), "password");
    assert_eq!(word(&approve_many(core, &names.cast.desk, &[number]).await), "password");
    assert_eq!(names.state(number).await, TicketState::Ready);
}

#[tokio::test]
async fn several_are_approved_each_for_itself() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.assign(&names.slug, "192.0.2.9").await;
    names.forward(NAME, &[IP]);
    let ready = names.ask(NAME).await.expect("a ticket");
    let waits = set("192.0.2.9", "not.yet.example");
    let waits = names.ask_as(&names.cast.member, &names.slug, TicketKind::SetPtr, &waits).await.expect("a ticket");
    let outcomes = approve_many(core, &names.cast.desk, &[ready, waits, TicketNumber(99)]).await.expect("judged");
    let words: Vec<_> = outcomes.iter().map(|(number, outcome)| (number.0, word(outcome))).collect();
    assert_eq!(words, [(ready.0, "Ok"), (waits.0, "Conflict"), (99, "NotFound")]);
}

#[tokio::test]
async fn lists_are_counted_and_searched() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.forward(NAME, &[IP]);
    let number = names.ask(NAME).await.expect("a ticket");
    let quota = TicketRequest { use_case: "much".to_owned(), per_hour: "90".to_owned(), ..Default::default() };
    let other = names.ask_as(&names.cast.member, &names.slug, TicketKind::Quota, &quota).await.expect("a ticket");
    withdraw(core, &names.cast.member, other).await.expect("withdrawn");
    assign(core, &names.cast.desk, number, Some(crate::test_support::id_of(&names.cast.desk))).await.expect("assigned");
    let found = async |filter: TicketFilter| {
        let list = desk_list(core, &names.cast.desk, &filter).await.expect("a list");
        list.page.items.iter().map(|row| row.number).collect::<Vec<_>>()
    };
    let of = |search: &str| TicketFilter { search: Some(search.to_owned()), tab: TicketTab::All, ..Default::default() };
    assert_eq!(found(TicketFilter::default()).await, [number]);
    assert_eq!(found(TicketFilter { tab: TicketTab::All, ..Default::default() }).await, [other, number]);
    assert_eq!(found(TicketFilter { mine: true, ..Default::default() }).await, [number]);
    assert_eq!(
        found(TicketFilter { kind: Some(TicketKind::Quota), tab: TicketTab::All, ..Default::default() }).await,
        [other]
    );
    assert_eq!(found(of("192.0.2")).await, [number]);
    assert_eq!(found(of(&other.to_string())).await, [other]);
    assert_eq!(found(of("bio")).await, [other, number]);
    let list = list(core, &names.cast.viewer, &names.slug, &TicketFilter::default()).await.expect("a list");
    assert_eq!(list.counts, [1, 1, 0, 1, 2]);
}

#[tokio::test]
async fn neither_strangers_nor_viewers_nor_members_do_what_is_not_theirs() {
    let names = Names::new().await;
    let (core, cast) = (&names.test.core, &names.cast);
    let number = names.ask(NAME).await.expect("a ticket");
    let slug = &names.slug;
    // The desk has no part in a project but its tickets.
    let open_as_desk = open(core, &cast.desk, slug, TicketKind::SetPtr, set(IP, "x.bio.example"), false).await;
    assert_eq!(word(&open_as_desk), "NotFound");
    let strangers =
        |access| cast.refused(access).into_iter().filter(|(actor, _)| !std::ptr::eq(*actor, &raw const cast.desk));
    for (actor, refusal) in strangers(Access::Manage) {
        let request = || set(IP, "x.bio.example");
        let open = open(core, actor, slug, TicketKind::SetPtr, request(), false).await;
        assert_eq!(word(&open), refusal, "{actor:?}");
        assert_eq!(word(&edit_draft(core, actor, number, request()).await), refusal, "{actor:?}");
        assert_eq!(word(&submit(core, actor, number).await), refusal, "{actor:?}");
        assert_eq!(word(&comment(core, actor, number, "x", false).await), refusal, "{actor:?}");
        assert_eq!(word(&withdraw(core, actor, number).await), refusal, "{actor:?}");
        assert_eq!(word(&reopen(core, actor, number, "x").await), refusal, "{actor:?}");
        assert_eq!(word(&look_now(core, actor, number).await), refusal, "{actor:?}");
    }
    for (actor, refusal) in strangers(Access::View) {
        assert_eq!(word(&list(core, actor, slug, &TicketFilter::default()).await), refusal, "{actor:?}");
        assert_eq!(word(&get(core, actor, Some(slug), number).await), refusal, "{actor:?}");
    }
    // Another project's page does not show it either.
    let neighbour = Slug::parse("bio-neighbour").expect("a slug");
    assert_eq!(word(&get(core, &cast.outsider, Some(&neighbour), number).await), "NotFound");
    let not_desk = [(&cast.owner, "Forbidden"), (&cast.outsider, "Forbidden"), (&cast.anonymous, "SignedOut")];
    for (actor, refusal) in not_desk {
        assert_eq!(word(&get(core, actor, None, number).await), refusal);
        assert_eq!(word(&desk_list(core, actor, &TicketFilter::default()).await), refusal);
        assert_eq!(word(&approve(core, actor, number).await), refusal);
        assert_eq!(word(&approve_many(core, actor, &[number]).await), refusal);
        assert_eq!(word(&refuse(core, actor, number, "x").await), refusal);
        assert_eq!(word(&assign(core, actor, number, None).await), refusal);
        assert_eq!(word(&people(core, actor).await), refusal);
        assert_eq!(word(&verdict(core, actor, IP, NAME).await), refusal);
    }
    assert_eq!(word(&comment(core, &cast.member, number, "x", true).await), "Forbidden");
    assert_eq!(
        word(&assign(core, &cast.desk, number, Some(crate::test_support::id_of(&cast.owner))).await),
        "NotFound"
    );
    assert_eq!(names.state(number).await, TicketState::Waiting);
}

#[tokio::test]
async fn the_verdict_says_what_the_ticket_would_say() {
    let names = Names::new().await;
    let ask =
        async |ip: &str, name: &str| verdict(&names.test.core, &Actor::System, ip, name).await.expect("a verdict");
    let waits = ask(IP, NAME).await;
    assert_eq!((waits.state, waits.problem), (Some(TicketState::Waiting), None));
    assert_eq!(waits.project, Some(names.slug.clone()));
    assert_eq!(waits.current, Some(vec![DEFAULT.to_owned()]));
    assert_eq!(waits.forward_record.as_deref(), Some("www.bio.example. 3600 IN A 192.0.2.7"));
    names.forward(NAME, &[IP]);
    assert_eq!(ask(IP, NAME).await.state, Some(TicketState::Ready));
    assert!(ask("192.0.2.200", NAME).await.problem.expect("a problem").contains("no project"));
    assert!(ask(IP, "*.bio.example").await.problem.expect("a problem").contains("wildcard"));
    assert!(ask("x", NAME).await.problem.expect("a problem").contains("Enter one address"));
    let number = names.ask(NAME).await.expect("a ticket");
    assert!(ask(IP, NAME).await.problem.expect("a problem").contains(&number.to_string()));
}
