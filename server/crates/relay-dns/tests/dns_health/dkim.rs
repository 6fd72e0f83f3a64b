//! A zone for every finding about keys.

use crate::{ED25519, RSA, judged, key, of, plain, serve, strings};
use relay_dns::judge::{OurKey, Subject, dkim};
use relay_types::{
    domain::DkimAlgorithm,
    finding::{Finding, Severity, Severity::*},
};

/// Each name is a domain below `example` whose selector `s` is judged.
fn zone() -> String {
    let public = RSA.split_once("p=").unwrap().1;
    let with = |tags: &str| strings(&format!("v=DKIM1; {tags}; k=rsa; p={public}"));
    let texts = [
        ("good", strings(RSA)),
        ("less", format!("\"{}\" \"{}\"", &RSA[..30], &RSA[30..200])),
        (
            "three",
            format!("\"{}\" \"{}\" \"{}\"", &RSA[..30], &RSA[30..31], &RSA[31..280]) + &format!(" \"{}\"", &RSA[280..]),
        ),
        ("spaces", format!("\"{}\" \"{}   {}\"", &RSA[..200], &RSA[200..230], &RSA[230..])),
        ("quotes", strings(&format!("\"{}\" \"{}\"", &RSA[..200], &RSA[200..]))),
        ("testing", with("t=y")),
        ("strict", with("t=s; s=email; h=sha256; n=by hand")),
        ("sha1", with("h=sha1")),
        ("tlsrpt", with("s=tlsrpt")),
        ("revoked", strings("v=DKIM1; k=rsa; p=")),
        ("garbled", strings("v=DKIM1; k=rsa; p=MIIB***")),
        (
            "other",
            strings(&RSA.replacen(
                "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA",
                "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEB",
                1,
            )),
        ),
        ("ed", strings(ED25519)),
        ("twice", strings(&format!("{RSA}; k=rsa"))),
    ];
    let mut zone: String = texts.iter().map(|(name, text)| format!("s._domainkey.{name} TXT {text}\n")).collect();
    zone += &format!("s._domainkey.keys TXT {}\ns._domainkey.keys TXT {}\n", strings(RSA), strings(ED25519));
    // Everything below has one SPF record, so a selector that was never made answers with it.
    zone += "*.wildcard TXT \"v=spf1 -all\"\n";
    zone += &format!("s._domainkey.deep.example.deep TXT {}\n", strings(RSA));
    // Seed 004: the selector is an alias of the domain itself.
    zone += &format!(
        "s._domainkey.seed CNAME seed\nseed TXT \"v=spf1 ip4:192.0.2.122 -all\"\nseed TXT {}\n\
         seed TXT \"v=DMARC1; p=reject; ruf=mailto:postmaster@seed.example\"\n",
        strings(RSA)
    );
    zone += &format!("s._domainkey.alias CNAME one.alias\none.alias CNAME two.alias\ntwo.alias TXT {}\n", strings(RSA));
    zone += "s._domainkey.dangling CNAME nowhere.dangling\n";
    zone += &format!("s._domainkey.delegated CNAME s.d1.keys\ns.d1.keys TXT {}\n", strings(RSA));
    zone + "s._domainkey.elsewhere CNAME s.d2.keys\n"
}

#[tokio::test]
async fn every_state_of_a_selector_has_a_zone() {
    let knot = serve(&zone(), "");
    let resolver = knot.resolver();
    for (name, outcome, severity) in [
        ("good", "good", Good),
        ("three", "good", Good),
        ("spaces", "good", Good),
        ("strict", "good", Good),
        ("alias", "good", Good),
        ("testing", "testing", Warning),
        ("nothing-here", "missing", Error),
        ("deep", "missing", Error),
        ("less", "cut_off", Error),
        ("quotes", "quotes", Error),
        ("sha1", "no_sha256", Error),
        ("tlsrpt", "not_for_mail", Error),
        ("revoked", "revoked", Error),
        ("garbled", "broken_key", Error),
        ("other", "another_key", Error),
        ("ed", "algorithm", Error),
        ("twice", "syntax", Error),
        ("keys", "several_keys", Error),
        ("wildcard", "not_a_key", Error),
        ("seed", "alias_answers_spf", Error),
        ("dangling", "alias_to_nothing", Error),
    ] {
        let subject = subject(&format!("{name}.example"), None);
        let findings = judged(&resolver, |facts| dkim::judge(facts, &subject)).await;
        let found: Option<(&str, Severity)> = of(&findings, "dkim.s");
        assert_eq!(found, Some((outcome, severity)), "{name}: {findings:#?}");
    }
}

#[tokio::test]
async fn seed_004_is_told_in_words() {
    let knot = serve(&zone(), "");
    let subject = subject("seed.example", None);
    let findings = judged(&knot.resolver(), |facts| dkim::judge(facts, &subject)).await;
    assert_eq!(findings[0].title, "s is an alias of the domain itself, so it answers with SPF and DMARC as well");
    let changes: Vec<_> =
        findings[0].changes.iter().map(|change| (change.kind.as_str(), change.name.as_str())).collect();
    let name = "s._domainkey.seed.example";
    assert_eq!(changes, [("CNAME", name), ("TXT", name), ("TXT", "seed.example")]);
    assert_eq!(findings[0].changes[1].publish.as_deref(), Some(RSA));
}

#[tokio::test]
async fn a_delegated_key_is_followed_to_us() {
    let knot = serve(&zone(), "");
    let resolver = knot.resolver();
    for (name, outcome, severity) in [
        ("delegated", "delegated", Good),
        ("good", "offered", Note),
        ("nothing-here", "offered", Note),
        ("elsewhere", "wrong_target", Warning),
    ] {
        let subject = subject(&format!("{name}.example"), Some("d1.keys.example"));
        let findings = judged(&resolver, |facts| dkim::judge(facts, &subject)).await;
        assert_eq!(of(&findings, "dkim.delegation"), Some((outcome, severity)), "{name}: {findings:#?}");
    }
    let subject = subject("delegated.example", Some("d1.keys.example"));
    let findings: Vec<Finding> = judged(&resolver, |facts| dkim::judge(facts, &subject)).await;
    assert_eq!(of(&findings, "dkim.s"), Some(("good", Good)));
    assert_eq!(
        findings[0].details[0],
        "s._domainkey.delegated.example is an alias (CNAME) of s.d1.keys.example, which this relay publishes."
    );
}

fn subject(domain: &str, delegated_to: Option<&str>) -> Subject {
    let keys: Vec<OurKey> = vec![key("s", DkimAlgorithm::RsaSha256, RSA)];
    Subject { keys, delegated_to: delegated_to.map(str::to_owned), ..plain(domain) }
}
