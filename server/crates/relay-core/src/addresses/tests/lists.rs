//! Lists: searches, tabs, pages, and what a row says.

use super::*;
use relay_types::{address::AddressState, page::PageSize};

async fn found(world: &World, filter: &AddressFilter) -> Vec<String> {
    let page = list_all(world.core(), &Actor::System, filter).await.expect("a page");
    page.items.into_iter().map(|row| row.address).collect()
}

fn search(text: &str) -> AddressFilter {
    AddressFilter { search: Some(text.to_owned()), ..Default::default() }
}

#[tokio::test]
async fn addresses_are_found_by_their_text_their_names_and_what_holds_them() {
    let world = World::new().await;
    world.assigned("2001:db8:1::/48", "acme").await;
    let own = world.assigned("2001:db8:1::5", "acme").await;
    world.assigned("192.0.2.7", "acme").await;
    world.assigned("192.0.2.70", "acme-neighbour").await;
    world.name(own, "www.acme.example").await;
    for (text, expected) in [
        ("192.0.2.7", vec!["192.0.2.7", "192.0.2.70"]),
        ("2.70", vec!["192.0.2.70"]),
        ("192.0.2.0/29", vec!["192.0.2.7"]),
        ("2001:DB8:1:0::9", vec!["2001:db8:1::/48"]),
        ("2001:db8:1::5", vec!["2001:db8:1::/48", "2001:db8:1::5"]),
        ("2001:db8::/32", vec!["2001:db8:1::/48", "2001:db8:1::5"]),
        ("WWW.acme", vec!["2001:db8:1::5"]),
        ("acme-neighbour", vec!["192.0.2.70"]),
        ("nothing", vec![]),
    ] {
        assert_eq!(found(&world, &search(text)).await, expected, "{text}");
    }
    let own = async |text: &str| {
        let page = list(world.core(), &world.cast.viewer, &world.slug, &search(text)).await.expect("a page");
        page.items.len()
    };
    assert_eq!(own("192.0.2.70").await, 0, "another project's");
    assert_eq!(own("acme-neighbour").await, 0, "a project's list knows no other projects");
}

#[tokio::test]
async fn tabs_tell_names_defaults_and_what_is_wrong_apart() {
    let world = World::new().await;
    let [named, plain, missing, gone] = [
        world.assigned("192.0.2.1", "acme").await,
        world.assigned("192.0.2.2", "acme").await,
        world.assigned("192.0.2.3", "acme").await,
        world.assigned("192.0.2.4", "acme").await,
    ];
    for id in [named, missing, gone] {
        world.name(id, "www.acme.example").await;
    }
    let stands = async |id: AddressId, fcrdns: &str, since: Option<i64>| {
        let (fcrdns, missing_since) = (Set(Some(fcrdns.to_owned())), Set(since));
        let change = ActiveModel { id: Set(id.uuid()), fcrdns, missing_since, ..Default::default() };
        change.update(world.core().db.read()).await.expect("stored");
    };
    stands(named, "pass", None).await;
    stands(plain, "permerror", None).await;
    stands(missing, "pass", Some(world.core().now().0)).await;
    stands(gone, "permerror", None).await;
    let of = async |state| found(&world, &AddressFilter { state: Some(state), ..Default::default() }).await;
    assert_eq!(of(AddressState::Named).await, ["192.0.2.1", "192.0.2.3", "192.0.2.4"]);
    assert_eq!(of(AddressState::Default).await, ["192.0.2.2"]);
    assert_eq!(of(AddressState::Wrong).await, ["192.0.2.3", "192.0.2.4"]);
}

#[tokio::test]
async fn pages_follow_each_other_by_address_without_gap() {
    let world = World::new().await;
    let lines: String = (0..=255).rev().map(|d| format!("192.0.2.{d},acme\n")).collect();
    super::import::imported(&world, &lines).await;
    world.assigned("192.0.2.0/24", "acme").await;
    let mut filter = AddressFilter::default();
    let mut seen = Vec::new();
    loop {
        let page = list(world.core(), &Actor::System, &world.slug, &filter).await.expect("a page");
        assert!(page.items.len() <= 50);
        seen.extend(page.items.into_iter().filter(|row| !row.prefix).map(|row| row.address));
        filter.after = page.next;
        if filter.after.is_none() {
            break;
        }
    }
    assert_eq!(seen, (0..=255).map(|d| format!("192.0.2.{d}")).collect::<Vec<_>>());
    filter.size = PageSize::Download;
    let whole = list(world.core(), &Actor::System, &world.slug, &filter).await.expect("a page");
    assert_eq!((whole.items.len(), whole.next), (257, None));
    for after in ["x", "zz.1", "04.nothing", ""] {
        filter.after = Some(after.to_owned());
        assert_eq!(word(&list(world.core(), &Actor::System, &world.slug, &filter).await), "after", "{after}");
    }
}

#[tokio::test]
async fn a_row_says_its_range_its_default_its_ticket_and_when_it_loses_its_name() {
    let world = World::new().await;
    let id = world.assigned("192.0.2.7", "acme").await;
    world.ticket(id, 12).await;
    let detail = world.get(id).await;
    let row = detail.address;
    assert_eq!((row.range.label.as_str(), row.range.zone.as_str()), ("Four", "2.0.192.in-addr.arpa"));
    assert_eq!((row.default.as_deref(), row.ticket), (Some("vm7.example.fi"), Some(12)));
    assert_eq!((row.found, row.checked_at, row.loses_name_at), (None, None, None));

    world.name(id, "www.acme.example").await;
    let now = world.core().now();
    let grace = world.core().config().reverse_dns.grace;
    let change = ActiveModel { id: Set(id.uuid()), missing_since: Set(Some(now.0)), ..Default::default() };
    change.update(world.core().db.read()).await.expect("stored");
    assert_eq!(world.get(id).await.address.loses_name_at, Some(now.plus(grace)));
    let change = ActiveModel { id: Set(id.uuid()), kept: Set(true), ..Default::default() };
    change.update(world.core().db.read()).await.expect("stored");
    assert_eq!(world.get(id).await.address.loses_name_at, None, "an operator keeps it");

    let closed = crate::tables::project::ActiveModel {
        id: Set(world.project.uuid()),
        closed_at: Set(Some(now.0)),
        ..Default::default()
    };
    closed.update(world.core().db.read()).await.expect("closed");
    let grace = world.core().config().reverse_dns.closed_grace;
    assert_eq!(world.get(id).await.address.loses_name_at, Some(now.plus(grace)));
}
