//! `spf.record`: there once, readable, and made so.

use super::*;

#[test]
fn the_record_is_there_once_and_can_be_read() {
    for (record, outcome, severity, publish) in [
        ("v=spf1 include:spf.relay.example -all", "found", Good, None),
        ("other", "missing", Warning, Some("v=spf1 include:spf.relay.example ~all")),
        ("\"v=spf1 mx -all\"", "not_recognised", Warning, Some("v=spf1 mx include:spf.relay.example -all")),
        (
            "v=spf1include:a.example -all",
            "not_recognised",
            Warning,
            Some("v=spf1 include:a.example include:spf.relay.example -all"),
        ),
        (" v=spf1 mx -all", "not_recognised", Warning, Some("v=spf1 mx include:spf.relay.example -all")),
        ("v=spf1; mx; -all;", "not_recognised", Warning, Some("v=spf1 mx include:spf.relay.example -all")),
        ("v=spf10 mx", "missing", Warning, Some("v=spf1 include:spf.relay.example ~all")),
        (
            "v=spf1 ipv4:198.51.100.1 mx, all.",
            "syntax",
            Error,
            Some("v=spf1 ip4:198.51.100.1 mx include:spf.relay.example all"),
        ),
        (
            "v=spf1 198.51.100.1 2001:db8::5/64 -all",
            "syntax",
            Error,
            Some("v=spf1 ip4:198.51.100.1 ip6:2001:db8::5/64 include:spf.relay.example -all"),
        ),
        (
            "v=spf1 ip:2001:db8::5 includes:a.example include:spf.relay.example -all",
            "syntax",
            Error,
            Some("v=spf1 ip6:2001:db8::5 include:a.example include:spf.relay.example -all"),
        ),
        (
            "v=spf1 what:ever redirect:a.example redirect=b.example",
            "syntax",
            Error,
            Some("v=spf1 include:spf.relay.example redirect=a.example"),
        ),
        (
            "v=spf1 ip4=198.51.100.1 include=a.example mx v=spf1 -all",
            "passed_over",
            Warning,
            Some("v=spf1 ip4:198.51.100.1 include:a.example mx include:spf.relay.example -all"),
        ),
        ("v=spf1 x=y include:spf.relay.example -all", "found", Good, None),
    ] {
        check(record, "spf.record", outcome, severity, publish);
    }
    check_zone("d.example FAILS SERVFAIL", &with_include(), "spf.record", "unknown", Unknown, None);
}

#[test]
fn two_records_are_made_one() {
    for (one, two, publish) in [
        ("v=spf1 mx -all", "v=spf1 include:spf.relay.example -all", "v=spf1 include:spf.relay.example mx -all"),
        ("v=spf1 mx -all", "v=spf1 a MX ~all", "v=spf1 a MX include:spf.relay.example ~all"),
        ("v=spf1 mx", "v=spf1 a -all", "v=spf1 a mx include:spf.relay.example ~all"),
        ("v=spf1 redirect=x.example", "v=spf1 a -all", "v=spf1 a include:x.example include:spf.relay.example ~all"),
        ("v=spf1 +all", "v=spf1 a -all", "v=spf1 a include:spf.relay.example ~all"),
        (
            "v=spf1 mx exp=x.example -all",
            "v=spf1 foo exp=y.example -all",
            "v=spf1 exp=y.example mx include:spf.relay.example -all",
        ),
    ] {
        let zone = format!("d.example TXT {one}\nd.example TXT {two}");
        check_zone(&zone, &with_include(), "spf.record", "two_records", Error, Some(publish));
        let all = findings(&zone, &with_include());
        assert_eq!(all.len(), 1, "nothing else is judged");
        assert_eq!(all[0].changes[0].found.len(), 2);
    }
    let three = "d.example TXT v=spf1 ip4:192.0.2.10 -all\nd.example TXT v=spf1 ip6:2001:db8::/32 -all\nd.example TXT v=spf1 mx -all";
    check_zone(
        three,
        &with_include(),
        "spf.record",
        "two_records",
        Error,
        Some("v=spf1 ip4:192.0.2.10 ip6:2001:db8::/32 mx -all"),
    );
    check_zone(
        three,
        &without_include(),
        "spf.record",
        "two_records",
        Error,
        Some("v=spf1 ip4:192.0.2.10 ip6:2001:db8::/32 mx -all"),
    );
}

/// What fits into one answer of DNS, made to be laborious.
#[test]
fn many_long_and_broken_records_are_judged_quickly() {
    let words = |begin: usize| (begin..begin + 600).map(|number| format!(" x{number:x}")).collect::<String>();
    let zone: String = (0..16).map(|number| format!("d.example TXT v=spf1{}\n", words(number * 600))).collect();
    let began = std::time::Instant::now();
    let found = findings(&zone, &with_include()).remove(0);
    assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(found.outcome, "two_records");
    assert!(found.details.len() < 60, "{}", found.details.len());
}

#[test]
fn long_records_say_how_they_are_split() {
    let many: String = (0..20).map(|i| format!(" ip4:198.51.100.{i}")).collect();
    let zone = format!("d.example TXT v=spf1{many} -all");
    let found = found(&zone, &with_include(), "spf.egress");
    let split = found.details.iter().find(|detail| detail.contains("strings in one record")).unwrap();
    let joined: String = split.split('"').skip(1).step_by(2).collect();
    assert_eq!(Some(joined), found.changes[0].publish);
    assert!(split.split('"').skip(1).step_by(2).all(|string| string.len() <= 255), "{split}");
}

/// Records of any words: whatever is proposed can be read, and has ours once.
#[test]
fn what_is_proposed_can_be_read_whatever_was_there() {
    let words = [
        "a",
        "mx",
        "-all",
        "~all",
        "ALL",
        "ptr",
        "ip4:192.0.2.0/24",
        "ip4:192.0.2.10",
        "ip4:1.2.3",
        "ipv4:192.0.2.1",
        "ip4=192.0.2.1",
        "include:spf.relay.example",
        "-include:spf.relay.example",
        "Include:SPF.relay.example",
        "include:gone.example",
        "include=x.example",
        "includes:x.example",
        "redirect=x.example",
        "redirect:x.example",
        "redirect=spf.provider.example",
        "exp=e.example",
        "exp=",
        "v=spf1",
        "\"",
        ";",
        "192.0.2.1",
        "2001:db8::10",
        "mail.example",
        "%{d}",
        "a:%{d2}.",
        "exists:%{i}.x.example",
        "all.",
        "mx,",
        "?",
        "ip6:::/0",
        "é",
        "a:a..b",
    ];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let mut proposed = 0;
    for turn in 0..1500 {
        let records = 1 + usize::from(turn % 5 == 0);
        let zone: String = (0..records)
            .map(|_| {
                let length = next(7);
                let terms: String = (0..length).map(|_| format!(" {}", words[next(words.len())])).collect();
                format!("d.example TXT {}v=spf1{terms}\n", if turn % 11 == 0 { "\"" } else { "" })
            })
            .collect();
        for (ours, terms) in [
            (with_include(), vec!["include:spf.relay.example"]),
            (without_include(), vec!["ip4:192.0.2.10", "ip6:2001:db8::10"]),
        ] {
            for finding in findings(&zone, &ours) {
                for change in finding.changes.iter().filter(|change| change.name == "d.example") {
                    proposed += 1;
                    let text = change.publish.as_deref().unwrap();
                    assert!(crate::spf::Record::parse(text).is_ok(), "{zone}{text:?}\n{finding:#?}");
                    let added = change.added.iter().flat_map(|added| added.split(' '));
                    for term in added.filter(|term| terms.contains(term)) {
                        let bare =
                            |word: &&str| word.trim_start_matches(['+', '-', '~', '?']).eq_ignore_ascii_case(term);
                        assert_eq!(text.split(' ').filter(bare).count(), 1, "{zone}{text:?}\n{finding:#?}");
                    }
                    assert!(change.added.iter().all(|added| text.contains(added.as_str())), "{zone}{finding:#?}");
                }
            }
        }
    }
    assert!(proposed > 1000, "{proposed}");
}
