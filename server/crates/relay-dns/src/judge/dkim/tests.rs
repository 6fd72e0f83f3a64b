use super::*;
use crate::{
    FixedAnswers,
    judge::tests::{judged, shown, zone},
};
use relay_types::{DomainName, domain::DkimAlgorithm};

const NAME: &str = "rk2026a._domainkey.uni.example";

fn rsa() -> String {
    include_str!("../../dkim/rsa2048.txt").trim().to_owned()
}

fn public() -> String {
    rsa().split_once("p=").unwrap().1.to_owned()
}

const ED: &str = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
/// RFC 6376 §C.2.
const RSA_1024: &str = "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt\
                        IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gb\
                        to/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB";
const RSA_768: &str = "v=DKIM1; k=rsa; p=MHwwDQYJKoZIhvcNAQEBBQADawAwaAJhAKpXA0pSPY7AIv2Mkc6wFgal2sEitD/SeQa+1P\
                       zTm8AquWpYlLCSmFBO0Lb04QWTlHR4q+8W6izUDzLmb2M9Lch3W3AATwb35ALM2MsWMd95tzR2Pi/Dw7u6Xra/PB7jOwIDAQAB";

fn key(value: &str) -> OurKey {
    OurKey {
        selector: "rk2026a".to_owned(),
        algorithm: DkimAlgorithm::RsaSha256,
        value: value.to_owned(),
        signs: true,
        retiring: false,
    }
}

fn subject(keys: Vec<OurKey>, delegated_to: Option<&str>) -> Subject {
    Subject {
        domain: DomainName::parse("uni.example").unwrap(),
        keys,
        proof: None,
        delegated_to: delegated_to.map(str::to_owned),
        next_selectors: Vec::new(),
    }
}

fn texts(texts: &[&str]) -> FixedAnswers {
    let answers = FixedAnswers::new();
    answers.set_txt(NAME, texts);
    answers
}

fn judge_key(answers: &FixedAnswers, key: OurKey) -> Finding {
    let (mut findings, _) = judged(answers, |facts| judge(facts, &subject(vec![key.clone()], None)));
    findings.remove(0)
}

/// A name, what is there, and what comes of it for a key that signs.
fn cases() -> Vec<(&'static str, FixedAnswers, &'static str, Severity)> {
    use Severity::{Error, Good, Unknown, Warning};
    let rsa = rsa();
    let with = |tags: &str| format!("v=DKIM1; {tags}; k=rsa; p={}", public());
    let split = format!("v=DKIM1; k=rsa; p={}   {}", &public()[..100], &public()[100..]);
    let mut swapped = public();
    swapped.replace_range(60..64, "AAAA");
    let silent = FixedAnswers::new();
    silent.set_temporary_failure(NAME, "SERVFAIL");
    let doubled = FixedAnswers::new();
    doubled.set_txt(&format!("{NAME}.uni.example"), &[&rsa]);
    let aliased = |target: &str, texts: &[&str]| {
        let answers = FixedAnswers::new();
        answers.set_alias(NAME, target).set_txt(target, texts);
        answers
    };
    let seed = ["v=spf1 ip4:192.0.2.1 -all", &rsa, "v=DMARC1; p=reject; ruf=mailto:postmaster@uni.example"];
    vec![
        ("as it should be", texts(&[&rsa]), "good", Good),
        ("with other tags", texts(&[&with("h=sha256:sha1; s=email; t=s; n=by hand; x=1")]), "good", Good),
        ("spaces in the key", texts(&[&split]), "good", Good),
        ("at an alias", aliased("keys.host.example", &[&rsa]), "good", Good),
        ("missing", FixedAnswers::new(), "missing", Error),
        ("published one level too deep", doubled, "missing", Error),
        ("no answer", silent, "unknown", Unknown),
        ("another key", texts(&[&format!("v=DKIM1; k=rsa; p={swapped}")]), "another_key", Error),
        ("another algorithm", texts(&[ED]), "algorithm", Error),
        ("an algorithm of the future", texts(&["v=DKIM1; k=future; p=AAEC"]), "algorithm", Error),
        ("another key that is weak", texts(&[RSA_768]), "weak_key", Error),
        ("a test", texts(&[&with("t=y")]), "testing", Warning),
        ("revoked", texts(&["v=DKIM1; k=rsa; p="]), "revoked", Error),
        ("SHA-1 alone", texts(&[&with("h=sha1")]), "no_sha256", Error),
        ("not for mail", texts(&[&with("s=tlsrpt")]), "not_for_mail", Error),
        ("no base64", texts(&["v=DKIM1; k=rsa; p=MIIB***"]), "broken_key", Error),
        ("base64 of something else", texts(&["v=DKIM1; k=rsa; p=aGVsbG8="]), "broken_key", Error),
        ("cut off", texts(&[&rsa[..255]]), "cut_off", Error),
        ("quotation marks", texts(&[&format!("\"{}\" \"{}\"", &rsa[..200], &rsa[200..])]), "quotes", Error),
        ("a tag twice", texts(&[&format!("{rsa}; k=rsa")]), "syntax", Error),
        ("another version", texts(&[&rsa.replace("DKIM1", "DKIM2")]), "syntax", Error),
        ("no key", texts(&["v=DKIM1; k=rsa"]), "syntax", Error),
        ("SPF of a wildcard", texts(&["v=spf1 -all"]), "not_a_key", Error),
        ("two keys", texts(&[&rsa, ED]), "several_keys", Error),
        ("a key and SPF", texts(&[&rsa, "v=spf1 -all"]), "several_texts", Error),
        ("seed 004: an alias of the domain itself", aliased("uni.example", &seed), "alias_answers_spf", Error),
        ("an alias of another host", aliased("www.host.example", &["v=DMARC1; p=none"]), "alias_answers_dmarc", Error),
        ("an alias to nothing", aliased("keys.host.example", &[]), "alias_to_nothing", Error),
    ]
}

#[test]
fn each_state_of_a_selector_is_told_apart() {
    for (name, answers, outcome, severity) in cases() {
        let found = judge_key(&answers, key(&rsa()));
        assert_eq!((found.outcome.as_str(), found.severity), (outcome, severity), "{name}: {found:#?}");
        assert_eq!(found.check, "dkim.rk2026a");
        assert!(!found.asked.is_empty() && !found.title.is_empty() && found.effect.ends_with('.'), "{name}");
    }
}

#[test]
fn advice_is_written_for_people() {
    let all: Vec<String> = cases()
        .into_iter()
        .map(|(name, answers, ..)| format!("# {name}\n{}", shown(&judge_key(&answers, key(&rsa())))))
        .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn what_it_does_to_mail_depends_on_whether_the_key_is_used() {
    let nothing = FixedAnswers::new();
    let there = texts(&[&rsa()]);
    let signs = key(&rsa());
    let waits = OurKey { signs: false, ..signs.clone() };
    let retiring = OurKey { signs: false, retiring: true, ..signs.clone() };
    let mut all = String::new();
    for (name, answers, key, severity) in [
        ("signs, missing", &nothing, &signs, Severity::Error),
        ("waits, missing", &nothing, &waits, Severity::Warning),
        ("retiring, missing", &nothing, &retiring, Severity::Warning),
        ("waits, there", &there, &waits, Severity::Good),
        ("retiring, there", &there, &retiring, Severity::Note),
    ] {
        let found = judge_key(answers, key.clone());
        assert_eq!(found.severity, severity, "{name}");
        all += &format!("# {name}\n{}\n", shown(&found));
    }
    // With another signature that verifies, less depends on this one.
    let other = OurKey { selector: "rk2026e".to_owned(), algorithm: DkimAlgorithm::Ed25519Sha256, ..key(ED) };
    let beside = zone(|zone| {
        zone.set_txt("rk2026e._domainkey.uni.example", &[ED]);
    });
    for (name, key) in [("signs, missing, another is there", &signs), ("waits, missing, another is there", &waits)] {
        let subject = subject(vec![key.clone(), other.clone()], None);
        let found = judged(&beside, |facts| judge(facts, &subject)).0.remove(0);
        let expected = if key.signs { Severity::Error } else { Severity::Warning };
        assert_eq!((found.severity, found.outcome.as_str()), (expected, "missing"), "{name}");
        all += &format!("# {name}\n{}\n", shown(&found));
    }
    // The other way round, the one that is there is known to all.
    let beside = texts(&[&rsa()]);
    let waits = OurKey { signs: false, ..other.clone() };
    for (name, key) in [("Ed25519 signs, missing, RSA is there", &other), ("Ed25519 waits, RSA is there", &waits)] {
        let subject = subject(vec![key.clone(), signs.clone()], None);
        let found = judged(&beside, |facts| judge(facts, &subject)).0.remove(0);
        assert_eq!((found.severity, found.outcome.as_str()), (Severity::Warning, "missing"), "{name}");
        all += &format!("# {name}\n{}\n", shown(&found));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_short_key_of_ours_is_no_good() {
    let found = judge_key(&texts(&[RSA_1024]), key(RSA_1024));
    assert_eq!((found.outcome.as_str(), found.severity), ("short_key", Severity::Warning));
    insta::assert_snapshot!(shown(&found));
}

#[test]
fn any_selector_can_be_looked_at() {
    let mut all = String::new();
    for (answers, outcome, severity) in [
        (texts(&[&rsa()]), "good", Severity::Good),
        (texts(&[RSA_1024]), "short_key", Severity::Warning),
        (FixedAnswers::new(), "missing", Severity::Warning),
        (texts(&["v=DKIM1; p="]), "revoked", Severity::Error),
    ] {
        let (found, _) = judged(&answers, |facts| selector(facts, "uni.example", "rk2026a"));
        assert_eq!((found.outcome.as_str(), found.severity), (outcome, severity));
        all += &shown(&found);
    }
    insta::assert_snapshot!(all);
}

#[test]
fn delegation_is_offered_and_checked() {
    let two = || vec![key(&rsa()), OurKey { selector: "rk2026e".to_owned(), ..key(ED) }];
    let ours = |selector: &str| format!("{selector}.d17.keys.relay.example");
    let name = |selector: &str| format!("{selector}._domainkey.uni.example");
    let published = FixedAnswers::new();
    published.set_txt(&name("rk2026a"), &[&rsa()]).set_txt(&name("rk2026e"), &[ED]);
    let partly = FixedAnswers::new();
    partly.set_txt(&name("rk2026a"), &[&rsa()]).set_alias(&name("rk2026e"), &ours("rk2026e"));
    partly.set_txt(&ours("rk2026e"), &[ED]);
    let all = FixedAnswers::new();
    for (selector, value) in [("rk2026a", rsa()), ("rk2026e", ED.to_owned())] {
        all.set_alias(&name(selector), &ours(selector)).set_txt(&ours(selector), &[&value]);
    }
    let wrong = all.clone();
    let mut text = String::new();
    for (answers, outcome, severity) in [
        (&FixedAnswers::new(), "offered", Severity::Note),
        (&published, "offered", Severity::Note),
        (&partly, "partly", Severity::Note),
        (&all, "delegated", Severity::Good),
    ] {
        let subject = subject(two(), Some("d17.keys.relay.example"));
        let (findings, _) = judged(answers, |facts| judge(facts, &subject));
        let last = findings.last().unwrap();
        assert_eq!((last.check.as_str(), last.outcome.as_str(), last.severity), ("dkim.delegation", outcome, severity));
        text += &shown(last);
    }
    // The aliases of the keys that come next are wanted before them.
    let next = || Subject {
        next_selectors: vec!["rk1a".to_owned(), "rk1e".to_owned()],
        ..subject(two(), Some("d17.keys.relay.example"))
    };
    let last = |answers: &FixedAnswers| judged(answers, |facts| judge(facts, &next())).0.pop().unwrap();
    let before = last(&all);
    assert_eq!((before.outcome.as_str(), before.severity, before.changes.len()), ("partly", Severity::Note, 2));
    assert_eq!(before.changes[0].publish.as_deref(), Some("rk1a.d17.keys.relay.example."));
    let both = all.clone();
    both.set_alias(&name("rk1a"), &ours("rk1a")).set_alias(&name("rk1e"), &ours("rk1e"));
    assert_eq!(last(&both).outcome, "delegated");
    both.set_alias(&name("rk1e"), "elsewhere.example");
    assert_eq!(last(&both).outcome, "wrong_target");
    wrong.set_alias(&name("rk2026e"), &ours("rk2025e"));
    let subject = subject(two(), Some("d17.keys.relay.example"));
    let (findings, _) = judged(&wrong, |facts| judge(facts, &subject));
    assert_eq!(findings[2].outcome, "wrong_target");
    text += &shown(&findings[1]);
    text += &shown(&findings[2]);
    assert_eq!(judge(&Facts::default(), &super::super::Subject { keys: vec![], ..subject }).len(), 0);
    insta::assert_snapshot!(text);
}
