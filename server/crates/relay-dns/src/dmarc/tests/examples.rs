//! The examples of RFC 9989, each by its section.

use super::*;

const NONE: &str = "v=DMARC1; p=none";

fn is_aligned(records: &[(&str, &str)], mode: Mode, from: &str, vouched: &str) -> bool {
    judged(&zone(records), |facts| aligned(facts, mode, from, vouched)).0.unwrap()
}

fn policy_of(records: &[(&str, &str)], domain: &str) -> Option<String> {
    judged(&zone(records), |facts| find(facts, domain)).0.unwrap().policy.map(|policy| policy.of)
}

/// RFC 9989 §4.4, table 1; and that domains are compared in any case (RFC 4343).
#[test]
fn table_1_of_alignment() {
    let records = [("example.com", NONE), ("example.net", NONE)];
    for (vouched, from, strict, relaxed) in [
        ("foo.example.com", "news.example.com", false, true),
        ("news.example.com", "news.example.com", true, true),
        ("foo.example.net", "news.example.com", false, false),
        ("Foo.EXAMPLE.com", "news.example.com", false, true),
        ("NEWS.example.com", "news.example.com", true, true),
    ] {
        assert_eq!(is_aligned(&records, Mode::Strict, from, vouched), strict, "{vouched} {from}");
        assert_eq!(is_aligned(&records, Mode::Relaxed, from, vouched), relaxed, "{vouched} {from}");
    }
}

/// RFC 9989 §4.10.2: a domain that is identical to the one of the sender needs no walk.
#[test]
fn identical_domains_ask_nothing() {
    let answers = zone(&[]);
    answers.set_temporary_failure("_dmarc.mail.example.com", "SERVFAIL");
    let (found, facts) =
        judged(&answers, |facts| aligned(facts, Mode::Relaxed, "mail.example.com", "mail.example.com"));
    assert_eq!((found, facts.len()), (Ok(true), 0));
}

/// RFC 9989 §B.1.1 and §B.1.2, three examples each.
#[test]
fn b_1_alignment_of_spf_and_dkim() {
    let records = [("example.com", NONE), ("example.net", NONE)];
    for (section, vouched, from, strict, relaxed) in [
        ("B.1.1, 1", "example.com", "example.com", true, true),
        ("B.1.1, 2", "child.example.com", "example.com", false, true),
        ("B.1.1, 3", "example.net", "child.example.com", false, false),
        ("B.1.2, 1", "example.com", "example.com", true, true),
        ("B.1.2, 2", "example.com", "child.example.com", false, true),
        ("B.1.2, 3", "example.net", "child.example.com", false, false),
    ] {
        assert_eq!(is_aligned(&records, Mode::Strict, from, vouched), strict, "{section}");
        assert_eq!(is_aligned(&records, Mode::Relaxed, from, vouched), relaxed, "{section}");
    }
}

/// RFC 9989 §B.2.1 to §B.2.5: records of domain owners, strings of a TXT record joined as §4.5 says.
#[test]
fn b_2_records_of_domain_owners() {
    let rua = "dmarc-feedback@example.com";
    let test = "tld-test@thirdparty.example.net";
    let outside = "auth-reports@thirdparty.example.net";
    for (section, strings, policy, testing, reports, failure_reports) in [
        (
            "B.2.1",
            vec!["v=DMARC1; p=none; ", "rua=mailto:dmarc-feedback@example.com"],
            Request::None,
            false,
            vec![rua],
            vec![],
        ),
        (
            "B.2.2",
            vec![
                "v=DMARC1; p=none; ",
                "rua=mailto:dmarc-feedback@example.com; ",
                "ruf=mailto:auth-reports@example.com",
            ],
            Request::None,
            false,
            vec![rua],
            vec!["auth-reports@example.com"],
        ),
        (
            "B.2.3",
            vec![
                "v=DMARC1; p=none; ",
                "rua=mailto:dmarc-feedback@example.com; ",
                "ruf=mailto:auth-reports@thirdparty.example.net",
            ],
            Request::None,
            false,
            vec![rua],
            vec![outside],
        ),
        (
            "B.2.5, on trial",
            vec![
                "v=DMARC1; p=quarantine; ",
                "rua=mailto:dmarc-feedback@example.com,",
                "mailto:tld-test@thirdparty.example.net; ",
                "t=y",
            ],
            Request::Quarantine,
            true,
            vec![rua, test],
            vec![],
        ),
        (
            "B.2.5",
            vec![
                "v=DMARC1; p=reject; ",
                "rua=mailto:dmarc-feedback@example.com,",
                "mailto:tld-test@thirdparty.example.net",
            ],
            Request::Reject,
            false,
            vec![rua, test],
            vec![],
        ),
    ] {
        let answers = FixedAnswers::new();
        answers.set_txt("_dmarc.example.com", &[&strings.concat()]);
        let found = judged(&answers, |facts| find(facts, "example.com")).0.unwrap().policy.unwrap();
        assert_eq!((found.request, found.record.testing), (Some(policy), testing), "{section}");
        assert_eq!(
            (found.record.reports, found.record.failure_reports),
            (own(&reports), own(&failure_reports)),
            "{section}"
        );
        assert_eq!((found.record.faults, found.record.old), (vec![], vec![]), "{section}");
    }
}

fn own(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// RFC 9989 §B.2.3 and RFC 9990 §4: the name at which reports are allowed.
#[test]
fn b_2_3_the_name_of_the_permission() {
    assert_eq!(
        authorization_name("example.com", "thirdparty.example.net"),
        "example.com._report._dmarc.thirdparty.example.net"
    );
    assert_eq!(
        authorization_name("blue.example.com", "red.example.net"),
        "blue.example.com._report._dmarc.red.example.net"
    );
}

/// RFC 9989 §B.3.1: SPF vouches for a name below, a signature for the domain itself.
#[test]
fn b_3_1_a_session() {
    let record = "v=DMARC1; p=reject; aspf=r; rua=mailto:dmarc-feedback@example.com";
    let records = [("example.com", record)];
    let found = judged(&zone(&records), |facts| find(facts, "example.com")).0.unwrap().policy.unwrap();
    assert_eq!(
        (found.request, found.record.spf, found.record.dkim),
        (Some(Request::Reject), Mode::Relaxed, Mode::Relaxed)
    );
    assert!(is_aligned(&records, found.record.spf, "example.com", "mail.example.com"));
    assert!(is_aligned(&records, found.record.dkim, "example.com", "example.com"));
}

/// RFC 9989 §B.4.1.
#[test]
fn b_4_1_a_simple_walk() {
    let records = [("example.com", NONE), ("signing.example.com", NONE)];
    assert_eq!(organization(&records, "example.com"), "example.com");
    assert_eq!(organization(&records, "signing.example.com"), "example.com");
    assert!(is_aligned(&records, Mode::Relaxed, "example.com", "example.com"));
    assert!(is_aligned(&records, Mode::Relaxed, "example.com", "signing.example.com"));
    assert_eq!(policy_of(&records, "example.com").as_deref(), Some("example.com"));
}

/// RFC 9989 §B.4.2.
#[test]
fn b_4_2_a_deep_walk() {
    let records = [("example.com", NONE), ("signing.example.com", NONE)];
    let author = "a.b.c.d.e.f.g.h.i.j.k.example.com";
    let found = judged(&zone(&records), |facts| find(facts, author)).0.unwrap();
    let names = ["g.h.i.j.k", "h.i.j.k", "i.j.k", "j.k", "k"].map(|below| format!("_dmarc.{below}.example.com"));
    assert_eq!(found.names[0], format!("_dmarc.{author}"));
    assert_eq!(found.names[1..6], names);
    assert_eq!(found.names[6..], ["_dmarc.example.com", "_dmarc.com"]);
    assert_eq!(organization(&records, author), "example.com");
    assert!(is_aligned(&records, Mode::Relaxed, author, "example.com"));
    assert!(is_aligned(&records, Mode::Relaxed, author, "signing.example.com"));
    assert_eq!(found.policy.map(|policy| (policy.of, policy.inherited)), Some(("example.com".to_owned(), true)));
}

/// RFC 9989 §B.4.3.
#[test]
fn b_4_3_a_record_of_a_public_suffix() {
    let records = [("bank.example", "v=DMARC1; p=reject; psd=y"), ("giant.bank.example", NONE)];
    let author = "giant.bank.example";
    assert_eq!(organization(&records, author), author);
    assert_eq!(organization(&records, "mail.giant.bank.example"), author);
    assert_eq!(organization(&records, "mail.mega.bank.example"), "mega.bank.example");
    assert!(is_aligned(&records, Mode::Relaxed, author, "mail.giant.bank.example"));
    assert!(!is_aligned(&records, Mode::Relaxed, author, "mail.mega.bank.example"));
    assert_eq!(policy_of(&records, author).as_deref(), Some(author));
    // What it leaves open: the other has no record of its own, and the suffix speaks for it (§4.10.1).
    assert_eq!(policy_of(&records, "mail.mega.bank.example").as_deref(), Some("bank.example"));
}
