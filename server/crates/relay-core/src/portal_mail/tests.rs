//! Portal mail: the words, and the message around them.

use super::{composed, health, nodes, texts};
use crate::{Actor, dns_health::News, test_support::Test};
use relay_types::{
    EmailAddress, Timestamp,
    finding::{Finding, Severity, Subject},
    member::Role,
    node::{self, NodeLoad, NodeState, NodeStatus},
};

const PORTAL: &str = "https://mail.example.org";
const LINK: &str = "https://mail.example.org/place/token";

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

async fn ada(test: &Test) -> Actor {
    test.user("ada@example.org").await
}

fn shown(text: texts::Text) -> String {
    format!("{}\n\n{}", text.subject, text.body)
}

#[tokio::test]
async fn the_words() {
    let test = Test::new().await;
    let ada = ada(&test).await;
    let grace = address("grace@example.org");
    insta::assert_snapshot!("invitation", shown(texts::invitation(PORTAL, &ada, "Sea\nLab", Role::Member, LINK)));
    let client = "192.0.2.7".parse().ok();
    insta::assert_snapshot!("password_reset", shown(texts::password_reset(PORTAL, &grace, client, LINK)));
    let at = Timestamp(1_795_268_800_000);
    insta::assert_snapshot!("password_changed", shown(texts::password_changed(PORTAL, &grace, at)));
    insta::assert_snapshot!("sender_link", shown(texts::sender_link(PORTAL, &grace, &Actor::System, "Sea Lab", LINK)));
}

#[test]
fn the_words_of_a_warning() {
    let until = Timestamp(1_795_268_800_000);
    let page = "https://mail.example.org/p/sea-lab/domains/1";
    insta::assert_snapshot!("domain_unproven", shown(texts::domain_unproven("Sea Lab", "lab.example", until, page)));
}

#[test]
fn the_words_about_dns() {
    let finding = |subject, title: &str, effect: &str| Finding {
        check: "any".to_owned(),
        outcome: "any".to_owned(),
        subject,
        severity: Severity::Error,
        title: title.to_owned(),
        effect: effect.to_owned(),
        details: Vec::new(),
        changes: Vec::new(),
        link: None,
        asked: Vec::new(),
    };
    let page = "https://mail.example.org/p/sea-lab/domains/1";
    let about = health::About {
        name: "lab.example".to_owned(),
        whose: "About the DNS of lab.example, a domain of the project Sea Lab on Relaykeep.".to_owned(),
        why: "the contact or an owner of the project",
        page: page.to_owned(),
    };
    let shown = |worse, mended| shown(health::text(&about, &News { worse, mended }));
    let spf = || finding(Subject::Spf, "There are two SPF records", "Receivers ignore both, so SPF fails.");
    let dmarc = || finding(Subject::Dmarc, "There is no DMARC record", "Gmail puts mail with the spam.");
    insta::assert_snapshot!("dns_worse", shown(vec![spf()], vec![]));
    insta::assert_snapshot!("dns_several", shown(vec![spf(), dmarc()], vec![finding(Subject::Mx, "Takes mail", "")]));
    insta::assert_snapshot!("dns_mended", shown(vec![], vec![finding(Subject::Spf, "There is one SPF record", "")]));
}

#[test]
fn the_words_about_a_node() {
    let missing = NodeStatus {
        id: "1".to_owned(),
        host: "relay-2".to_owned(),
        version: "1.2.3".to_owned(),
        roles: vec![node::Role::Submission, node::Role::Delivery],
        started_at: Timestamp(1_795_268_800_000),
        seen_at: Timestamp(1_795_269_100_000),
        state: NodeState::Missing,
        leader: false,
        here: false,
        load: NodeLoad::default(),
    };
    let page = "https://mail.example.org/admin/nodes";
    let nobody = [node::Role::Web, node::Role::Delivery];
    insta::assert_snapshot!("node_missing", shown(nodes::text(&missing, &nobody, page)));
    let back = NodeStatus { state: NodeState::Running, ..missing };
    insta::assert_snapshot!("node_back", shown(nodes::text(&back, &nobody, page)));
}

#[tokio::test]
async fn the_message_is_plain_text_from_the_platform() {
    let test = Test::new().await;
    let text = texts::password_reset(PORTAL, &address("grace@example.org"), None, LINK);
    let content = composed(&test.core, &address("grace@example.org"), &text).expect("composed");
    let content = String::from_utf8(content).expect("text");
    let (header, body) = content.split_once("\r\n\r\n").expect("header and body");
    let id = header.lines().find(|line| line.starts_with("Message-ID:")).expect("a Message-ID").to_owned();
    assert!(id.ends_with("@relay.example.org>"), "{id}");
    insta::assert_snapshot!("header", header.replace(&id, "Message-ID: <…@relay.example.org>"));
    assert_eq!(body.replace("\r\n", "\n"), text.body);
    assert!(!body.replace("\r\n", "").contains(['\r', '\n']));
}

#[tokio::test]
async fn a_link_stays_on_one_line_and_other_scripts_are_encoded() {
    let test = Test::new().await;
    let ada = ada(&test).await;
    let to = address("grace@example.org");
    let link = format!("https://mail.example.org/invite/{}", "x".repeat(86));
    for (project, encoding) in [("Sea Lab", "7bit"), ("Käse", "quoted-printable")] {
        let text = texts::invitation(PORTAL, &ada, project, Role::Viewer, &link);
        let content = String::from_utf8(composed(&test.core, &to, &text).expect("composed")).expect("text");
        assert!(content.contains(&format!("Content-Transfer-Encoding: {encoding}\r\n")), "{content}");
        assert!(content.replace("=\r\n", "").contains(&format!("\r\n{link}\r\n")), "{content}");
    }
}

#[tokio::test]
async fn every_address_can_be_written_to() {
    let test = Test::new().await;
    let text = texts::password_reset(PORTAL, &address("grace@example.org"), None, LINK);
    for to in ["a.b+c@example.org", "\"a b\"@example.org", "\"a@b\"@example.org", "grüße@example.org", "a@käse.example"]
    {
        let composed = composed(&test.core, &address(to), &text);
        let content = String::from_utf8(composed.expect(to)).expect("text");
        let field = format!("\r\nTo: {}\r\n", address(to));
        assert!(content.contains(&field), "{content}");
    }
}

#[tokio::test]
async fn a_name_of_a_project_cannot_add_header_fields() {
    let test = Test::new().await;
    let ada = ada(&test).await;
    let text = texts::invitation(PORTAL, &ada, "x\r\nBcc: victim@example.net", Role::Viewer, LINK);
    let content = composed(&test.core, &address("grace@example.org"), &text).expect("composed");
    let content = String::from_utf8(content).expect("text");
    assert!(!content.contains("\r\nBcc:"), "{content}");
}
