//! Who does what the findings say, and nothing else, ends with mail that arrives.

use crate::{ED25519, NOW, RSA, key, knot::Knot, plain, serve, strings};
use relay_dns::{
    Ask, gather,
    judge::{Ours, Subject, domain},
};
use relay_types::{
    DomainName,
    domain::DkimAlgorithm,
    finding::{RecordChange, Report},
    prediction::{DkimPrediction, DmarcPrediction, Fate},
    spf::SpfResult,
};

/// The relay's own records; a domain of which nothing is published but its web server and where its mail could go; and
/// seed 004's, whose key, policy and SPF are all there and all in one place.
fn zone() -> String {
    format!(
        "spf.relay TXT \"v=spf1 ip4:192.0.2.10 -all\"\n\
         mail.new A 192.0.2.1\n\
         seed MX 10 mail.seed\nmail.seed A 192.0.2.122\n\
         seed TXT \"v=spf1 ip4:192.0.2.122 -all\"\nseed TXT {}\n\
         seed TXT \"v=DMARC1; p=reject; ruf=mailto:postmaster@seed.example\"\n\
         s._domainkey.seed CNAME seed\n",
        strings(RSA)
    )
}

async fn report(knot: &Knot, subject: &Subject) -> Report {
    let ours = Ours {
        egress: vec!["192.0.2.10".parse().unwrap()],
        ehlo: "mx.relay.example".to_owned(),
        spf_include: Some(DomainName::parse("spf.relay.example").unwrap()),
    };
    let (_, facts) =
        gather(&knot.resolver(), Ask::Authoritative, NOW, |facts| domain(facts, subject, &ours, NOW)).await;
    domain(&facts, subject, &ours, NOW)
}

/// As a person at the domain's DNS would: takes away what was found, and publishes what is said.
fn follow(knot: &Knot, change: &RecordChange) {
    let value = |value: &str| if change.kind == "TXT" { strings(value) } else { value.to_owned() };
    let removed = change.found.iter().map(|found| format!("del {}. {} {}\n", change.name, change.kind, value(found)));
    let added = change.publish.iter().map(|new| format!("add {}. 60 {} {}\n", change.name, change.kind, value(new)));
    knot.change_by_others("example", &removed.chain(added).collect::<String>());
}

/// Follows the first finding that is to be mended, until there is none; gives how it went, by check and outcome.
async fn mend(knot: &Knot, subject: &Subject) -> Vec<String> {
    let mut way = Vec::new();
    loop {
        let report = report(knot, subject).await;
        let Some(finding) = report.findings.iter().find(|one| one.severity.is_bad() && !one.changes.is_empty()) else {
            assert_eq!(report.to_mend(), 0, "{:#?}", report.findings);
            return way;
        };
        way.push(format!("{} {}", finding.check, finding.outcome));
        assert!(way.len() < 12, "{way:?}");
        for change in &finding.changes {
            follow(knot, change);
        }
    }
}

async fn arrives(knot: &Knot, subject: &Subject) {
    let report = report(knot, subject).await;
    let [prediction] = &report.predictions[..] else { panic!("{report:#?}") };
    assert_eq!((prediction.spf, prediction.dkim), (SpfResult::Pass, DkimPrediction::Pass), "{prediction:#?}");
    assert_eq!(prediction.dmarc, DmarcPrediction::Pass);
    assert!(prediction.receivers.iter().all(|said| said.fate == Fate::Accepted), "{prediction:#?}");
}

#[tokio::test]
async fn a_new_domain_goes_from_nothing_to_all_good() {
    let knot = serve(&zone(), "");
    let keys = vec![key("a", DkimAlgorithm::RsaSha256, RSA), key("e", DkimAlgorithm::Ed25519Sha256, ED25519)];
    let proof = Some(("_relaykeep-challenge.new.example".to_owned(), "k3v9".to_owned()));
    let subject = Subject { keys, proof, ..plain("new.example") };
    let way = mend(&knot, &subject).await;
    assert_eq!(
        way,
        [
            "proof.record missing",
            "spf.record missing",
            "dkim.a missing",
            "dkim.e missing",
            "dmarc.record missing",
            "mx.record nowhere",
        ]
    );
    arrives(&knot, &subject).await;
}

/// 10,000 domains are checked again and again: each question costs others, too.
#[tokio::test]
async fn a_check_of_a_good_domain_asks_no_more_than_it_needs() {
    let knot = serve(&zone(), "");
    let keys = vec![key("a", DkimAlgorithm::RsaSha256, RSA), key("e", DkimAlgorithm::Ed25519Sha256, ED25519)];
    let subject = Subject { keys, ..plain("new.example") };
    mend(&knot, &subject).await;
    let mut asked: Vec<String> = report(&knot, &subject).await.answers.into_iter().map(|one| one.question).collect();
    asked.sort();
    let expected = [
        "A mail.new.example",
        "AAAA mail.new.example",
        "CAA new.example",
        "CNAME mail.new.example",
        "DS new.example",
        "MX new.example",
        "TXT _dmarc.new.example",
        "TXT _mta-sts.new.example",
        "TXT _smtp._tls.new.example",
        "TXT a._domainkey.new.example",
        "TXT default._bimi.new.example",
        "TXT e._domainkey.new.example",
        "TXT new.example",
        "TXT spf.relay.example",
    ];
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn seed_004_is_mended_by_what_is_said_of_it() {
    let knot = serve(&zone(), "");
    let subject = Subject { keys: vec![key("s", DkimAlgorithm::RsaSha256, RSA)], ..plain("seed.example") };
    let way = mend(&knot, &subject).await;
    assert_eq!(way, ["spf.egress fail", "dkim.s alias_answers_spf", "dmarc.record wrong_place"]);
    arrives(&knot, &subject).await;
    let texts = knot.dig(&["seed.example", "TXT"]);
    assert_eq!(texts.len(), 1, "{texts:?}");
}
