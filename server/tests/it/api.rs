//! The HTTP API and `relaykeep dns` from outside: who may ask, how it refuses, and what it says of a real server's zone.

use crate::harness::{Dns, Page, Portal, Relaykeep};
use serde_json::Value;

const RULES: &str = "
projects:
  - slug: bio
    name: Bioinformatics
    sandbox: false
    service_accounts: [{ label: app }]
";

const RECORDS: &str = "gene.test. IN MX 10 mx.gene.test.\nmx.gene.test. IN A 192.0.2.25\n\
    gene.test. IN TXT \"v=spf1 include:spf.gene.test -all\"\nspf.gene.test. IN TXT \"v=spf1 ip4:192.0.2.10 ~all\"\n\
    _dmarc.gene.test. IN TXT \"v=DMARC1; p=reject\"\n10.2.0.192.in-addr.arpa. IN PTR out.gene.test.\n\
    out.gene.test. IN A 192.0.2.10\n";

fn relay(lines: &str) -> (Dns, Relaykeep) {
    let dns = Dns::start(RECORDS);
    let port = dns.address().rsplit_once(':').unwrap().1.to_owned();
    let address = dns.address();
    let settings = format!("[dns]\nnameservers = [\"{address}\"]\nauthoritative_port = {port}\n{lines}");
    let relay = Relaykeep::start(&settings);
    (dns, relay)
}

/// Issues a token by the project's page and reads it where it is shown.
fn issue(operator: &Portal, label: &str) -> String {
    let shown = operator.submit(
        "/p/bio/api-tokens",
        "issue_api_token",
        &[("label", label), ("scope", "dns:read"), ("expires_at", "")],
    );
    let place = shown.body.find("rk_").unwrap_or_else(|| panic!("no token on\n{}", shown.text()));
    shown.body[place..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

fn json(page: &Page) -> Value {
    serde_json::from_str(&page.body).unwrap_or_else(|error| panic!("{error}: {}", page.body))
}

/// Status, code and parameter of a refusal, which has the form of RFC 9457 and is kept by nobody.
fn refusal(page: &Page) -> (u16, String, String) {
    assert_eq!(page.header("content-type"), ["application/problem+json"], "{}", page.body);
    assert_eq!(page.header("cache-control"), ["no-store"]);
    let problem = json(page);
    let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(problem["status"], page.status);
    assert_eq!(text("type"), format!("urn:relaykeep:problem:{}", text("code")));
    assert!(!text("title").is_empty() && !text("detail").is_empty(), "{problem}");
    (page.status, text("code"), text("field"))
}

#[test]
fn a_person_or_a_token_may_ask_and_nobody_else() {
    let (_dns, relay) = relay("");
    let issued = relay.apply(RULES);
    let (operator, program) = (relay.operator(), relay.stranger());
    let token = issue(&operator, "monitoring");
    assert_eq!(token.len(), 46, "{token}");
    let path = "/api/v1/dns/mx?domain=gene.test";
    let with = |portal: &Portal, credentials: &str| portal.ask(path, &[&format!("Authorization: {credentials}")]);

    let answer = with(&program, &format!("Bearer {token}"));
    assert_eq!((answer.status, answer.header("content-type")), (200, vec!["application/json".to_owned()]));
    assert_eq!(answer.header("cache-control"), ["no-store"]);
    assert!(answer.header("access-control-allow-origin").is_empty());
    assert_eq!(json(&answer)["about"], "gene.test");
    assert_eq!(operator.ask(path, &[]).status, 200, "by session");

    let nobody = program.ask(path, &[]);
    assert_eq!(refusal(&nobody), (401, "unauthenticated".to_owned(), String::new()));
    assert_eq!(nobody.header("www-authenticate"), ["Bearer realm=\"relaykeep\""]);
    for credentials in [
        format!("Bearer {}", &token[..45]),
        format!("Bearer {}x", &token[..45]),
        format!("Bearer {}", issued[0].secret),
        format!("Basic {token}"),
        token.clone(),
        "Bearer".to_owned(),
    ] {
        for portal in [&program, &operator] {
            // A token that does not work is never made up for by a session.
            assert_eq!(with(portal, &credentials).status, 401, "{credentials}");
        }
    }
    let twice = [format!("Authorization: Bearer {token}"), format!("Authorization: Bearer {token}")];
    assert_eq!(program.ask(path, &[&twice[0], &twice[1]]).status, 401, "once");
    // A token opens the API alone.
    for path in ["/p/bio/messages", "/events?project=bio", "/p/bio/api-tokens"] {
        let page = program.ask(path, &[&format!("Authorization: Bearer {token}")]);
        assert!(page.status != 200 || page.text().contains("Sign in"), "{path}: {}", page.text());
    }
    operator.change("/p/bio/api-tokens", "revoke_api_token", &[("confirm", "monitoring")]);
    let revoked = with(&program, &format!("Bearer {token}"));
    assert_eq!(refusal(&revoked), (401, "unauthenticated".to_owned(), String::new()));
}

#[test]
fn what_cannot_be_asked_is_refused_by_name() {
    let (_dns, relay) = relay("");
    let operator = relay.operator();
    let long = format!("/dns/mx?domain={}", "a".repeat(600));
    for (question, status, code, field) in [
        ("/dns/mx", 400, "missing_parameter", "domain"),
        ("/dns/mx?domain=", 400, "missing_parameter", "domain"),
        ("/dns/mx?domain=gene.test&domian=x", 400, "unknown_parameter", "domian"),
        ("/dns/mx?domain=gene.test&domain=x.test", 400, "invalid_parameter", "domain"),
        ("/dns/mx?domain=not%20a%20name", 400, "invalid_parameter", "domain"),
        ("/dns/mx?domain=%00", 400, "invalid_parameter", "domain"),
        (&long, 400, "invalid_parameter", "domain"),
        ("/dns/spf?domain=gene.test", 400, "missing_parameter", "ip"),
        ("/dns/spf?ip=gene.test&domain=gene.test", 400, "invalid_parameter", "ip"),
        ("/dns/ptr?address=1.2.3", 400, "invalid_parameter", "address"),
        ("/dns/nothing", 404, "not_found", ""),
        ("/", 404, "not_found", ""),
        ("", 404, "not_found", ""),
    ] {
        let answer = operator.ask(&format!("/api/v1{question}"), &[]);
        assert_eq!(refusal(&answer), (status, code.to_owned(), field.to_owned()), "{question}");
    }
}

#[test]
fn each_question_is_answered_with_a_report() {
    let (_dns, relay) = relay("");
    let operator = relay.operator();
    let asked = |question: &str| {
        let answer = operator.ask(&format!("/api/v1/dns/{question}"), &[]);
        assert_eq!(answer.status, 200, "{question}: {}", answer.body);
        json(&answer)
    };
    let spf = asked("spf?ip=192.0.2.10&domain=gene.test&sender=app@gene.test&helo=relay.test");
    assert_eq!(spf["evaluations"][0]["result"], "pass", "{spf}");
    assert_eq!(spf["evaluations"][0]["lookups"], 1);
    let spf = asked("spf?ip=192.0.2.99&domain=gene.test");
    assert_eq!(spf["evaluations"][0]["result"], "fail", "{spf}");
    for (question, about, subject) in [
        ("dkim?domain=gene.test&selector=none", "gene.test", ""),
        ("dmarc?domain=gene.test", "gene.test", "dmarc"),
        ("mx?domain=gene.test", "gene.test", "mx"),
        ("ptr?address=192.0.2.10", "192.0.2.10", "ptr"),
        ("report?domain=gene.test", "gene.test", "dmarc"),
        ("report?domain=GENE.test.", "gene.test", "mx"),
    ] {
        let report = asked(question);
        assert_eq!(report["about"], about, "{question}");
        let findings = report["findings"].as_array().unwrap();
        assert!(subject.is_empty() || findings.iter().any(|one| one["subject"] == subject), "{question}: {report}");
        assert!(!report["answers"].as_array().unwrap().is_empty(), "{question}");
    }
}

#[test]
fn who_asks_too_often_waits_and_others_do_not() {
    let (_dns, relay) = relay("[api]\nper_minute = 4\n");
    relay.apply(RULES);
    let operator = relay.operator();
    let tokens = [issue(&operator, "one"), issue(&operator, "two")];
    let program = relay.stranger();
    // What is refused counts too.
    let ask = |token: &str| program.ask("/api/v1/dns/mx", &[&format!("Authorization: Bearer {token}")]);
    let answers: Vec<u16> = (0..6).map(|_| ask(&tokens[0]).status).collect();
    assert_eq!(answers[..4], [400; 4]);
    assert!(answers[4..].contains(&429), "{answers:?}");
    let page = (0..5).map(|_| ask(&tokens[0])).find(|page| page.status == 429).unwrap();
    assert_eq!(refusal(&page).1, "too_many_requests");
    let wait: u64 = page.header("retry-after")[0].parse().unwrap();
    assert!((1..=15).contains(&wait), "{wait}");
    assert_eq!(ask(&tokens[1]).status, 400, "another token has its own turn");
    // Wrong tokens are counted by address.
    assert!((0..8).map(|_| ask("rk_wrong").status).any(|status| status == 429));
}

#[test]
fn the_description_is_for_everybody() {
    let (_dns, relay) = relay("");
    let page = relay.stranger().ask("/api/v1/openapi.json", &[]);
    assert_eq!((page.status, page.header("content-type")), (200, vec!["application/json".to_owned()]));
    let document = json(&page);
    assert_eq!(document["openapi"], "3.1.1");
    for path in document["paths"].as_object().unwrap().keys() {
        // Each is there, and asks who it is.
        assert_eq!(relay.stranger().ask(&format!("/api/v1{path}"), &[]).status, 401, "{path}");
    }
}

#[test]
fn the_command_line_says_the_same_and_fails_when_something_is_to_be_mended() {
    let (_dns, relay) = relay("");
    let run = |arguments: &[&str]| {
        let output = relay.subcommand(arguments, "");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), text, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, text, _) = run(&["dns", "spf", "--ip", "192.0.2.10", "--domain", "gene.test"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("SPF of gene.test for 192.0.2.10: pass"), "{text}");
    assert!(text.contains("include:spf.gene.test"), "{text}");
    let (code, text, _) = run(&["dns", "spf", "--ip", "192.0.2.99", "--domain", "gene.test", "--json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, report["evaluations"][0]["result"].as_str()), (Some(1), Some("fail")));
    let (code, text, _) = run(&["dns", "check", "nothing.gene.test"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.starts_with("nothing.gene.test: ") && text.contains("to mend"), "{text}");
    let (code, text, _) = run(&["dns", "check", "gene.test", "--json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["about"], "gene.test", "{code:?}");
    let (code, _, error) = run(&["dns", "spf", "--ip", "nonsense"]);
    assert!(code != Some(0) && error.contains("--ip nonsense"), "{error}");
}
