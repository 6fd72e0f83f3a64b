use super::*;
use crate::judge::tests::judged;
use crate::{FixedAnswers, facts::Kind};

mod examples;

fn zone(records: &[(&str, &str)]) -> FixedAnswers {
    let answers = FixedAnswers::new();
    for (domain, text) in records {
        answers.set_txt(&format!("_dmarc.{domain}"), &[text]);
    }
    answers
}

fn organization(records: &[(&str, &str)], domain: &str) -> String {
    judged(&zone(records), |facts| organizational(facts, domain)).0.unwrap()
}

/// RFC 9989 §4.10: the names of a walk.
#[test]
fn a_walk_asks_eight_times_at_most() {
    let asked = |domain: &str| judged(&zone(&[]), |facts| find(facts, domain)).0.unwrap().names;
    assert_eq!(
        asked("a.b.c.d.e.f.g.h.i.j.mail.example.com"),
        [
            "_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com",
            "_dmarc.g.h.i.j.mail.example.com",
            "_dmarc.h.i.j.mail.example.com",
            "_dmarc.i.j.mail.example.com",
            "_dmarc.j.mail.example.com",
            "_dmarc.mail.example.com",
            "_dmarc.example.com",
            "_dmarc.com",
        ]
    );
    // RFC 9989 §5.1.8: the cut at b.c.d.e.f.g.example.com is never seen.
    let asked_of_long = asked("mail.a.b.c.d.e.f.g.example.com");
    assert_eq!(asked_of_long.len(), 8);
    assert_eq!(asked_of_long[1], "_dmarc.c.d.e.f.g.example.com");
    assert_eq!(asked("a.b.c.d.e.f.example.com").len(), 8, "eight labels");
    assert_eq!(asked("mail.example.com"), ["_dmarc.mail.example.com", "_dmarc.example.com", "_dmarc.com"]);
}

/// The three examples of RFC 9989 §4.10.2, and what they leave open.
#[test]
fn the_organizational_domain_is_found() {
    let (none, n, y) = ("v=DMARC1; p=none", "v=DMARC1; p=none; psd=n", "v=DMARC1; p=none; psd=y");
    let domain = "a.mail.example.com";
    for (records, expected) in [
        (vec![("mail.example.com", none), ("example.com", none)], "example.com"),
        (vec![("mail.example.com", n), ("example.com", none)], "mail.example.com"),
        (vec![("com", y)], "example.com"),
        (vec![], domain),
        (vec![(domain, none)], domain),
        (vec![("com", none)], "com"),
        (vec![("example.com", y)], "mail.example.com"),
        (vec![(domain, y)], domain),
        (vec![("mail.example.com", "v=DMARC1; psd=u"), ("com", y)], "example.com"),
    ] {
        assert_eq!(organization(&records, domain), expected, "{records:?}");
    }
}

#[test]
fn two_records_at_a_name_count_as_none() {
    let answers = zone(&[("example.com", "v=DMARC1; p=reject")]);
    answers.set_txt("_dmarc.mail.example.com", &["v=DMARC1; p=none", "v=DMARC1; p=quarantine", "hello"]);
    let found = judged(&answers, |facts| find(facts, "mail.example.com")).0.unwrap();
    assert_eq!((found.several.len(), found.others), (2, vec!["hello".to_owned()]));
    assert_eq!(
        found.policy.map(|policy| (policy.of, policy.request)),
        Some(("example.com".into(), Some(Request::Reject)))
    );
}

#[test]
fn the_policy_of_a_name_below_is_that_of_its_tag() {
    let policy = |record: &str, exists: bool| {
        let answers = zone(&[("example.com", record)]);
        if exists {
            answers.set_addresses("mail.example.com", &["192.0.2.1".parse().unwrap()]);
        }
        let found = judged(&answers, |facts| find(facts, "mail.example.com")).0.unwrap();
        found.policy.map(|policy| (policy.request, policy.applied()))
    };
    use Request::{None as Nothing, Quarantine, Reject};
    let both = |request| Some((Some(request), Some(request)));
    for (record, exists, expected) in [
        ("v=DMARC1; p=reject", true, both(Reject)),
        ("v=DMARC1; p=reject; sp=none", true, both(Nothing)),
        ("v=DMARC1; p=none; sp=quarantine; np=reject", true, both(Quarantine)),
        ("v=DMARC1; p=none; sp=quarantine; np=reject", false, both(Reject)),
        ("v=DMARC1; p=none; np=reject", true, both(Nothing)),
        ("v=DMARC1; p=reject; t=y", true, Some((Some(Reject), Some(Quarantine)))),
        ("v=DMARC1; p=quarantine; t=y", true, Some((Some(Quarantine), Some(Nothing)))),
        ("v=DMARC1; rua=mailto:a@example.com", true, both(Nothing)),
        ("v=DMARC1; p=foo", true, Some((None, None))),
        ("v=DMARC1; p=reject; sp=foo; rua=mailto:a@example.com", true, both(Nothing)),
        ("v=dmarc1; p=reject", true, None),
        ("p=reject; v=DMARC1", true, None),
    ] {
        assert_eq!(policy(record, exists), expected, "{record}, {exists}");
    }
}

/// RFC 9989 §4.10.1: the record of a public suffix applies where the organization has none.
#[test]
fn a_public_suffix_speaks_for_those_who_are_silent() {
    let answers = zone(&[("bank", "v=DMARC1; p=reject; psd=y")]);
    let of = |domain: &str| judged(&answers, |facts| find(facts, domain)).0.unwrap().policy.map(|policy| policy.of);
    assert_eq!(of("mail.my.bank").as_deref(), Some("bank"));
    answers.set_txt("_dmarc.my.bank", &["v=DMARC1; p=none"]);
    assert_eq!(of("mail.my.bank").as_deref(), Some("my.bank"));
}

/// What the examples of RFC 9989 §B.1 leave open.
#[test]
fn domains_are_aligned_strictly_or_by_their_organization() {
    let answers = zone(&[("example.com", "v=DMARC1; p=none"), ("other.example", "v=DMARC1; p=none")]);
    for (mode, from, vouched, expected) in [
        (Mode::Strict, "example.com", "example.com", true),
        (Mode::Strict, "example.com", "EXAMPLE.com", true),
        (Mode::Strict, "example.com", "child.example.com", false),
        (Mode::Relaxed, "example.com", "child.example.com", true),
        (Mode::Relaxed, "child.example.com", "example.com", true),
        (Mode::Relaxed, "example.com", "example.net", false),
        (Mode::Relaxed, "example.com", "other.example", false),
        (Mode::Relaxed, "nowhere.test", "a.nowhere.test", false),
    ] {
        let (found, _) = judged(&answers, |facts| aligned(facts, mode, from, vouched));
        assert_eq!(found, Ok(expected), "{mode:?} {from} {vouched}");
    }
}

#[test]
fn what_dns_does_not_say_is_an_error_and_no_absence() {
    let answers = zone(&[]);
    answers.set_temporary_failure("_dmarc.example.com", "SERVFAIL");
    let (found, _) = judged(&answers, |facts| find(facts, "mail.example.com"));
    assert_eq!(found, Err("_dmarc.example.com: SERVFAIL".to_owned()));
    // A record at the name itself needs nothing from above.
    answers.set_txt("_dmarc.mail.example.com", &["v=DMARC1; p=reject"]);
    let (found, facts) = judged(&answers, |facts| find(facts, "mail.example.com"));
    assert_eq!(found.map(|found| found.policy.map(|policy| policy.request)), Ok(Some(Some(Request::Reject))));
    assert_eq!(facts.len(), 1);
    let _ = facts.get("_dmarc.mail.example.com", Kind::Txt);
}

#[test]
fn a_record_is_read_and_its_faults_are_named() {
    let record = |text: &str| Record::parse(text).unwrap();
    let all = record(
        "v = DMARC1 ;p=Reject; sp = quarantine; np=none; adkim=s; aspf=S; psd=n; t=y; fo=1:d; \
         rua=mailto:a@Example.com, mailto:b@other.example; ruf=mailto:c@example.com;",
    );
    assert_eq!((all.policy, all.subdomains), (Some(Request::Reject), Some(Request::Quarantine)));
    assert_eq!((all.nonexistent, all.dkim, all.spf), (Some(Request::None), Mode::Strict, Mode::Strict));
    assert_eq!((all.public_suffix, all.testing), (Some(false), true));
    assert_eq!((all.reports, all.failure_reports.len()), (vec!["a@example.com".into(), "b@other.example".into()], 1));
    assert_eq!((all.faults, all.old), (vec![], vec![]));

    let text = |text: &str| text.to_owned();
    for (found, faults) in [
        ("v=DMARC1", vec![Fault::NoPolicy]),
        ("v=DMARC1; p=block", vec![Fault::BadPolicy(text("p"), text("block"))]),
        ("v=DMARC1; p=none; p=reject", vec![Fault::Twice(text("p"))]),
        (
            "v=DMARC1; p=none; adkim=x; t=maybe",
            vec![Fault::BadValue(text("adkim"), text("x")), Fault::BadValue(text("t"), text("maybe"))],
        ),
        (
            "v=DMARC1; p=none; colour=red; nonsense",
            vec![Fault::Unknown(text("colour")), Fault::Malformed(text("nonsense"))],
        ),
        ("v=DMARC1; p=none; fo=0:1", vec![Fault::BadValue(text("fo"), text("0:1"))]),
        ("v=DMARC1; p=none; fo=d:d", vec![Fault::BadValue(text("fo"), text("d:d"))]),
        ("v=DMARC1; p=none; fo=s:0:d", vec![]),
        ("v=DMARC1; p=none; rua=a@example.com", vec![Fault::BadAddress(text("a@example.com"))]),
        ("v=DMARC1; p=none; rua=https://example.com/", vec![Fault::BadAddress(text("https://example.com/"))]),
        ("v=DMARC1; p=none; rua=mailto:a@example.com!10m", vec![Fault::SizeLimit(text("mailto:a@example.com!10m"))]),
    ] {
        assert_eq!(record(found).faults, faults, "{found}");
    }
    let old = record("v=DMARC1; p=none; pct=50; rf=afrf; ri=3600").old;
    assert_eq!(old.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>(), ["pct", "rf", "ri"]);
    for no_record in ["v=DMARC2; p=none", "V=DMARC1; p=none", " v=DMARC1; p=none", "v=spf1 -all", "", "\"v=DMARC1\""] {
        assert_eq!(Record::parse(no_record), None, "{no_record}");
    }
}

#[test]
fn what_is_generated_is_read_as_it_was_meant() {
    assert_eq!(
        first(&DomainName::parse("uni.example").unwrap()),
        "v=DMARC1; p=none; rua=mailto:postmaster@uni.example"
    );
    let wish = Wish {
        policy: Request::Reject,
        subdomains: Some(Request::Quarantine),
        reports: vec!["a!b@uni.example".to_owned(), "c@uni.example".to_owned()],
        testing: true,
        strict_dkim: true,
        strict_spf: true,
    };
    let text = generate(&wish);
    assert_eq!(
        text,
        "v=DMARC1; p=reject; sp=quarantine; adkim=s; aspf=s; t=y; rua=mailto:a%21b@uni.example,mailto:c@uni.example"
    );
    let record = Record::parse(&text).unwrap();
    assert_eq!(
        (record.policy, record.subdomains, record.testing),
        (Some(Request::Reject), Some(Request::Quarantine), true)
    );
    assert_eq!((record.reports.len(), record.faults), (2, vec![]));
}
