//! A zone for every finding of SPF.

use crate::{NOW, judged, of, plain, serve};
use relay_dns::{
    Ask, gather,
    judge::{Ours, spf},
};
use relay_types::{
    DomainName,
    finding::{Severity, Severity::*},
    spf::SpfResult,
};

const ZONE: &str = r#"
spf.relay TXT "v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 -all"
good TXT "v=spf1 include:spf.relay.example -all"
good TXT "something else"
parts TXT "v=spf1 include:spf." "relay.example " "~all"
alias CNAME parts
missing A 192.0.2.1
two TXT "v=spf1 mx -all"
two TXT "v=spf1 include:spf.relay.example -all"
syntax TXT "v=spf1 ipv4:192.0.2.10 -all"
quoted TXT "\"v=spf1 mx -all\""
equals TXT "v=spf1 ip4=192.0.2.10 include:spf.relay.example -all"
softfail TXT "v=spf1 mx ~all"
softfail MX 10 mail.softfail
mail.softfail A 198.51.100.1
fail TXT "v=spf1 a -all"
fail A 198.51.100.1
neutral TXT "v=spf1 ip4:198.51.100.1 ?all"
broken TXT "v=spf1 include:nowhere.example -all"
mx TXT "v=spf1 mx -all"
mx MX 5 relay
relay A 192.0.2.10
relay AAAA 2001:db8::10
exists TXT "v=spf1 exists:%{ir}.%{v}.list.example -all"
10.2.0.192.in-addr.list A 127.0.0.2
*.ip6.list A 127.0.0.2
redirect TXT "v=spf1 redirect=%{d1r}.spf.relay.example"
redirect.spf.relay CNAME spf.relay
over TXT "v=spf1 include:i0.over.example include:i1.over.example include:spf.relay.example -all"
i0.over TXT "v=spf1 a:h.example a:h.example a:h.example a:h.example -all"
i1.over TXT "v=spf1 a:h.example a:h.example a:h.example a:h.example -all"
h A 198.51.100.9
h AAAA 2001:db8:9::9
voids TXT "v=spf1 include:spf.relay.example a:g1.example a:g2.example a:g3.example -all"
circle TXT "v=spf1 include:spf.relay.example include:in.circle.example -all"
in.circle TXT "v=spf1 include:circle.example"
open TXT "v=spf1 +all"
none TXT "v=spf1 include:spf.relay.example"
behind TXT "v=spf1 include:spf.relay.example -all mx"
ptr TXT "v=spf1 ptr include:spf.relay.example -all"
"#;

fn ours() -> Ours {
    Ours {
        egress: ["192.0.2.10", "2001:db8::10"].map(|ip| ip.parse().unwrap()).into(),
        ehlo: "relay.example".to_owned(),
        spf_include: Some(DomainName::parse("spf.relay.example").unwrap()),
    }
}

#[tokio::test]
async fn every_finding_has_a_zone() {
    let knot = serve(ZONE, "10 PTR relay.example.\n");
    let resolver = knot.resolver();
    for (name, check, outcome, severity) in [
        ("good", "spf.record", "found", Good),
        ("good", "spf.egress", "pass", Good),
        ("good", "spf.lookups", "good", Good),
        ("good", "spf.all", "fail", Good),
        ("good", "spf.ptr", "good", Good),
        ("parts", "spf.egress", "pass", Good),
        ("parts", "spf.all", "softfail", Good),
        ("alias", "spf.egress", "pass", Good),
        ("missing", "spf.record", "missing", Warning),
        ("nothing-at-all", "spf.record", "missing", Warning),
        ("two", "spf.record", "two_records", Error),
        ("syntax", "spf.record", "syntax", Error),
        ("quoted", "spf.record", "not_recognised", Warning),
        ("equals", "spf.record", "passed_over", Warning),
        ("softfail", "spf.egress", "softfail", Warning),
        ("fail", "spf.egress", "fail", Error),
        ("neutral", "spf.egress", "neutral", Warning),
        ("neutral", "spf.all", "neutral", Warning),
        ("broken", "spf.egress", "permerror", Error),
        ("mx", "spf.egress", "pass", Good),
        ("exists", "spf.egress", "pass", Good),
        ("redirect", "spf.egress", "pass", Good),
        ("redirect", "spf.all", "redirect", Good),
        ("over", "spf.lookups", "over", Error),
        ("over", "spf.egress", "permerror", Error),
        ("voids", "spf.lookups", "voids", Error),
        ("voids", "spf.egress", "pass", Good),
        ("circle", "spf.lookups", "circle", Error),
        ("open", "spf.all", "pass", Error),
        ("none", "spf.all", "none", Warning),
        ("behind", "spf.all", "behind", Warning),
        ("ptr", "spf.ptr", "used", Warning),
    ] {
        let subject = plain(&format!("{name}.example"));
        let (findings, evaluations) = judged(&resolver, |facts| spf::judge(facts, &subject, &ours())).await;
        let found: Option<(&str, Severity)> = of(&findings, check);
        assert_eq!(found, Some((outcome, severity)), "{name} {check}: {findings:#?}\n{evaluations:#?}");
    }
}

#[tokio::test]
async fn a_server_that_is_away_makes_everything_unknown_and_nothing_bad() {
    let mut knot = serve(ZONE, "");
    let resolver = knot.resolver();
    knot.stop();
    let subject = plain("good.example");
    for ask in [Ask::Authoritative, Ask::Resolver] {
        let ((findings, evaluations), _) =
            gather(&resolver, ask, NOW, |facts| spf::judge(facts, &subject, &ours())).await;
        assert_eq!(of(&findings, "spf.record"), Some(("unknown", Unknown)), "{findings:#?}");
        assert_eq!(findings.len(), 1);
        assert!(evaluations.iter().all(|one| one.result == SpfResult::TempError));
    }
}
