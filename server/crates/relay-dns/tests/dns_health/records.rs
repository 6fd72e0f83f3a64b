//! A zone for every finding about proof, mail servers, and what is noted beside.

use crate::{judged, of, plain, serve};
use relay_dns::judge::{Subject, mx, notes, proof};
use relay_types::finding::{Finding, Severity::*};

const ZONE: &str = r#"
_relaykeep-challenge.good TXT "k3v9"
_relaykeep-challenge.other TXT "k3v8"
good MX 10 mx1.good
good MX 20 mx2.good
mx1.good A 192.0.2.1
mx2.good AAAA 2001:db8::2
implicit A 192.0.2.1
null MX 0 .
beside MX 0 .
beside MX 10 mx1.good
alias MX 10 mail.alias
mail.alias CNAME mx1.good
literal MX 10 192.0.2.1.
noaddress MX 10 nowhere.noaddress
half MX 10 mx1.good
half MX 20 nowhere.half
private MX 10 mail.private
mail.private A 10.0.0.1
_mta-sts.good TXT "v=STSv1; id=20260101;"
mta-sts.good A 192.0.2.1
_mta-sts.half TXT "v=STSv1; id=20260101;"
_mta-sts.null TXT "v=STSv1;"
_smtp._tls.good TXT "v=TLSRPTv1; rua=mailto:tls@good.example"
_smtp._tls.null TXT "v=TLSRPTv1;"
good CAA 0 issue "ca.example"
default._bimi.good TXT "v=BIMI1; l=https://good.example/l.svg; a=https://good.example/l.pem"
_dmarc.good TXT "v=DMARC1; p=reject"
default._bimi.null TXT "v=BIMI1; l=https://null.example/l.svg"
default._bimi.half TXT "v=BIMI1; l=https://half.example/l.svg"
_dmarc.half TXT "v=DMARC1; p=quarantine"
default._bimi.alias TXT "v=BIMI1; l="
default._bimi.beside TXT "v=BIMI2"
signed NS ns1.test.
signed DS 1 13 2 E2D3C916F6DEEAC73294E8268FB5885044A833FC5459588F4A9184CFC41A5766
"#;

#[tokio::test]
async fn every_finding_has_a_zone() {
    let knot = serve(ZONE, "");
    let resolver = knot.resolver();
    for (name, check, outcome, severity) in [
        ("good", "proof.record", "found", Good),
        ("other", "proof.record", "other_value", Error),
        ("missing", "proof.record", "missing", Error),
        ("good", "mx.record", "found", Good),
        ("good", "mx.hosts", "good", Good),
        ("implicit", "mx.record", "implicit", Note),
        ("missing", "mx.record", "nowhere", Error),
        ("null", "mx.record", "null", Error),
        ("beside", "mx.record", "null_beside_others", Warning),
        ("alias", "mx.hosts", "alias", Error),
        ("literal", "mx.hosts", "address_literal", Error),
        ("noaddress", "mx.hosts", "no_address", Error),
        ("half", "mx.hosts", "no_address", Warning),
        ("private", "mx.hosts", "private_address", Error),
        ("good", "mta_sts.record", "found", Good),
        ("half", "mta_sts.record", "no_host", Note),
        ("null", "mta_sts.record", "syntax", Note),
        ("missing", "mta_sts.record", "missing", Note),
        ("good", "tls_rpt.record", "found", Good),
        ("null", "tls_rpt.record", "syntax", Note),
        ("missing", "tls_rpt.record", "missing", Note),
        ("good", "caa.record", "found", Good),
        ("below.good", "caa.record", "found", Good),
        ("missing", "caa.record", "missing", Note),
        ("good", "bimi.record", "found", Good),
        ("half", "bimi.record", "no_certificate", Note),
        ("null", "bimi.record", "no_policy", Note),
        ("alias", "bimi.record", "no_logo", Note),
        ("beside", "bimi.record", "syntax", Note),
        ("missing", "bimi.record", "missing", Note),
        ("missing", "dnssec.signed", "unsigned", Note),
    ] {
        let domain = format!("{name}.example");
        let proof = Some((format!("_relaykeep-challenge.{domain}"), "k3v9".to_owned()));
        let subject = Subject { proof, ..plain(&domain) };
        let findings: Vec<Finding> = judged(&resolver, |facts| {
            let judges = [proof::judge(facts, &subject), mx::judge(facts, &subject), notes::judge(facts, &subject)];
            judges.concat()
        })
        .await;
        assert_eq!(of(&findings, check), Some((outcome, severity)), "{name}: {findings:#?}");
    }
}

#[tokio::test]
async fn a_signed_zone_is_seen_in_the_zone_above() {
    let knot = serve(ZONE, "");
    let (findings, _) = relay_dns::gather(&knot.resolver(), relay_dns::Ask::Resolver, crate::NOW, |facts| {
        notes::judge(facts, &plain("signed.example"))
    })
    .await;
    assert_eq!(of(&findings, "dnssec.signed"), Some(("signed", Good)), "{findings:#?}");
}
