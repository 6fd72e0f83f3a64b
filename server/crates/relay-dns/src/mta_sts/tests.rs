//! Records, policies and their patterns, as RFC 8461 has them.

use super::*;

fn record(texts: &[&str]) -> Record {
    Record::read(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
}

#[test]
fn a_record_is_one_text_with_an_id() {
    let id = |id: &str| Record::Id(id.to_owned());
    for (texts, expected) in [
        (&[][..], Record::Missing),
        (&["v=STSv1; id=20160831085700Z;"], id("20160831085700Z")),
        (&["v=STSv1;id=1"], id("1")),
        (&["v=STSv1; id=1; ext=2"], id("1")),
        (&["something else", "v=STSv1; id=1"], id("1")),
        (&["something else"], Record::Unreadable),
        (&["v=STSv1;"], Record::Unreadable),
        (&["v=STSv1; id="], Record::Unreadable),
        (&["v=STSv1; id=2026-01-01"], Record::Unreadable),
        (&["v=STSv1; id=123456789012345678901234567890123"], Record::Unreadable),
        (&["v=STSv1; id=1", "v=STSv1; id=2"], Record::Unreadable),
        (&["v=STSv2; id=1"], Record::Unreadable),
    ] {
        assert_eq!(record(texts), expected, "{texts:?}");
    }
}

/// The example of §3.2.
const EXAMPLE: &str = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmx: backupmx.example.com\r\nmax_age: 604800\r\n";

#[test]
fn a_policy_is_read_as_the_standard_says() {
    let policy = Policy::parse(EXAMPLE).expect("a policy");
    assert_eq!((policy.mode, policy.max_age.as_secs()), (StsMode::Enforce, 604_800));
    assert_eq!(policy.mx, ["mail.example.com", "*.example.net", "backupmx.example.com"]);
    // LF alone, unknown fields, the first of two, no end of line, a life of more than a year.
    let policy =
        Policy::parse("mode: testing\nversion: STSv1\nnew: x\nmode: enforce\nmx: A.Example.\nmax_age: 9999999999");
    let policy = policy.expect("a policy");
    assert_eq!(
        (policy.mode, policy.max_age.as_secs(), policy.mx),
        (StsMode::Testing, LONGEST, vec!["a.example".to_owned()])
    );
    let none = Policy::parse("version: STSv1\nmode: none\nmax_age: 86400\n").expect("a policy");
    assert_eq!((none.mode, none.mx.len()), (StsMode::None, 0));
}

#[test]
fn what_is_no_policy_is_refused_in_words() {
    for (text, words) in [
        ("", "its version is not STSv1"),
        ("<html>not found</html>", "a line has no colon"),
        ("version: STSv2\nmode: none\nmax_age: 1", "its version is not STSv1"),
        ("version: STSv1\nmode: maybe\nmax_age: 1", "its mode is none of"),
        ("version: STSv1\nmode: Enforce\nmx: a.example\nmax_age: 1", "its mode is none of"),
        ("version: STSv1\nmode: enforce\nmax_age: 1", "it names no mx"),
        ("version: STSv1\nmode: enforce\nmx: a.example", "its max_age is no number"),
        ("version: STSv1\nmode: enforce\nmx: a.example\nmax_age: -1", "its max_age is no number"),
        ("version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 1 day", "its max_age is no number"),
        ("version: STSv1\nmode: enforce\nmx: *\nmax_age: 1", "* is no mx pattern"),
        ("version: STSv1\nmode: enforce\nmx: a.*.example\nmax_age: 1", "a.*.example is no mx pattern"),
        ("version: STSv1\nmode: enforce\nmx: a..example\nmax_age: 1", "a..example is no mx pattern"),
    ] {
        let refused = Policy::parse(text).expect_err(text);
        assert!(refused.starts_with(words), "{text:?}: {refused}");
    }
}

#[test]
fn a_wildcard_stands_for_one_label() {
    let policy = Policy::parse(EXAMPLE).expect("a policy");
    for (host, allowed) in [
        ("mail.example.com", true),
        ("MAIL.example.COM.", true),
        ("backupmx.example.com", true),
        ("other.example.com", false),
        ("a.mail.example.com", false),
        ("mx1.example.net", true),
        ("example.net", false),
        ("a.b.example.net", false),
        (".example.net", false),
        ("mx1.example.net.evil.example", false),
    ] {
        assert_eq!(policy.allows(host), allowed, "{host}");
    }
}

#[tokio::test]
async fn a_policy_host_at_an_address_of_this_machine_is_not_asked() {
    use crate::{FixedAnswers, Resolver};
    let answers = FixedAnswers::new();
    let domain = relay_types::DomainName::parse("d.example").expect("a name");
    let fetched = async || fetch(&Resolver::fixed(answers.clone()), &domain, &Access::default()).await;
    let none = FetchError::Away("mta-sts.d.example has no address".to_owned());
    assert_eq!(fetched().await, Err(none));
    for near in ["127.0.0.1", "::1", "169.254.169.254", "fe80::1", "0.0.0.0", "::", "224.0.0.1", "::ffff:127.0.0.1"] {
        answers.set_addresses("mta-sts.d.example", &[near.parse().expect("an address")]);
        let refused = fetched().await.expect_err(near).to_string();
        assert!(refused.contains("which is this machine itself or no host"), "{near}: {refused}");
    }
    answers.set_temporary_failure("mta-sts.d.example", "SERVFAIL");
    let unknown = FetchError::Away("mta-sts.d.example cannot be looked up: SERVFAIL".to_owned());
    assert_eq!(fetched().await, Err(unknown));
}

/// A real socket, the clock alone is hurried.
#[tokio::test(start_paused = true)]
async fn a_policy_host_that_takes_the_connection_and_is_silent_is_given_up_after_20_seconds() {
    use crate::{FixedAnswers, Resolver};
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    silent.set_nonblocking(true).expect("a socket");
    let answers = FixedAnswers::new();
    answers.set_addresses("mta-sts.d.example", &["127.0.0.1".parse().expect("an address")]);
    let domain = relay_types::DomainName::parse("d.example").expect("a name");
    let access = Access { port: silent.local_addr().expect("a port").port(), local: true, ..Access::default() };
    let began = tokio::time::Instant::now();
    let given_up = fetch(&Resolver::fixed(answers), &domain, &access).await;
    assert!(matches!(given_up, Err(FetchError::Away(_))), "{given_up:?}");
    let took = began.elapsed();
    assert!(took >= Duration::from_secs(19) && took <= Duration::from_secs(21), "{took:?}: {given_up:?}");
    silent.accept().expect("it was connected");
}
