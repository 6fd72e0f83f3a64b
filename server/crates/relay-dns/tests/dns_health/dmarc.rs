//! A zone for every finding about DMARC.

use crate::{ED25519, RSA, judged, key, of, plain, serve, strings};
use relay_dns::{
    dmarc,
    judge::{Ours, Subject, dmarc::judge, spf},
};
use relay_types::{domain::DkimAlgorithm, finding::Severity::*};

const ZONE: &str = r#"
_dmarc.good TXT "v=DMARC1; p=reject; " "rua=mailto:dmarc@good.example"
_dmarc.none TXT "v=DMARC1; p=none"
_dmarc.test TXT "v=DMARC1; p=reject; t=y"
_dmarc.two TXT "v=DMARC1; p=none"
_dmarc.two TXT "v=DMARC1; p=reject"
_dmarc.case TXT "v=dmarc1; p=reject"
_dmarc.bad TXT "v=DMARC1; p=block"
_dmarc.odd TXT "v=DMARC1; p=reject; colour=red"
_dmarc.nopolicy TXT "v=DMARC1; rua=mailto:dmarc@nopolicy.example"
_dmarc.old TXT "v=DMARC1; p=reject; pct=20; ri=3600"
place TXT "v=DMARC1; p=reject"
_dmarc.alias CNAME _dmarc.good
_dmarc.org TXT "v=DMARC1; p=reject; sp=quarantine; np=reject"
mail.org A 192.0.2.1
_dmarc.psd TXT "v=DMARC1; p=quarantine; psd=y"
mail.of.psd A 192.0.2.1
_dmarc.out TXT "v=DMARC1; p=none; rua=mailto:a@reports.example"
_dmarc.allowed TXT "v=DMARC1; p=none; rua=mailto:a@reports.example"
allowed.example._report._dmarc.reports TXT "v=DMARC1"
_dmarc.any TXT "v=DMARC1; p=none; rua=mailto:a@any-reports.example"
*._report._dmarc.any-reports TXT "v=DMARC1"
_dmarc.both TXT "v=DMARC1; p=reject; adkim=s; aspf=s"
both TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.spf TXT "v=DMARC1; p=reject"
spf TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.signed TXT "v=DMARC1; p=reject"
_dmarc.ed TXT "v=DMARC1; p=reject"
e._domainkey.ed TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
"#;

#[tokio::test]
async fn every_finding_has_a_zone() {
    let signed = ["both", "signed"].map(|name| format!("s._domainkey.{name} TXT {}\n", strings(RSA))).concat();
    let knot = serve(&format!("{ZONE}{signed}"), "");
    let resolver = knot.resolver();
    let ours =
        Ours { egress: vec!["192.0.2.10".parse().unwrap()], ehlo: "mx.relay.example".to_owned(), spf_include: None };
    for (name, check, outcome, severity) in [
        ("good", "dmarc.record", "found", Good),
        ("good", "dmarc.policy", "reject", Good),
        ("good", "dmarc.reports", "good", Good),
        ("alias", "dmarc.record", "found", Good),
        ("none", "dmarc.policy", "none", Note),
        ("none", "dmarc.reports", "none", Note),
        ("test", "dmarc.policy", "testing", Note),
        ("two", "dmarc.record", "several", Warning),
        ("case", "dmarc.record", "unreadable", Warning),
        ("bad", "dmarc.record", "bad_policy", Warning),
        ("odd", "dmarc.record", "oddities", Note),
        ("nopolicy", "dmarc.record", "no_policy", Warning),
        ("old", "dmarc.old_tags", "part", Warning),
        ("place", "dmarc.record", "wrong_place", Warning),
        ("nothing-here", "dmarc.record", "missing", Warning),
        ("mail.org", "dmarc.record", "inherited", Good),
        ("mail.org", "dmarc.policy", "quarantine", Good),
        ("no-such-name.org", "dmarc.policy", "reject", Good),
        ("mail.of.psd", "dmarc.policy", "quarantine", Good),
        ("out", "dmarc.reports", "not_authorized", Warning),
        ("allowed", "dmarc.reports", "good", Good),
        ("any", "dmarc.reports", "good", Good),
        ("both", "dmarc.alignment", "both", Good),
        ("spf", "dmarc.alignment", "by_spf", Warning),
        ("signed", "dmarc.alignment", "by_dkim", Good),
        ("ed", "dmarc.alignment", "ed25519", Error),
        ("good", "dmarc.alignment", "neither", Error),
        ("none", "dmarc.alignment", "neither", Warning),
    ] {
        let keys = vec![key("s", DkimAlgorithm::RsaSha256, RSA), key("e", DkimAlgorithm::Ed25519Sha256, ED25519)];
        let subject = Subject { keys, ..plain(&format!("{name}.example")) };
        let findings = judged(&resolver, |facts| judge(facts, &subject, &spf::judge(facts, &subject, &ours).1)).await;
        assert_eq!(of(&findings, check), Some((outcome, severity)), "{name}: {findings:#?}");
    }
}

#[tokio::test]
async fn the_walk_finds_whose_policy_it_is() {
    let knot = serve(ZONE, "");
    let resolver = knot.resolver();
    for (domain, of, organization) in [
        ("good.example", Some("good.example"), "good.example"),
        ("a.b.org.example", Some("org.example"), "org.example"),
        ("mail.of.psd.example", Some("psd.example"), "of.psd.example"),
        ("a.b.nothing.example", None, "a.b.nothing.example"),
    ] {
        let found = judged(&resolver, |facts| (dmarc::find(facts, domain), dmarc::organizational(facts, domain))).await;
        assert_eq!(found.0.unwrap().policy.map(|policy| policy.of).as_deref(), of, "{domain}");
        assert_eq!(found.1.as_deref(), Ok(organization));
    }
}
