//! Ways and what is in DNS as tables: which hosts are tried, under which TLS, and what it means when none can be.

use super::*;
use relay_core::config::SmarthostAccess;
use relay_dns::FixedAnswers;

fn reply(code: u16) -> Cause {
    Cause::Reply(Reply::plain(code, "r"))
}

fn network() -> Cause {
    Cause::Network(Reply::new(451, (4, 4, 1), "n"))
}

#[test]
fn a_failure_is_permanent_only_when_every_host_says_so() {
    for (failures, permanent, named) in [
        (vec![reply(554)], true, reply(554)),
        (vec![reply(554), reply(550)], true, reply(550)),
        (vec![reply(554), network()], false, network()),
        (vec![reply(450), network()], false, reply(450)),
        (vec![network(), no_address("h", &DnsError::NoRecord)], false, network()),
        (vec![no_address("h", &DnsError::NoRecord)], true, no_address("h", &DnsError::NoRecord)),
    ] {
        let expected = if permanent { Outcome::PermFail(named) } else { Outcome::TempFail(named) };
        assert_eq!(verdict(failures.clone()), expected, "{failures:?}");
    }
    assert!(matches!(verdict(vec![]), Outcome::TempFail(Cause::Network(_))));
}

#[test]
fn kinds_of_addresses_take_turns() {
    let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpAddr>>();
    for (found, tried) in [
        (&["::1", "::2", "::3", "192.0.2.1", "192.0.2.2"][..], &["::1", "192.0.2.1", "::2", "192.0.2.2", "::3"][..]),
        (&["192.0.2.1", "192.0.2.2"], &["192.0.2.1", "192.0.2.2"]),
        (&["::1"], &["::1"]),
        (&[], &[]),
    ] {
        assert_eq!(in_turns(addresses(found)), addresses(tried));
    }
}

#[tokio::test]
async fn an_exchanger_is_never_this_machine_unless_that_was_allowed() {
    let answers = FixedAnswers::new();
    let resolver = Resolver::fixed(answers.clone());
    let found = async |texts: &[&str], local_mx: bool| {
        let addresses: Vec<IpAddr> = texts.iter().map(|text| text.parse().unwrap()).collect();
        answers.set_addresses("d.example", &addresses);
        let ours = DomainName::parse("us.example").unwrap();
        let config = DeliveryConfig { local_mx, ..DeliveryConfig::new(ours) };
        let way = Way::Mx(DomainName::parse("d.example").unwrap());
        let planned = plan(&way, &resolver, &config, 1, TlsRule::default(), async { Ok(None) }).await;
        let Plan::Hops(hops) = planned else { panic!("a hop") };
        super::addresses(&hops[0], &resolver).await
    };
    for here in ["127.0.0.1", "127.8.8.8", "::1", "0.0.0.0", "::", "169.254.1.1", "fe80::1", "224.0.0.1", "ff02::1"] {
        let cause = found(&[here], false).await.unwrap_err();
        assert!(cause.reply().to_string().starts_with("554 5.4.6 d.example is at "), "{here}: {}", cause.reply());
        assert_eq!(found(&[here], true).await, Ok(vec![here.parse().unwrap()]));
        assert_eq!(found(&[here, "192.0.2.1"], false).await, Ok(vec!["192.0.2.1".parse().unwrap()]), "{here}");
    }
    // Networks of an organisation have exchangers too.
    for there in ["10.0.0.1", "192.168.1.1", "fd00::1"] {
        assert_eq!(found(&[there], false).await, Ok(vec![there.parse().unwrap()]));
    }
}

#[tokio::test]
async fn a_smarthost_that_an_owner_chose_is_never_this_machine() {
    let answers = FixedAnswers::new();
    answers.set_addresses("smart.example", &["127.0.0.1".parse().unwrap()]);
    let resolver = Resolver::fixed(answers);
    let config = DeliveryConfig::new(DomainName::parse("us.example").unwrap());
    for host in ["127.0.0.1", "::ffff:127.0.0.1", "[::1]", "smart.example"] {
        for others_only in [true, false] {
            let tls = SmarthostTls::Opportunistic;
            let access = SmarthostAccess { host: host.to_owned(), port: 5432, tls, credentials: None, others_only };
            let nobodys = async { panic!("a smarthost is not of the recipient") };
            let way = Way::Smarthost(access);
            let Plan::Hops(hops) = plan(&way, &resolver, &config, 1, TlsRule::default(), nobodys).await else {
                panic!("a smarthost is a hop");
            };
            assert_eq!(addresses(&hops[0], &resolver).await.is_err(), others_only, "{host}");
        }
    }
}

async fn judged(answers: &FixedAnswers) -> String {
    judged_under(answers, TlsRule::default(), None).await
}

async fn judged_under(answers: &FixedAnswers, rule: TlsRule, policy: Option<Policy>) -> String {
    let domain = DomainName::parse("d.example").unwrap();
    let config = DeliveryConfig { port: 2500, ..DeliveryConfig::new(DomainName::parse("us.example").unwrap()) };
    let resolver = Resolver::fixed(answers.clone());
    let policy = policy.map(Arc::new);
    match plan(&Way::Mx(domain), &resolver, &config, 1, rule, async { Ok(policy) }).await {
        Plan::Unlisted { text, .. } => format!("unlisted {text}"),
        Plan::Hops(hops) => {
            let hops: Vec<_> = hops.into_iter().map(|hop| format!("{}:{} {:?}", hop.host, hop.port, hop.tls)).collect();
            hops.join(", ")
        }
        Plan::Capture | Plan::Simulator => "capture".to_owned(),
        Plan::Failed(Outcome::PermFail(cause)) => format!("permanent {}", cause.reply()),
        Plan::Failed(Outcome::TempFail(cause)) => format!("temporary {}", cause.reply()),
        Plan::Failed(other) => format!("{other:?}"),
    }
}

#[tokio::test]
async fn exchangers_become_hops_in_their_order() {
    let answers = FixedAnswers::new();
    assert_eq!(judged(&answers).await, "d.example:2500 Opportunistic");
    answers.set_mx("d.example", &[(20, "b.example"), (10, "a.example")]);
    assert_eq!(judged(&answers).await, "a.example:2500 Opportunistic, b.example:2500 Opportunistic");
    answers.set_mx("d.example", &[(0, ".")]);
    assert_eq!(judged(&answers).await, "permanent 556 5.1.10 d.example takes no mail (null MX)");
    answers.set_mx("d.example", &[(10, "us.example"), (20, "b.example")]);
    assert_eq!(judged(&answers).await, "permanent 554 5.4.6 Mail for d.example would come back to us");
    answers.set_mx("d.example", &[(10, "192.0.2.1")]);
    assert_eq!(judged(&answers).await, "permanent 554 5.4.4 d.example names no host as mail exchanger, but 192.0.2.1");
    answers.set_temporary_failure("d.example", "SERVFAIL");
    assert_eq!(
        judged(&answers).await,
        "temporary 451 4.4.3 The mail exchangers of d.example cannot be looked up: SERVFAIL"
    );
}

#[tokio::test]
async fn a_policy_leaves_out_exchangers_it_does_not_name_and_asks_for_verified_tls() {
    let answers = FixedAnswers::new();
    answers.set_mx("d.example", &[(10, "a.example"), (20, "mx.d.example"), (30, "b.example")]);
    let policy = |mode, mx: &str| Some(Policy { mode, max_age: std::time::Duration::ZERO, mx: vec![mx.to_owned()] });
    let all = |tls: &str| format!("a.example:2500 {tls}, mx.d.example:2500 {tls}, b.example:2500 {tls}");
    for (rule, policy, expected) in [
        (TlsRule::Opportunistic, policy(StsMode::Enforce, "*.d.example"), "mx.d.example:2500 Required".to_owned()),
        (TlsRule::Opportunistic, policy(StsMode::Testing, "*.d.example"), all("Opportunistic")),
        (TlsRule::Opportunistic, policy(StsMode::None, "*.d.example"), all("Opportunistic")),
        (TlsRule::Require, None, all("Encrypted")),
        (TlsRule::Verify, None, all("Required")),
        (
            TlsRule::Verify,
            policy(StsMode::Enforce, "c.example"),
            "unlisted No mail exchanger of d.example is in its MTA-STS policy (mode enforce), such as a.example"
                .to_owned(),
        ),
    ] {
        assert_eq!(judged_under(&answers, rule, policy).await, expected);
    }
    answers.forget("d.example");
    let implicit = policy(StsMode::Enforce, "d.example");
    assert_eq!(judged_under(&answers, TlsRule::Opportunistic, implicit).await, "d.example:2500 Required");
}

#[tokio::test]
async fn a_smarthost_is_its_own_hop_with_its_own_key() {
    let access = |tls, user: Option<&str>| SmarthostAccess {
        host: "[2001:db8::1]".to_owned(),
        port: 587,
        tls,
        credentials: user.map(|user| (user.to_owned(), String::from("secret").into())),
        others_only: true,
    };
    let config = DeliveryConfig::new(DomainName::parse("us.example").unwrap());
    let resolver = Resolver::fixed(FixedAnswers::new());
    for (mode, policy) in [
        (SmarthostTls::Opportunistic, TlsPolicy::Opportunistic),
        (SmarthostTls::Require, TlsPolicy::Encrypted),
        (SmarthostTls::Starttls, TlsPolicy::Required),
        (SmarthostTls::Implicit, TlsPolicy::Implicit),
    ] {
        let (way, rule) = (Way::Smarthost(access(mode, None)), TlsRule::Verify);
        let nobodys = async { panic!("a smarthost is not of the recipient") };
        let Plan::Hops(hops) = plan(&way, &resolver, &config, 1, rule, nobodys).await else {
            panic!("a smarthost is a hop");
        };
        assert_eq!((hops[0].port, hops[0].tls), (587, policy));
        assert_eq!(addresses(&hops[0], &resolver).await, Ok(vec!["2001:db8::1".parse().unwrap()]));
    }
    let way = |user| Way::Smarthost(access(SmarthostTls::Starttls, user));
    let keys = [None, Some("a"), Some("b")].map(|user| key(&way(user), None));
    assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[1] == key(&way(Some("a")), None));
}
