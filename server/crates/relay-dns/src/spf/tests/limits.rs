//! RFC 7208 §4.6.4: how much a check may ask; and the count of a whole record.

use super::*;
use SpfResult::{Fail, Pass, PermError};

/// `n` includes in a row, each of a record that lets nobody in.
fn includes(n: usize) -> String {
    let terms: String = (0..n).map(|i| format!(" include:i{i}.example")).collect();
    let records: String = (0..n).map(|i| format!("i{i}.example TXT v=spf1 ip4:198.51.100.{i}\n")).collect();
    format!("{records}d.example TXT v=spf1{terms} ip4:192.0.2.10 -all")
}

fn cost(zone: &str) -> Cost {
    judged(zone, |facts| count(facts, &question("192.0.2.10")))
}

#[test]
fn ten_look_ups_are_allowed_and_eleven_are_not() {
    assert_eq!(check(&includes(10), "192.0.2.10", Pass, "ip4:192.0.2.10 matched").lookups, 10);
    let found = check(
        &includes(11),
        "192.0.2.10",
        PermError,
        "more than 10 DNS look-ups: include:i10.example in the record of d.example is one too many",
    );
    assert_eq!(found.lookups, 11);
    // Who matches before gets through: this is why the whole record is counted as well.
    check(&includes(11), "198.51.100.3", Pass, "i3.example");
    assert_eq!(cost(&includes(11)).lookups, 11);
}

#[test]
fn each_of_the_terms_counts_once_and_networks_do_not() {
    let zone = "d.example TXT v=spf1 a mx ptr exists:d.example include:x.example ip4:198.51.100.1 ip6:2001:db8::1 redirect=y.example exp=e.example\n\
                d.example A 192.0.2.1\nd.example MX 5 d.example\n192.0.2.10 PTR q.example\nq.example A 192.0.2.77\n\
                x.example TXT v=spf1 -all\ny.example TXT v=spf1 -all exp=e.example\ne.example TXT no";
    // `exists` matches, so the others are looked at by the count alone.
    assert_eq!(check(zone, "192.0.2.10", Pass, "exists").lookups, 4);
    let without = zone.replace(" exists:d.example", " exists:z.example");
    let found = check(&without, "192.0.2.10", Fail, "in the record of y.example");
    assert_eq!((found.lookups, found.voids, found.explanation.as_deref()), (6, 1, Some("no")));
    let whole = cost(zone);
    assert_eq!((whole.lookups, whole.voids, whole.is_partial), (6, 0, false));
    let terms: Vec<_> = whole.terms.iter().map(|term| (term.term.as_str(), term.lookups)).collect();
    assert_eq!(
        terms,
        [("a", 1), ("mx", 1), ("ptr", 1), ("exists:d.example", 1), ("include:x.example", 1), ("redirect=y.example", 1)]
    );
    assert_eq!(whole.ptr, [("d.example".to_owned(), "ptr".to_owned())]);
}

#[test]
fn includes_of_includes_count_and_a_circle_ends() {
    let zone =
        "d.example TXT v=spf1 include:x.example -all\nx.example TXT v=spf1 a include:d.example\nx.example A 192.0.2.1";
    let found = check(zone, "192.0.2.10", PermError, "more than 10 DNS look-ups");
    assert!(found.steps.len() < 50, "{}", found.steps.len());
    let whole = cost(zone);
    assert_eq!((whole.lookups, whole.circle.as_deref()), (3, Some("d.example")));
    let to_itself = "d.example TXT v=spf1 redirect=d.example";
    check(to_itself, "192.0.2.10", PermError, "more than 10 DNS look-ups: redirect=d.example");
    // Each record includes two others, and so on: counting ends.
    let wide: String = (0..60)
        .map(|i| format!("w{i}.example TXT v=spf1 include:w{}.example include:w{}.example\n", i + 1, i + 2))
        .collect();
    let whole = cost(&format!("{wide}d.example TXT v=spf1 include:w0.example -all"));
    assert!(whole.is_partial && whole.lookups == 50, "{whole:?}");
}

#[test]
fn two_empty_answers_are_allowed_and_three_are_not() {
    let zone = |n: usize| {
        let terms: String = (0..n).map(|i| format!(" a:gone{i}.example")).collect();
        format!("d.example TXT v=spf1{terms} mx:none.example ip4:192.0.2.10 -all")
    };
    assert_eq!(check(&zone(1), "192.0.2.10", Pass, "").voids, 2);
    let found = check(&zone(2), "192.0.2.10", PermError, "more than 2 look-ups had no answer: mx:none.example");
    assert_eq!((found.voids, found.lookups), (3, 3));
    let whole = cost(&zone(4));
    assert_eq!((whole.lookups, whole.voids), (5, 5));
    assert_eq!(whole.empty[0], ("d.example".to_owned(), "a:gone0.example".to_owned()));
    // A name that has only the other family's addresses answers nothing.
    let six = "d.example TXT v=spf1 a mx ip6:2001:db8::1 -all\nd.example A 192.0.2.1\nd.example MX 5 m.example\nm.example A 192.0.2.2";
    assert_eq!(check(six, "2001:db8::1", Pass, "").voids, 2);
    assert_eq!(check(six, "192.0.2.3", Fail, "").voids, 0);
    assert_eq!(check("d.example TXT v=spf1 ptr -all", "192.0.2.10", Fail, "").voids, 1);
}

#[test]
fn ten_exchangers_are_allowed_and_eleven_are_not() {
    let zone = |n: usize| {
        let hosts: String =
            (0..n).map(|i| format!("d.example MX 5 m{i}.example\nm{i}.example A 192.0.2.{i}\n")).collect();
        format!("{hosts}d.example TXT v=spf1 mx -all")
    };
    assert_eq!(check(&zone(10), "192.0.2.9", Pass, "").lookups, 1);
    check(
        &zone(11),
        "192.0.2.1",
        PermError,
        "mx in the record of d.example leads to 11 mail exchangers, and 10 are allowed",
    );
    // One host with two preferences is asked once.
    check(&format!("{}\nd.example MX 9 m0.example", zone(10)), "192.0.2.9", Pass, "");
}

#[test]
fn names_of_an_address_beyond_the_tenth_are_not_looked_at() {
    let zone = |n: usize| {
        let names: String = (0..n).map(|i| format!("192.0.2.10 PTR a{i:02}.other.example\n")).collect();
        format!("{names}192.0.2.10 PTR z.d.example\nz.d.example A 192.0.2.10\nd.example TXT v=spf1 ptr -all")
    };
    check(&zone(9), "192.0.2.10", Pass, "");
    check(&zone(10), "192.0.2.10", Fail, "");
}

#[test]
fn what_is_behind_all_costs_nothing() {
    let whole = cost("d.example TXT v=spf1 a -all mx include:x.example redirect=y.example\nd.example A 192.0.2.1");
    assert_eq!((whole.lookups, whole.terms.len()), (1, 1));
}
