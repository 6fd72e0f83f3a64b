//! Ranges: what makes one, who may, what is in the way of a change.

use super::*;
use crate::test_support::{Test, word};

fn input(label: &str, block: &str) -> RangeInput {
    RangeInput { label: label.to_owned(), block: block.to_owned(), ..Default::default() }
}

#[tokio::test]
async fn the_desk_sees_ranges_and_operators_change_them() {
    let test = Test::new().await;
    let (project, slug) = test.project("acme").await;
    let cast = test.cast(project, &slug).await;
    let core = &test.core;
    let id = add(core, &cast.operator, &input("Kajaani", "192.0.2.0/24")).await.expect("added");
    let strangers = [
        (&cast.anonymous, "SignedOut"),
        (&cast.owner, "Forbidden"),
        (&cast.viewer, "Forbidden"),
        (&cast.service_account, "Forbidden"),
        (&cast.network, "Forbidden"),
    ];
    for (actor, expected) in strangers {
        assert_eq!(word(&list(core, actor).await), expected, "{actor:?}");
        assert_eq!(word(&get(core, actor, id).await), expected, "{actor:?}");
    }
    for (actor, expected) in strangers.into_iter().chain([(&cast.desk, "Forbidden")]) {
        assert_eq!(word(&add(core, actor, &input("B", "198.51.100.0/24")).await), expected, "{actor:?}");
        assert_eq!(word(&edit(core, actor, id, &input("B", "192.0.2.0/24")).await), expected, "{actor:?}");
        assert_eq!(word(&remove(core, actor, id).await), expected, "{actor:?}");
    }
    assert_eq!(list(core, &cast.desk).await.expect("ranges").len(), 1);
    assert_eq!(get(core, &cast.desk, id).await.expect("the range").label, "Kajaani");
}

#[tokio::test]
async fn each_field_is_judged_in_words() {
    let test = Test::new().await;
    let core = &test.core;
    add(core, &Actor::System, &input("Kajaani", "192.0.2.0/24")).await.expect("added");
    let with = |change: fn(&mut RangeInput)| {
        let mut range = input("New", "198.51.100.0/24");
        change(&mut range);
        range
    };
    for (range, expected) in [
        (with(|range| range.label = " ".to_owned()), "label"),
        (with(|range| range.label = "Kajaani".to_owned()), "label"),
        (with(|range| range.block = "198.51.100.1/24".to_owned()), "block"),
        (with(|range| range.block = "::/0".to_owned()), "block"),
        (with(|range| range.block = "192.0.2.128/25".to_owned()), "block"),
        (with(|range| range.block = "192.0.0.0/16".to_owned()), "block"),
        (with(|range| range.site = "x".repeat(81)), "site"),
        (with(|range| range.template = "vm.example.fi".to_owned()), "template"),
        (with(|range| range.template = "vm{hex}.example.fi".to_owned()), "template"),
        (with(|range| range.zone = "198.51.100.0/24".to_owned()), "zone"),
        (with(|range| range.zone = "2.0.192.in-addr.arpa".to_owned()), "zone"),
        (with(|range| range.zone = "0-127.100.51.198.in-addr.arpa".to_owned()), "zone"),
        (with(|range| range.ttl = "59".to_owned()), "ttl"),
        (with(|range| range.ttl = "604801".to_owned()), "ttl"),
        (with(|range| range.ttl = "an hour".to_owned()), "ttl"),
        (with(|range| range.backend = "ns1".to_owned()), "backend"),
        (with(|range| range.backend = Uuid::now_v7().to_string()), "backend"),
    ] {
        assert_eq!(word(&add(core, &Actor::System, &range).await), expected, "{range:?}");
    }
    let overlap = add(core, &Actor::System, &input("New", "192.0.2.128/25")).await.expect_err("refused");
    assert!(overlap.to_string().contains("Kajaani (192.0.2.0/24)"), "{overlap}");
}

#[tokio::test]
async fn a_range_has_the_plain_zone_and_an_hour_when_nothing_else_is_said() {
    let test = Test::new().await;
    let core = &test.core;
    let id = add(core, &Actor::System, &input("A", "192.0.2.0/24")).await.expect("added");
    let range = get(core, &Actor::System, id).await.expect("the range");
    assert_eq!((range.zone.as_str(), range.ttl, range.backend), ("2.0.192.in-addr.arpa", 3600, None));
    assert_eq!((range.template, range.addresses, range.named), (None, 0, 0));

    let mut classless = input("B", "198.51.100.128/26");
    classless.zone = "128/26.100.51.198.in-addr.arpa.".to_owned();
    classless.template = "Vm{d}.example.fi.".to_owned();
    classless.ttl = "300".to_owned();
    let id = add(core, &Actor::System, &classless).await.expect("added");
    let range = get(core, &Actor::System, id).await.expect("the range");
    assert_eq!((range.zone.as_str(), range.ttl), ("128/26.100.51.198.in-addr.arpa", 300));
    assert_eq!(range.template.expect("a template").as_str(), "vm{d}.example.fi");

    let six = add(core, &Actor::System, &input("C", "2001:db8::/48")).await.expect("added");
    let zone = get(core, &Actor::System, six).await.expect("the range").zone;
    assert_eq!(zone.as_str(), "0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
    let labels: Vec<String> = list(core, &Actor::System).await.expect("ranges").into_iter().map(|r| r.label).collect();
    assert_eq!(labels, ["A", "B", "C"], "by address");
}

#[tokio::test]
async fn a_change_is_audited_with_before_and_after() {
    let test = Test::new().await;
    let operator = test.operator("op@example.org").await;
    let core = &test.core;
    let id = add(core, &operator, &input("A", "192.0.2.0/24")).await.expect("added");
    let mut wider = input("A", "192.0.2.0/23");
    assert_eq!(word(&edit(core, &operator, id, &input("A", "192.0.2.0/24")).await), "Ok");
    assert_eq!(test.audited().await.len(), 1, "what changes nothing is not audited");
    wider.ttl = "600".to_owned();
    assert!(edit(core, &operator, id, &wider).await.expect("edited"));
    remove(core, &operator, id).await.expect("removed");
    assert_eq!(word(&get(core, &operator, id).await), "NotFound");
    assert_eq!(
        test.audited().await,
        ["op@example.org range.remove A", "op@example.org range.edit A", "op@example.org range.add A"]
    );
    let entries = audit::list_all(core, &operator, &Default::default()).await.expect("entries").items;
    let change = |name: &str| {
        let found = entries[1].changes.iter().find(|change| change.field == name).expect(name);
        (found.before.clone().expect("before"), found.after.clone().expect("after"))
    };
    assert_eq!(change("block"), ("192.0.2.0/24".to_owned(), "192.0.2.0/23".to_owned()));
    assert_eq!(change("zone"), ("2.0.192.in-addr.arpa".to_owned(), "0.192.in-addr.arpa".to_owned()));
    assert_eq!(change("ttl"), ("3600".to_owned(), "600".to_owned()));
    assert_eq!(entries[1].changes.len(), 3);
}

#[tokio::test]
async fn of_two_who_add_the_same_block_together_one_succeeds() {
    let test = Test::new().await;
    let (one, other) = (input("A", "192.0.2.0/24"), input("B", "192.0.2.0/25"));
    let (a, b) = tokio::join!(add(&test.core, &Actor::System, &one), add(&test.core, &Actor::System, &other));
    assert!(a.is_ok() != b.is_ok(), "{} {}", word(&a), word(&b));
}
