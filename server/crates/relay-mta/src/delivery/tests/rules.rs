//! The operator's rules against hosts with and without TLS: what is delivered, what waits, and what is said and counted.

use super::{
    sink::{Authority, Script, Sink},
    *,
};
use relay_core::{
    Actor, Clock, CoreConfig,
    config::{PlatformRoute, TlsConfig},
};
use relay_dns::FixedAnswers;
use relay_types::tls::TlsRule;
use tempfile::TempDir;

/// Use cases whose only rule is this one, for every domain or for `b.example` alone.
async fn core(folder: &TempDir, answers: FixedAnswers, tls: TlsConfig) -> Core {
    let url = format!("sqlite://{}", folder.path().join("relay.db").display());
    Core::migrate(&url).await.unwrap();
    let config = CoreConfig {
        database_url: url,
        public_url: "https://portal.example".to_owned(),
        hostname: name("relay.example"),
        realm: name("relay.example"),
        mail_from: EmailAddress::parse("relay@relay.example").unwrap(),
        secret_key_file: folder.path().join("key"),
        route: PlatformRoute::Mx,
        message_size: 1024 * 1024,
        retry_schedule: vec![Duration::from_secs(60)],
        queue_lifetime: Duration::from_secs(86_400),
        delay_warning: Duration::from_secs(3600),
        lease: Duration::from_secs(1800),
        hashing_parallelism: 1,
        sandbox_per_hour: 100,
        reverse_dns: Default::default(),
        egress: Default::default(),
        dns_health: Default::default(),
        retention: Default::default(),
        simulator_domain: name("simulator.relay.example"),
        suppressions: Default::default(),
        tls,
    };
    Core::open(config, Resolver::fixed(answers), Clock::System).await.unwrap()
}

/// What became of a message, the TLS on its page, and how the session was counted.
async fn tried(script: Script, tls: TlsConfig, trusted: Option<&Authority>) -> (String, Option<String>, String) {
    let sink = Sink::start(script).await;
    let mut relay = Relay::new(sink.address.port(), |config| {
        config.extra_ca.extend(trusted.map(Authority::file));
    });
    relay.answers.set_mx("b.example", &[(10, "mx.b.example")]);
    relay.answers.set_addresses("mx.b.example", &[sink.address.ip()]);
    let folder = TempDir::new().unwrap();
    let core = core(&folder, relay.answers.clone(), tls).await;
    relay.deliverer = relay.deliverer.following(core.clone());
    let delivery = relay.send(&["a@b.example"]).await;
    tls_sessions::write(&core).await.unwrap();
    let counted = tls_sessions::overview(&core, &Actor::System).await.unwrap().sessions.remove(0);
    let failures = counted.failures.iter().map(|(outcome, count)| format!("{} {count}", outcome.as_str()));
    let counted = [format!("{} good", counted.successes)].into_iter().chain(failures).collect::<Vec<_>>().join(", ");
    let tls = delivery.tls.clone().map(|tls| relay_types::tls::AttemptTls::Result(tls).words());
    (words(&delivery).remove(0), tls, counted)
}

fn everywhere(rule: TlsRule) -> TlsConfig {
    TlsConfig { rule, ..TlsConfig::default() }
}

#[tokio::test]
async fn each_rule_against_each_host() {
    let authority = Authority::new();
    let (right, wrong) = (authority.server("mx.b.example"), authority.server("other.example"));
    let clear = Script::default;
    let good = || Script::default().starttls(right.clone());
    let misnamed = || Script::default().starttls(wrong.clone());
    let delivered = "delivered 250 2.0.0 queued";
    let cipher = "TLS 1.3 (TLS_AES_256_GCM_SHA384)";
    let named = "not verified: the certificate is not for mx.b.example";
    let unknown =
        "not verified: no authority that this machine knows issued the certificate, or its chain is not whole";
    let no_offer = "tempfail 451 4.7.10 The next hop offers no STARTTLS, which is required";
    for (rule, script, trusted, outcome, tls, counted) in [
        (TlsRule::Opportunistic, clear(), true, delivered, None, "0 good, starttls-not-supported 1"),
        (TlsRule::Opportunistic, misnamed(), true, delivered, Some(format!("{cipher}, {named}")), "1 good"),
        (
            TlsRule::Require,
            clear(),
            true,
            &*format!("{no_offer} (asked for by the rule require)"),
            None,
            "0 good, starttls-not-supported 1",
        ),
        (
            TlsRule::Require,
            good(),
            false,
            delivered,
            Some(format!("{cipher}, {unknown}, asked for by the rule require")),
            "1 good",
        ),
        (
            TlsRule::Verify,
            good(),
            true,
            delivered,
            Some(format!("{cipher}, verified, asked for by the rule verify")),
            "1 good",
        ),
        (
            TlsRule::Verify,
            misnamed(),
            true,
            "tempfail 451 4.7.5 TLS failed: the certificate is not for mx.b.example (asked for by the rule verify)",
            None,
            "0 good, certificate-host-mismatch 1",
        ),
        (
            TlsRule::Verify,
            clear(),
            true,
            &*format!("{no_offer} (asked for by the rule verify)"),
            None,
            "0 good, starttls-not-supported 1",
        ),
    ] {
        let found = tried(script, everywhere(rule), trusted.then_some(&authority)).await;
        assert_eq!(found, (outcome.to_owned(), tls, counted.to_owned()), "{rule:?}");
    }
}

#[tokio::test]
async fn a_domains_own_rule_goes_before_that_for_everybody() {
    let own = |rule, own| TlsConfig { rules: vec![(name("b.example"), own)], ..everywhere(rule) };
    let (outcome, ..) = tried(Script::default(), own(TlsRule::Verify, TlsRule::Opportunistic), None).await;
    assert_eq!(outcome, "delivered 250 2.0.0 queued");
    let (outcome, ..) = tried(Script::default(), own(TlsRule::Opportunistic, TlsRule::Require), None).await;
    assert!(outcome.starts_with("tempfail 451 4.7.10 "), "{outcome}");
}
