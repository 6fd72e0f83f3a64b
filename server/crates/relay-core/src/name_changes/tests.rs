//! Changes of names that meet what can go wrong. The wire itself is tested against real servers elsewhere.

use super::*;
use crate::test_support::{
    names::{DEFAULT, IP, NAME, Names, ip},
    word,
};
use relay_types::{
    reverse::{PtrFound, ServerAnswer},
    ticket::TicketState,
};

async fn approved(names: &Names) -> relay_types::ticket::TicketNumber {
    names.forward(NAME, &[IP]);
    let number = names.ask(NAME).await.expect("a ticket");
    tickets::approve(&names.test.core, &Actor::System, number).await.expect("approved");
    number
}

#[tokio::test]
async fn what_somebody_else_changed_in_between_is_not_overwritten() {
    let names = Names::new().await;
    let number = approved(&names).await;
    names.dns.set_ptr(ip(IP), &["somebody.else.example"]);
    names.pass(0).await;
    let ticket = names.ticket(number).await;
    assert_eq!(ticket.row.state, TicketState::Failed);
    let reason = ticket.reason.expect("a reason");
    assert!(reason.contains("Somebody else changed it in between"), "{reason}");
    assert!(reason.contains(DEFAULT) && reason.contains("somebody.else.example"), "{reason}");
    assert_eq!(names.listed().await.wanted, None);
    // Taken up again, the desk decides by what is there now.
    tickets::reopen(&names.test.core, &names.cast.member, number, "ours").await.expect("reopened");
    tickets::approve(&names.test.core, &Actor::System, number).await.expect("approved");
    let change = names.change().await.expect("a change");
    assert_eq!(change.before.as_deref(), Some(r#"["somebody.else.example"]"#));
}

#[tokio::test]
async fn what_is_there_already_is_not_written_again() {
    let names = Names::new().await;
    let number = approved(&names).await;
    names.dns.set_ptr(ip(IP), &[NAME]);
    names.pass(0).await;
    names.pass(2).await;
    let ticket = names.ticket(number).await;
    assert_eq!(ticket.row.state, TicketState::Done, "{ticket:?}");
    assert_eq!(ticket.change.expect("a change").by_hand, None);
}

#[tokio::test]
async fn a_record_that_does_not_come_is_given_up_and_the_address_keeps_its_name() {
    let names = Names::new().await;
    let number = approved(&names).await;
    names.pass(0).await;
    let change = names.change().await.expect("a change");
    // Said to be applied, but it was not.
    confirm_applied(&names.test.core, &names.cast.desk, NameChangeId::from_uuid(change.id)).await.expect("confirmed");
    names.pass(2).await;
    assert_eq!(names.state(number).await, TicketState::Verifying);
    let error = names.ticket(number).await.change.expect("a change").error;
    let why = format!("Not every server of the zone has it yet: fixed answers says {DEFAULT}");
    assert_eq!(error, Some(why));
    names.pass(8 * 86_400).await;
    let ticket = names.ticket(number).await;
    assert_eq!(ticket.row.state, TicketState::Failed);
    assert!(ticket.reason.expect("a reason").starts_with("Not seen everywhere within 7 days"));
    assert_eq!(names.listed().await.wanted, None);
}

#[tokio::test]
async fn the_last_change_is_rolled_back_with_one_action() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.named().await;
    let change = NameChangeId::from_uuid(names.change().await.expect("a change").id);
    names.test.clock.advance(std::time::Duration::from_secs(3_600));
    assert_eq!(word(&roll_back(core, &names.cast.desk, change).await), "password");
    roll_back(core, &Actor::System, change).await.expect("ordered");
    assert_eq!(word(&roll_back(core, &Actor::System, change).await), "Conflict");
    names.pass(0).await;
    names.apply_by_hand().await;
    assert_eq!(names.listed().await.wanted, None);
    let row = crate::addresses::row(core.db.read(), names.address.uuid()).await.expect("the address");
    let changes = of_address(core, &row, None).await.expect("changes");
    let seen: Vec<_> = changes.iter().map(|change| (change.cause, change.after.as_deref(), change.state)).collect();
    use NameChangeState::Done;
    assert_eq!(seen, [(ChangeCause::RollBack, Some(DEFAULT), Done), (ChangeCause::Ticket, Some(NAME), Done)]);
    assert!(changes[0].can_roll_back && !changes[1].can_roll_back);
}

#[tokio::test]
async fn a_range_that_nothing_writes_takes_no_order() {
    let names = Names::new().await;
    let core = &names.test.core;
    let ranges = crate::ranges::list(core, &Actor::System).await.expect("ranges");
    let without = relay_types::range::RangeInput {
        label: ranges[0].label.clone(),
        block: ranges[0].block.to_string(),
        ..Default::default()
    };
    crate::ranges::edit(core, &Actor::System, ranges[0].id, &without).await.expect("edited");
    names.forward(NAME, &[IP]);
    let number = names.ask(NAME).await.expect("a ticket");
    let error = tickets::approve(core, &Actor::System, number).await.expect_err("nothing to write with").to_string();
    assert!(error.contains("has no DNS back end"), "{error}");
    assert_eq!(names.state(number).await, TicketState::Ready);
}

#[tokio::test]
async fn only_the_desk_confirms_and_rolls_back() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.named().await;
    let change = NameChangeId::from_uuid(names.change().await.expect("a change").id);
    for (actor, refusal) in names.cast.refused_by_the_desk() {
        assert_eq!(word(&confirm_applied(core, actor, change).await), refusal, "{actor:?}");
        assert_eq!(word(&roll_back(core, actor, change).await), refusal, "{actor:?}");
        assert_eq!(word(&run_due(core, actor).await), refusal, "{actor:?}");
    }
    assert_eq!(word(&run_due(core, &names.cast.operator).await), "Forbidden");
}

#[tokio::test]
async fn a_name_of_one_project_is_not_rolled_back_onto_an_address_of_another() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.named().await;
    let remove = relay_types::ticket::TicketRequest { address: IP.to_owned(), ..Default::default() };
    let kind = relay_types::ticket::TicketKind::RemovePtr;
    let removal = names.ask_as(&names.cast.member, &names.slug, kind, &remove).await.expect("a ticket");
    tickets::approve(core, &Actor::System, removal).await.expect("approved");
    names.pass(0).await;
    names.apply_by_hand().await;
    addresses::release(core, &Actor::System, names.address).await.expect("released");
    let neighbour = relay_types::project::Slug::parse("bio-neighbour").expect("a slug");
    names.assign(&neighbour, IP).await;
    let change = NameChangeId::from_uuid(names.change().await.expect("a change").id);
    assert_eq!(word(&roll_back(core, &Actor::System, change).await), "Conflict");
    assert!(!names.ticket(removal).await.can.roll_back);
}

#[tokio::test]
async fn a_server_that_is_silent_or_behind_is_named() {
    let names = Names::new().await;
    let number = approved(&names).await;
    names.pass(0).await;
    names.apply_by_hand().await;
    assert_eq!(names.state(number).await, TicketState::Done);
    let row = names.change().await.expect("a change");
    let answers = |said: [(&str, bool, &str); 2]| PtrFound {
        servers: said
            .map(|(server, temporary, name)| ServerAnswer {
                server: server.to_owned(),
                said: if temporary { "no answer in 6 s".to_owned() } else { name.to_owned() },
                records: vec![name.to_owned()].into_iter().filter(|name| !name.is_empty()).collect(),
                temporary,
            })
            .into(),
        address: ip(IP),
        owner: row.owner.clone(),
        alias: false,
        names: vec![NAME.to_owned()],
        zone: row.zone.clone(),
        ttl: None,
        agreed: true,
        certain: true,
        asked_at: names.test.core.now(),
    };
    let all = answers([("ns1", false, NAME), ("ns2", false, "WWW.bio.example")]);
    assert_eq!((work::is_there(&row, &all), work::behind(&row, &all)), (true, None));
    let silent = answers([("ns1", false, NAME), ("ns2", true, "")]);
    let why = "Not every server of the zone has it yet: ns2 does not answer: no answer in 6 s";
    assert_eq!((work::is_there(&row, &silent), work::behind(&row, &silent)), (true, Some(why.to_owned())));
    let lost = PtrFound { zone: String::new(), certain: false, ..answers([("resolver", true, ""), ("x", true, "")]) };
    let why = "The servers of the zone cannot be found now: no answer in 6 s";
    assert_eq!(work::behind(&row, &lost).as_deref(), Some(why));
}
