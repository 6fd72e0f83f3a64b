//! Tickets that several people or nodes work on at the same moment, and what happens around one that is open.

use super::*;
use crate::{
    jobs, name_changes, sweep,
    test_support::{
        names::{DEFAULT, IP, NAME, Names, ip, set},
        word,
    },
};
use futures_util::future::join_all;
use relay_types::{address::AssignInput, ticket::TicketFilter};
use std::time::Duration;

const AT_ONCE: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_approvals_at_once_orders_the_change() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.forward(NAME, &[IP]);
    let number = names.ask(NAME).await.expect("a ticket");
    let outcomes = join_all((0..AT_ONCE).map(|_| approve(core, &Actor::System, number))).await;
    let words: Vec<&str> = outcomes.iter().map(word).collect();
    assert_eq!(words.iter().filter(|word| **word == "Ok").count(), 1, "{words:?}");
    assert!(words.iter().all(|word| ["Ok", "Conflict"].contains(word)), "{words:?}");
    let row = crate::addresses::row(core.db.read(), names.address.uuid()).await.expect("the address");
    assert_eq!(name_changes::of_address(core, &row, None).await.expect("changes").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn approval_and_withdrawal_at_once_end_in_one_of_both() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.forward(NAME, &[IP]);
    for _ in 0..5 {
        let number = names.ask(NAME).await.expect("a ticket");
        let (approved, withdrawn, refused) = tokio::join!(
            approve(core, &Actor::System, number),
            withdraw(core, &names.cast.member, number),
            refuse(core, &names.cast.desk, number, "not now")
        );
        let words = [word(&approved), word(&withdrawn), word(&refused)];
        assert_eq!(words.iter().filter(|word| **word == "Ok").count(), 1, "{words:?}");
        let state = names.state(number).await;
        if words[0] == "Ok" {
            assert_eq!(state, TicketState::Approved);
            return;
        }
        assert!([TicketState::Withdrawn, TicketState::Refused].contains(&state), "{state:?}");
        assert!(names.change().await.is_none(), "nothing is written for a ticket that is closed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_draft_that_is_sent_edited_and_withdrawn_at_once_is_what_its_last_reader_saw() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.assign(&names.slug, "192.0.2.8").await;
    for _ in 0..5 {
        let draft = open(core, &names.cast.member, &names.slug, TicketKind::SetPtr, set(IP, NAME), true)
            .await
            .expect("a draft");
        let (sent, edited, withdrawn) = tokio::join!(
            submit(core, &names.cast.member, draft),
            edit_draft(core, &names.cast.member, draft, set("192.0.2.8", NAME)),
            withdraw(core, &names.cast.owner, draft)
        );
        for outcome in [&sent, &edited, &withdrawn] {
            assert!(["Ok", "Conflict"].contains(&word(outcome)), "{outcome:?}");
        }
        let row = by_number(core.db.read(), draft).await.expect("the ticket");
        if let Some(address) = row.address_id {
            let address = crate::addresses::row(core.db.read(), address).await.expect("the address");
            assert_eq!(request_of(&row).expect("a request").address, address.text);
        }
        let _ = withdraw(core, &names.cast.member, draft).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_ask_at_once_for_one_address_of_a_prefix_and_one_is_first() {
    let names = Names::new().await;
    names.assign(&names.slug, "192.0.2.64/28").await;
    let request = set("192.0.2.70", NAME);
    let asked =
        join_all((0..AT_ONCE).map(|_| names.ask_as(&names.cast.member, &names.slug, TicketKind::SetPtr, &request)))
            .await;
    let words: Vec<&str> = asked.iter().map(word).collect();
    assert_eq!(words.iter().filter(|word| **word == "Ok").count(), 1, "{words:?}");
    assert!(words.iter().all(|word| ["Ok", "Conflict"].contains(word)), "{words:?}");
}

/// Twice as many as PostgreSQL has connections.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn more_people_than_connections_are_all_served() {
    let names = Names::new().await;
    let core = &names.test.core;
    let number = names.ask(NAME).await.expect("a ticket");
    let assigned = (0..32).map(|n| async move {
        let input = AssignInput { block: format!("192.0.2.{}", 100 + n), ..Default::default() };
        crate::addresses::assign(core, &Actor::System, &input).await.map(|_| ())
    });
    let commented = (0..32).map(|n| {
        let names = &names;
        async move { comment(core, &names.cast.member, number, &format!("comment {n}"), false).await }
    });
    let (assigned, commented) = tokio::join!(join_all(assigned), join_all(commented));
    for outcome in assigned.iter().chain(&commented) {
        assert_eq!(word(outcome), "Ok");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_look_at_the_same_moment_look_once() {
    let names = Names::new().await;
    let core = &names.test.core;
    let number = names.ask(NAME).await.expect("a ticket");
    names.test.clock.advance(Duration::from_secs(60));
    let looked = join_all((0..8).map(|_| run_due(core, &Actor::System))).await;
    assert_eq!(looked.into_iter().map(|one| one.expect("looked")).sum::<u64>(), 1);
    assert_eq!(names.ticket(number).await.looks, 2);
}

#[tokio::test]
async fn an_address_stays_while_its_ticket_is_open_and_a_ticket_comes_only_for_an_address_that_stayed() {
    let names = Names::new().await;
    let core = &names.test.core;
    let number = names.ask(NAME).await.expect("a ticket");
    let release = || crate::addresses::release(core, &Actor::System, names.address);
    assert_eq!(word(&release().await), "Conflict");
    withdraw(core, &names.cast.member, number).await.expect("withdrawn");
    release().await.expect("released");
    assert_eq!(word(&reopen(core, &names.cast.member, number, "again").await), "address");
    assert_eq!(word(&names.ask(NAME).await), "address");
}

#[tokio::test]
async fn a_closed_project_gets_nothing_new_and_its_tickets_end() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.named().await;
    names.assign(&names.slug, "192.0.2.8").await;
    names.assign(&names.slug, "192.0.2.9").await;
    names.forward("ready.bio.example", &["192.0.2.8"]);
    let ask = async |request| names.ask_as(&names.cast.member, &names.slug, TicketKind::SetPtr, &request).await;
    let ready = ask(set("192.0.2.8", "ready.bio.example")).await.expect("a ticket");
    let waiting = ask(set("192.0.2.9", "waiting.bio.example")).await.expect("a ticket");
    projects::close(core, &Actor::System, &names.slug, "moved away").await.expect("closed");
    assert_eq!(word(&approve(core, &Actor::System, ready).await), "Conflict");
    assert_eq!(names.state(ready).await, TicketState::Ready);
    assert_eq!(word(&ask(set("192.0.2.8", "other.bio.example")).await), "Conflict");
    names.pass(60).await;
    let ticket = names.ticket(waiting).await;
    assert_eq!((ticket.row.state, ticket.reason.as_deref()), (TicketState::Refused, Some("The project is closed")));
    assert_eq!(word(&reopen(core, &Actor::System, waiting, "please").await), "Conflict");
    // What it has may go.
    let remove = TicketRequest { address: IP.to_owned(), ..Default::default() };
    let removal = names.ask_as(&Actor::System, &names.slug, TicketKind::RemovePtr, &remove).await.expect("a ticket");
    approve(core, &Actor::System, removal).await.expect("approved");
}

#[tokio::test]
async fn text_that_could_pretend_to_be_something_else_is_refused_or_kept_on_its_line() {
    let names = Names::new().await;
    let core = &names.test.core;
    let there = "203.0.113.9";
    let request = |provider: &str, use_case: &str| TicketRequest {
        provider: provider.to_owned(),
        use_case: use_case.to_owned(),
        ..set(there, NAME)
    };
    let ask = async |request| names.ask_as(&names.cast.member, &names.slug, TicketKind::PtrElsewhere, &request).await;
    for (provider, use_case, field) in [
        ("Cloud\r\nBcc: all@example.org", "x", "provider"),
        ("Cloud\u{2028}x", "x", "provider"),
        ("Cloud\u{202e}elpmaxe", "x", "provider"),
        ("Cloud\0", "x", "provider"),
        ("Cloud", "\u{1b}[2J", "use_case"),
        ("Cloud", "\u{2066}turned", "use_case"),
    ] {
        assert_eq!(word(&ask(request(provider, use_case)).await), field, "{provider:?} {use_case:?}");
    }
    let long = "x".repeat(5_001);
    assert_eq!(word(&ask(request("Cloud", &long)).await), "use_case");
    let removal = TicketRequest { address: IP.to_owned(), use_case: long.clone(), ..Default::default() };
    names.named().await;
    let removal = names.ask_as(&names.cast.member, &names.slug, TicketKind::RemovePtr, &removal).await;
    assert_eq!(word(&removal), "use_case");
    for name in ["x\r\nBcc: a@b.example", "\u{202e}moc.example", "a b.example", &"a.".repeat(200), "\0.example"] {
        let asked = names.ask_as(&names.cast.member, &names.slug, TicketKind::SetPtr, &set(IP, name)).await;
        assert_eq!(word(&asked), "name", "{name:?}");
    }
    let number = ask(request("Cloud & <b>Söhne</b>", "first\nSubject: second")).await.expect("a ticket");
    comment(core, &names.cast.desk, number, "hello\r\n.\r\nFrom: ceo@bio.example\n\n> quoted", false)
        .await
        .expect("said");
    let mail = names.test.mails_to("member@bio.example").await.pop().expect("a mail");
    let (header, body) = mail.split_once("\r\n\r\n").expect("a header");
    assert!(!header.contains("ceo@"), "{header}");
    assert!(body.contains("| From: ceo@bio.example"), "{body}");
    assert!(!body.lines().any(|line| line == "." || line.starts_with("From:")), "{body}");
}

#[tokio::test]
async fn numbers_out_of_any_order_are_refused() {
    let names = Names::new().await;
    let core = &names.test.core;
    for number in [0, u64::MAX, i64::MAX.unsigned_abs(), 4_711] {
        let number = TicketNumber(number);
        assert_eq!(word(&get(core, &Actor::System, None, number).await), "NotFound");
        assert_eq!(word(&withdraw(core, &names.cast.member, number).await), "NotFound");
        assert_eq!(word(&approve(core, &Actor::System, number).await), "NotFound");
    }
    for after in ["x", "99999999999999999999", "-1"] {
        let filter = TicketFilter { after: Some(after.to_owned()), ..Default::default() };
        assert!(["after", "Ok"].contains(&word(&desk_list(core, &Actor::System, &filter).await)), "{after}");
    }
    let quota =
        |hour: &str| TicketRequest { per_hour: hour.to_owned(), use_case: "more".to_owned(), ..Default::default() };
    for hour in ["0", "-5", "1e9", "2147483648", "99999999999999999999", "1.5"] {
        let asked = names.ask_as(&names.cast.member, &names.slug, TicketKind::Quota, &quota(hour)).await;
        assert_eq!(word(&asked), "per_hour", "{hour}");
    }
    names.ask_as(&names.cast.member, &names.slug, TicketKind::Quota, &quota("2147483647")).await.expect("the most");
}

#[tokio::test]
async fn a_clock_that_jumps_takes_and_refuses_nothing_that_was_not_watched_long_enough() {
    let names = Names::new().await;
    names.named().await;
    names.forward(NAME, &[]);
    names.sweep().await;
    // Back by an hour: nothing is due, and nothing panics.
    if let crate::Clock::Manual(at) = &names.test.clock {
        at.fetch_sub(3_600_000, std::sync::atomic::Ordering::SeqCst);
    }
    names.sweep().await;
    assert_eq!(names.listed().await.wanted.as_deref(), Some(NAME));
    assert!(!sweep::plan(&names.test.core, &Actor::System).await.expect("a plan").items[0].due);
}

#[tokio::test]
async fn a_back_end_or_a_range_that_changes_while_a_change_waits_leaves_a_clear_end() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.forward(NAME, &[IP]);
    let number = names.ask(NAME).await.expect("a ticket");
    approve(core, &Actor::System, number).await.expect("approved");
    let range = crate::ranges::list(core, &Actor::System).await.expect("ranges").remove(0);
    let backend = range.backend.clone().expect("a back end").id;
    let input = relay_types::range::RangeInput {
        label: range.label.clone(),
        block: range.block.to_string(),
        template: "other{d}.range.example".to_owned(),
        ..Default::default()
    };
    crate::ranges::edit(core, &Actor::System, range.id, &input).await.expect("edited");
    assert_eq!(word(&crate::dns_backends::remove(core, &Actor::System, backend).await), "Conflict", "a change waits");
    // As when it was removed by hand, in the database.
    crate::tables::dns_backend::Entity::delete_by_id(backend.uuid()).exec(core.db.read()).await.expect("gone");
    names.pass(0).await;
    let ticket = names.ticket(number).await;
    assert_eq!(
        (ticket.row.state, ticket.reason.as_deref()),
        (TicketState::Failed, Some("The DNS back end was removed"))
    );
    let found = core.resolver().ptr(ip(IP), core.now()).await;
    assert_eq!(found.names, [DEFAULT]);
}

#[tokio::test]
async fn a_job_that_is_cut_off_anywhere_ends_with_the_same_as_one_that_is_not() {
    let names = Names::new().await;
    let core = &names.test.core;
    let lines: String = (0..3_000).map(|n| format!("10.9.{}.{},bio,line {n}\n", n / 250, n % 250)).collect();
    let range = relay_types::range::RangeInput {
        label: "ten".to_owned(),
        block: "10.0.0.0/8".to_owned(),
        template: "vm-{b}-{c}-{d}.range.example".to_owned(),
        ..Default::default()
    };
    crate::ranges::add(core, &Actor::System, &range).await.expect("a range");
    let id = crate::addresses::import(core, &Actor::System, None, lines).await.expect("an import");
    for cut in 0..200_u64 {
        // As kill -9: the work stops wherever it is, with its transaction open and its lease held.
        let work = jobs::run_due(core, &Actor::System);
        let _ = tokio::time::timeout(Duration::from_millis(5 + 3 * cut), work).await;
        names.test.clock.advance(Duration::from_secs(61));
        let job = jobs::get(core, &Actor::System, id).await.expect("the job");
        assert!(job.done <= job.total && job.changed == job.done, "{job:?}");
        if job.ended_at.is_some() {
            assert_eq!((job.done, job.changed, job.refused_count), (3_000, 3_000, 0));
            return;
        }
    }
    panic!("it never ended");
}
