//! MTA-STS from outside: a real policy host with HTTPS, real mail servers with TLS, and what the message's page says.

mod hosts;

use crate::harness::{Dns, Portal, Relaykeep, Session, until};
use hosts::{Authority, MailHost, PolicyHost};
use std::{fmt::Write as _, sync::Arc};

/// A project on loopback's trusted network.
const RULES: &str = "
projects:
  - slug: bio
    name: Bioinformatics
    sandbox: false
    networks: [{ cidr: 127.0.0.1/32, label: this machine }]
    domains: [{ name: domain.test, verified: true }]
";

/// Domains with their exchanger, and the policy they serve; none for a domain that only says it has one.
const DOMAINS: [(&str, &str); 9] = [
    ("good.test", "mx.sts.test"),
    ("misnamed.test", "other.sts.test"),
    ("testing.test", "other.sts.test"),
    ("unlisted.test", "mx.sts.test"),
    ("moved.test", "other.sts.test"),
    ("html.test", "other.sts.test"),
    ("large.test", "other.sts.test"),
    ("untrusted.test", "other.sts.test"),
    ("plain.test", "other.sts.test"),
];

fn records(id: &str) -> String {
    let mut text = "mx.sts.test. IN A 127.0.0.1\nother.sts.test. IN A 127.0.0.1\n".to_owned();
    for (domain, exchanger) in DOMAINS {
        let _ = write!(text, "{domain}. IN MX 10 {exchanger}.\nmta-sts.{domain}. IN A 127.0.0.1\n");
        if domain != "plain.test" {
            let _ = writeln!(text, "_mta-sts.{domain}. IN TXT \"v=STSv1; id={id};\"");
        }
    }
    text
}

fn policy(mode: &str, mx: &str) -> String {
    let policy = format!("version: STSv1\r\nmode: {mode}\r\nmx: {mx}\r\nmax_age: 604800\r\n");
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{policy}", policy.len())
}

struct World {
    /// Its file is read for as long as the relay runs.
    _authority: Arc<Authority>,
    dns: Dns,
    policies: PolicyHost,
    mail: MailHost,
    relay: Relaykeep,
}

impl World {
    fn start() -> Self {
        let authority = Authority::new();
        let dns = Dns::start(&records("1"));
        let policies = PolicyHost::start(&authority, &["mta-sts.untrusted.test"]);
        for (domain, answer) in [
            ("good.test", policy("enforce", "mx.sts.test")),
            ("misnamed.test", policy("enforce", "*.sts.test")),
            ("testing.test", policy("testing", "*.sts.test")),
            ("unlisted.test", policy("enforce", "*.elsewhere.test")),
            ("untrusted.test", policy("enforce", "*.elsewhere.test")),
            (
                "moved.test",
                "HTTP/1.1 302 Found\r\nLocation: https://mta-sts.unlisted.test/.well-known/mta-sts.txt\r\n\
                 Content-Length: 0\r\n\r\n"
                    .to_owned(),
            ),
            ("html.test", policy("enforce", "*.elsewhere.test").replace("text/plain", "text/html")),
            ("large.test", format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n{}", "x: y\r\n".repeat(20_000))),
        ] {
            policies.serve(domain, &answer);
        }
        let mail = MailHost::start(&authority, "mx.sts.test");
        let (nameserver, ca) = (dns.address(), authority.file());
        let mut relay = Relaykeep::prepare(&format!(
            "[dns]\nnameservers = [\"{nameserver}\"]\n[delivery]\nroute = \"mx\"\nlocal_mx = true\nport = {}\n\
             mta_sts_port = {}\nextra_ca = {:?}\nretry = [\"1h\"]\ntls_for = [\"ruled.test=verify\"]\n",
            mail.port,
            policies.port,
            ca.display().to_string(),
        ));
        relay.run();
        relay.apply(RULES);
        Self { _authority: authority, dns, policies, mail, relay }
    }

    /// Sends to a domain; the text of the message's page once it has been tried.
    fn story(&self, portal: &Portal, domain: &str) -> String {
        let content = b"From: a@domain.test\r\nSubject: hi\r\n\r\nhello\r\n";
        let reply = Session::open(self.relay.networks).send("a@domain.test", &[&format!("b@{domain}")], content);
        let id = reply.rsplit(' ').next().unwrap().to_owned();
        assert!(reply.starts_with("250 "), "{reply}");
        until(&format!("an attempt for {domain}"), || {
            let text = portal.get(&format!("/p/bio/messages/{id}")).text();
            text.contains("Attempt 1").then_some(text)
        })
    }
}

#[test]
fn a_policy_is_fetched_kept_and_followed_as_rfc_8461_says() {
    let mut world = World::start();
    let portal = world.relay.operator();
    let page = |world: &World, domain: &str| world.story(&portal, domain);
    let unverified = "not verified: the certificate is not for other.sts.test";
    for (domain, words) in [
        ("good.test", &["delivered", "verified, asked for by MTA-STS enforce"][..]),
        ("misnamed.test", &["TLS failed: the certificate is not for other.sts.test (asked for by MTA-STS enforce)"]),
        (
            "testing.test",
            &[
                "delivered",
                "not for other.sts.test, asked for by MTA-STS testing",
                "(MTA-STS of testing.test is in mode testing; in enforce this would wait: certificate-host-mismatch)",
            ],
        ),
        (
            "unlisted.test",
            &["No mail exchanger of unlisted.test is in its MTA-STS policy (mode enforce), such as mx.sts.test"],
        ),
        // What cannot be fetched is no policy.
        ("moved.test", &["delivered", unverified]),
        ("html.test", &["delivered", unverified]),
        ("large.test", &["delivered", unverified]),
        ("untrusted.test", &["delivered", unverified]),
        ("plain.test", &["delivered", unverified]),
    ] {
        let text = page(&world, domain);
        for words in words {
            assert!(text.contains(words), "{domain} lacks {words:?}: {text}");
        }
    }
    assert_eq!(world.policies.asked("unlisted.test"), 1, "a redirect is not followed");
    assert_eq!(world.policies.asked("plain.test"), 0);
    let delivered = world.mail.messages();
    assert_eq!(delivered, 7, "nothing went where a policy forbids it");

    // The counts of the operator's page, as reports would have them.
    let counts = until("the counts", || {
        let text = portal.get("/admin/egress").text();
        text.contains("untrusted.test").then_some(text)
    });
    for words in [
        "1 certificate-host-mismatch",
        "1 validation-failure",
        "1 sts-policy-fetch-error",
        "1 sts-policy-invalid",
        "1 sts-webpki-invalid",
        "ruled.test",
    ] {
        assert!(counts.contains(words), "{words}: {counts}");
    }

    // The policy outlives the process, another id, and a policy host that fails; and is asked for at most once.
    assert_eq!(world.policies.asked("good.test"), 1);
    world.relay.kill();
    world.dns.replace(2, &records("2"));
    for domain in ["good.test", "misnamed.test"] {
        world.policies.serve(domain, "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
    }
    world.relay.run();
    let portal = world.relay.operator();
    let text = world.story(&portal, "good.test");
    assert!(text.contains("verified, asked for by MTA-STS enforce"), "{text}");
    let text = world.story(&portal, "misnamed.test");
    assert!(text.contains("(asked for by MTA-STS enforce)"), "{text}");
    assert_eq!(world.policies.asked("good.test"), 2);
    assert_eq!(world.mail.messages(), delivered + 1);
}
