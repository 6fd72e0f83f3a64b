//! `relaykeep dns`: how a report reads in a terminal.

use super::*;
use relay_types::{
    Timestamp,
    finding::{Link, RecordChange, Severity, Subject},
    prediction::{DkimPrediction, DmarcPrediction, ForwardedPrediction, Prediction, ReceiverPrediction},
    spf::SpfStep,
};

fn finding(subject: Subject, severity: Severity, title: &str, effect: &str) -> Finding {
    Finding {
        check: "x".to_owned(),
        outcome: "x".to_owned(),
        subject,
        severity,
        title: title.to_owned(),
        effect: effect.to_owned(),
        details: Vec::new(),
        changes: Vec::new(),
        link: None,
        asked: Vec::new(),
    }
}

fn report() -> Report {
    let change = RecordChange {
        name: "gene.example".to_owned(),
        kind: "TXT".to_owned(),
        found: vec!["v=spf1 mx -all".to_owned()],
        publish: Some("v=spf1 mx include:spf.relay.example -all".to_owned()),
        added: Some("include:spf.relay.example".to_owned()),
    };
    let spf = Finding {
        details: vec!["192.0.2.10: fail".to_owned()],
        changes: vec![change],
        link: Some(Link { text: "Read more".to_owned(), url: "https://x.example/".to_owned() }),
        ..finding(Subject::Spf, Severity::Error, "SPF does not include this relay", "Gmail will refuse this.")
    };
    let step = |depth, term: &str, said: &str, decided| SpfStep {
        depth,
        domain: "gene.example".to_owned(),
        term: term.to_owned(),
        said: said.to_owned(),
        decided,
        lookups: 1,
    };
    Report {
        about: "gene.example".to_owned(),
        findings: vec![
            spf,
            finding(Subject::Dmarc, Severity::Unknown, "DNS did not answer", "Nothing is known."),
            finding(Subject::Mx, Severity::Good, "Mail is taken at mx.gene.example", "Answers arrive."),
        ],
        evaluations: vec![SpfEvaluation {
            ip: "192.0.2.10".parse().expect("an address"),
            domain: "gene.example".to_owned(),
            sender: "postmaster@relay.example".to_owned(),
            helo: "relay.example".to_owned(),
            result: SpfResult::Fail,
            because: "-all matched in the record of gene.example".to_owned(),
            explanation: Some("go\u{1b}[2Jaway\u{202e}".to_owned()),
            lookups: 1,
            voids: 0,
            steps: vec![
                step(0, "v=spf1 mx -all", "read", false),
                step(1, "mx", "does not match", false),
                step(1, "-all", "matches", true),
            ],
        }],
        predictions: vec![Prediction {
            from: "gene.example".to_owned(),
            envelope: "gene.example".to_owned(),
            egress: "192.0.2.10".parse().ok(),
            spf: SpfResult::Fail,
            spf_because: "-all matched".to_owned(),
            spf_aligned: false,
            dkim: DkimPrediction::Pass,
            dkim_because: "rk1 verifies".to_owned(),
            dkim_aligned: true,
            dmarc: DmarcPrediction::Pass,
            dmarc_because: "DKIM is aligned".to_owned(),
            receivers: vec![ReceiverPrediction {
                receiver: "Gmail".to_owned(),
                fate: Fate::Accepted,
                because: "DMARC passes.".to_owned(),
            }],
            forwarded: Some(ForwardedPrediction { fate: Fate::Accepted, because: "The signature stays.".to_owned() }),
        }],
        answers: Vec::new(),
        checked_at: Timestamp(0),
    }
}

#[test]
fn a_report_reads_well_in_a_terminal() {
    insta::assert_snapshot!(text(&safe(&report()).expect("a report")));
}

#[test]
fn a_report_without_findings_says_so() {
    let report = Report { findings: Vec::new(), evaluations: Vec::new(), predictions: Vec::new(), ..report() };
    assert_eq!(text(&report), "gene.example: nothing to mend\n");
}

#[test]
fn what_others_published_begins_no_line_and_reaches_no_terminal() {
    let mut report = report();
    report.findings[0].changes[0].found = vec!["v=spf1\ngood     SPF: forged\r\u{9b}2J\u{2028}".to_owned()];
    report.evaluations[0].because = "-all\n  forged".to_owned();
    let shown = text(&safe(&report).expect("a report"));
    assert!(!shown.lines().any(|line| line.starts_with("good     SPF") || line.trim() == "forged"), "{shown}");
    let odd = |text: &str| text.chars().any(|c| c != '\n' && is_odd(c));
    assert!(!odd(&shown), "{shown:?}");
    let json = escaped(&serde_json::to_string_pretty(&report).expect("JSON"));
    assert!(!odd(&json), "{json:?}");
    assert_eq!(serde_json::from_str::<Report>(&json).expect("JSON"), report);
}
