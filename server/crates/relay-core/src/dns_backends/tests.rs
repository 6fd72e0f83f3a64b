//! DNS back ends: what makes one, who may, and that secrets stay in.

use super::*;
use crate::{
    addresses,
    tables::name_change,
    test_support::{Test, word},
};
use relay_dns::{FixedAnswers, Resolver};
use relay_types::{
    address::{AddressId, AssignInput},
    range::{RangeId, RangeInput},
};
use std::time::Duration;

/// Twenty octets.
const SECRET: &str = "aHVzaCBodXNoIGh1c2ggaHVzaCE=";

fn update() -> DnsBackendInput {
    DnsBackendInput {
        label: "ns1".to_owned(),
        kind: "update".to_owned(),
        server: "ns1.example.org".to_owned(),
        key_name: "Relaykeep.".to_owned(),
        algorithm: "hmac-sha256".to_owned(),
        secret: SECRET.to_owned().into(),
        ..Default::default()
    }
}

fn powerdns() -> DnsBackendInput {
    DnsBackendInput {
        label: "pdns".to_owned(),
        kind: "powerdns".to_owned(),
        url: "https://dns.example.org:8081/".to_owned(),
        secret: "hush-hush".to_owned().into(),
        ..Default::default()
    }
}

fn snippet() -> DnsBackendInput {
    DnsBackendInput { label: "by hand".to_owned(), kind: "snippet".to_owned(), ..Default::default() }
}

async fn range(test: &Test, backend: Option<DnsBackendId>) -> RangeId {
    let input = RangeInput {
        label: "Four".to_owned(),
        block: "192.0.2.0/24".to_owned(),
        ttl: "300".to_owned(),
        backend: backend.map(|id| id.to_string()).unwrap_or_default(),
        ..Default::default()
    };
    ranges::add(&test.core, &Actor::System, &input).await.expect("a range")
}

async fn address(test: &Test, block: &str, project: &str) -> AddressId {
    let input = AssignInput { block: block.to_owned(), project: project.to_owned(), ..Default::default() };
    addresses::assign(&test.core, &Actor::System, &input).await.expect("assigned")
}

#[tokio::test]
async fn the_desk_sees_back_ends_and_operators_who_typed_their_password_change_them() {
    let test = Test::new().await;
    let (project, slug) = test.project("acme").await;
    let cast = test.cast(project, &slug).await;
    let core = &test.core;
    let id = add(core, &cast.operator, update()).await.expect("added");
    range(&test, Some(id)).await;
    let at = address(&test, "192.0.2.7", "acme").await;
    let strangers = [
        (&cast.anonymous, "SignedOut"),
        (&cast.owner, "Forbidden"),
        (&cast.viewer, "Forbidden"),
        (&cast.outsider, "Forbidden"),
        (&cast.service_account, "Forbidden"),
        (&cast.network, "Forbidden"),
    ];
    for (actor, expected) in strangers {
        assert_eq!(word(&list(core, actor).await), expected, "{actor:?}");
        assert_eq!(word(&dry_run(core, actor, at, None).await), expected, "{actor:?}");
    }
    for (actor, expected) in strangers.into_iter().chain([(&cast.desk, "Forbidden")]) {
        assert_eq!(word(&get(core, actor, id).await), expected, "{actor:?}");
        assert_eq!(word(&add(core, actor, snippet()).await), expected, "{actor:?}");
        assert_eq!(word(&edit(core, actor, id, snippet()).await), expected, "{actor:?}");
        assert_eq!(word(&remove(core, actor, id).await), expected, "{actor:?}");
        assert_eq!(word(&super::test(core, actor, id, "2.0.192.in-addr.arpa").await), expected, "{actor:?}");
    }
    let seen = list(core, &cast.desk).await.expect("back ends");
    assert_eq!(seen[0].ranges, [("Four".to_owned(), "2.0.192.in-addr.arpa".to_owned())]);
    test.clock.advance(Duration::from_secs(3_600));
    assert_eq!(word(&add(core, &cast.operator, snippet()).await), "password");
    assert_eq!(word(&edit(core, &cast.operator, id, snippet()).await), "password");
}

#[tokio::test]
async fn each_field_is_judged_in_words() {
    let test = Test::new().await;
    let core = &test.core;
    add(core, &Actor::System, snippet()).await.expect("added");
    type Case = (fn() -> DnsBackendInput, fn(&mut DnsBackendInput), &'static str);
    let cases: [Case; 26] = [
        (update, |form| form.label = " ".to_owned(), "label"),
        (update, |form| form.label = "by hand".to_owned(), "label"),
        (update, |form| form.kind = "bind".to_owned(), "kind"),
        (update, |form| form.server = String::new(), "server"),
        (update, |form| form.server = "ns1".to_owned(), "server"),
        (update, |form| form.server = "ns1.example.org:0".to_owned(), "server"),
        (update, |form| form.server = "ns1.example.org:dns".to_owned(), "server"),
        (update, |form| form.server = "ns1.example.org/x".to_owned(), "server"),
        (update, |form| form.key_name = String::new(), "key_name"),
        (update, |form| form.key_name = "a key".to_owned(), "key_name"),
        (update, |form| form.algorithm = "hmac-md5".to_owned(), "algorithm"),
        (update, |form| form.secret = String::new().into(), "secret"),
        (update, |form| form.secret = "not base64".to_owned().into(), "secret"),
        (update, |form| form.secret = "aHVzaA==".to_owned().into(), "secret"),
        (powerdns, |form| form.secret = String::new().into(), "secret"),
        (powerdns, |form| form.secret = "two words".to_owned().into(), "secret"),
        (powerdns, |form| form.url = String::new(), "url"),
        (powerdns, |form| form.url = "dns.example.org:8081".to_owned(), "url"),
        (powerdns, |form| form.url = "ftp://dns.example.org".to_owned(), "url"),
        (powerdns, |form| form.url = "https://me:secret@dns.example.org".to_owned(), "url"),
        (powerdns, |form| form.url = "https://dns.example.org/?key=1".to_owned(), "url"),
        (powerdns, |form| form.url = "https://dns.example.org/#x".to_owned(), "url"),
        (powerdns, |form| form.url = "https://dns.example.org:99999".to_owned(), "url"),
        (powerdns, |form| form.url = "https:///path".to_owned(), "url"),
        (powerdns, |form| form.url = "https://dns example.org".to_owned(), "url"),
        (powerdns, |form| form.server_id = "a/b".to_owned(), "server_id"),
    ];
    for (good, spoil, expected) in cases {
        let mut form = good();
        spoil(&mut form);
        let said = format!("{} {} {}", form.label, form.server, form.url);
        assert_eq!(word(&add(core, &Actor::System, form).await), expected, "{said}");
    }
    for server in ["192.0.2.53", "192.0.2.53:5353", "2001:db8::53", "[2001:db8::53]", "[2001:db8::53]:5353"] {
        let form = DnsBackendInput { label: server.to_owned(), server: server.to_owned(), ..update() };
        assert_eq!(word(&add(core, &Actor::System, form).await), "Ok", "{server}");
    }
    for url in ["http://localhost:8081", "https://192.0.2.53", "https://[2001:db8::53]:8081/behind/proxy"] {
        let form = DnsBackendInput { label: url.to_owned(), url: url.to_owned(), ..powerdns() };
        assert_eq!(word(&add(core, &Actor::System, form).await), "Ok", "{url}");
    }
}

#[tokio::test]
async fn a_secret_is_sealed_kept_for_its_key_or_place_and_never_shown() {
    let test = Test::new().await;
    let operator = test.operator("op@example.org").await;
    let core = &test.core;
    let (signs, asks) =
        (add(core, &operator, update()).await.expect("added"), add(core, &operator, powerdns()).await.expect("added"));
    let key = async || match open(core, signs.uuid()).await.expect("opened") {
        BackEnd::Update(server) => (server.server, server.key_name, server.key.to_vec()),
        _ => panic!("an update server"),
    };
    let (server, name, octets) = key().await;
    assert_eq!(
        (server.as_str(), name.as_str(), &octets[..]),
        ("ns1.example.org", "relaykeep", &b"hush hush hush hush!"[..])
    );
    let silent = |form: DnsBackendInput| DnsBackendInput { secret: Default::default(), ..form };

    assert!(!edit(core, &operator, signs, silent(update())).await.expect("the same"));
    assert!(!edit(core, &operator, signs, update()).await.expect("the same secret"));
    let moved = DnsBackendInput { server: "ns2.example.org:5353".to_owned(), ..silent(update()) };
    assert!(edit(core, &operator, signs, moved).await.expect("moved"));
    assert_eq!(key().await.2, b"hush hush hush hush!");
    let other_key = DnsBackendInput { key_name: "other".to_owned(), ..silent(update()) };
    assert_eq!(word(&edit(core, &operator, signs, other_key).await), "secret");
    let other_place = DnsBackendInput { url: "https://evil.example".to_owned(), ..silent(powerdns()) };
    assert_eq!(word(&edit(core, &operator, asks, other_place).await), "secret");
    let taken = DnsBackendInput { label: "ns1".to_owned(), ..silent(powerdns()) };
    assert_eq!(word(&edit(core, &operator, asks, taken).await), "label");
    let other_kind = DnsBackendInput { label: "pdns".to_owned(), ..silent(update()) };
    assert_eq!(word(&edit(core, &operator, asks, other_kind).await), "secret");
    let renewed = DnsBackendInput { secret: "another-key".to_owned().into(), ..powerdns() };
    assert!(edit(core, &operator, asks, renewed).await.expect("renewed"));

    let entries = audit::list_all(core, &operator, &Default::default()).await.expect("entries").items;
    let changes = format!("{:?}", entries[0].changes);
    assert!(changes.contains("(new secret)"), "{changes}");
    let said = format!("{entries:?} {:?} {:?}", list(core, &operator).await, open(core, asks.uuid()).await);
    for hidden in ["hush", "another-key", SECRET] {
        assert!(!said.contains(hidden), "{hidden} in {said}");
    }
    let row = row(core.db.read(), signs.uuid()).await.expect("the row");
    assert!(!row.settings.contains("hush"));
    assert!(!row.secret_sealed.expect("sealed").windows(4).any(|part| part == b"hush"));
}

#[tokio::test]
async fn a_back_end_in_use_is_not_removed() {
    let test = Test::new().await;
    test.project("acme").await;
    let core = &test.core;
    let id = add(core, &Actor::System, snippet()).await.expect("added");
    let range = range(&test, Some(id)).await;
    let at = address(&test, "192.0.2.7", "acme").await;
    let refused = remove(core, &Actor::System, id).await.expect_err("refused").to_string();
    assert_eq!(refused, "Four is written by it; choose another for it first");
    let input = RangeInput { label: "Four".to_owned(), block: "192.0.2.0/24".to_owned(), ..Default::default() };
    ranges::edit(core, &Actor::System, range, &input).await.expect("edited");

    let change = name_change::Model {
        id: Uuid::now_v7(),
        address_id: at.uuid(),
        project_id: None,
        ticket_id: None,
        backend_id: Some(id.uuid()),
        state: "byhand".to_owned(),
        cause: "ticket".to_owned(),
        actor: "a".to_owned(),
        actor_id: None,
        at: 0,
        before: None,
        after: None,
        zone: "2.0.192.in-addr.arpa".to_owned(),
        owner: "7.2.0.192.in-addr.arpa".to_owned(),
        ttl: 60,
        attempts: 0,
        next_at: None,
        written_at: None,
        ended_at: None,
        said: None,
        error: None,
        rolled_back: false,
    };
    let change_id = change.id;
    let insert = name_change::Entity::insert(change.into_active_model());
    insert.exec_without_returning(core.db.read()).await.expect("a change");
    assert_eq!(word(&remove(core, &Actor::System, id).await), "Conflict");
    let ended = name_change::ActiveModel { id: Set(change_id), state: Set("failed".to_owned()), ..Default::default() };
    ended.update(core.db.read()).await.expect("ended");
    assert_eq!(word(&remove(core, &Actor::System, id).await), "Ok");
    assert_eq!(word(&get(core, &Actor::System, id).await), "NotFound");
}

#[tokio::test]
async fn a_test_is_kept_until_the_settings_change() {
    let test = Test::new().await;
    let core = &test.core;
    let by_hand = add(core, &Actor::System, snippet()).await.expect("added");
    assert_eq!(word(&super::test(core, &Actor::System, by_hand, "192.0.2.0").await), "zone");
    let said = super::test(core, &Actor::System, by_hand, "2.0.192.in-addr.arpa.").await.expect("tested");
    assert!(said.good && said.said.contains("by hand"), "{said:?}");

    // Nothing answers at the discard port of this machine.
    let nobody = DnsBackendInput { server: "127.0.0.1:9".to_owned(), ..update() };
    let id = add(core, &Actor::System, nobody).await.expect("added");
    let said = super::test(core, &Actor::System, id, "2.0.192.in-addr.arpa").await.expect("tested");
    assert!(!said.good && !said.said.is_empty());
    assert_eq!(get(core, &Actor::System, id).await.expect("it").tested, Some(said));
    edit(core, &Actor::System, id, update()).await.expect("edited");
    assert_eq!(get(core, &Actor::System, id).await.expect("it").tested, None);
}

#[tokio::test]
async fn a_dry_run_shows_the_exact_change_from_what_is_there() {
    let answers = FixedAnswers::new();
    let test = Test::with_resolver(Resolver::fixed(answers.clone()), |_| {}).await;
    test.project("acme").await;
    let desk = test.desk("desk@example.org").await;
    let core = &test.core;
    let backend = add(core, &Actor::System, update()).await.expect("added");
    let range = range(&test, None).await;
    let at = address(&test, "192.0.2.7", "acme").await;
    let prefix = address(&test, "192.0.2.64/26", "acme").await;
    let name = || Some("WWW.acme.example.".to_owned());
    assert_eq!(word(&dry_run(core, &desk, at, name()).await), "Conflict", "nothing writes the range");
    let input = RangeInput {
        label: "Four".to_owned(),
        block: "192.0.2.0/24".to_owned(),
        ttl: "300".to_owned(),
        backend: backend.to_string(),
        ..Default::default()
    };
    ranges::edit(core, &Actor::System, range, &input).await.expect("edited");
    answers.set_ptr("192.0.2.7".parse().expect("an address"), &["old.acme.example"]);
    let script = dry_run(core, &desk, at, name()).await.expect("a script");
    for line in [
        "server ns1.example.org 53",
        "zone 2.0.192.in-addr.arpa.",
        "prereq yxrrset 7.2.0.192.in-addr.arpa. PTR old.acme.example.",
        "update delete 7.2.0.192.in-addr.arpa. PTR",
        "update add 7.2.0.192.in-addr.arpa. 300 PTR www.acme.example.",
        "send",
    ] {
        assert!(script.lines().any(|found| found == line), "{line} in\n{script}");
    }
    let removal = dry_run(core, &desk, at, Some(" ".to_owned())).await.expect("a script");
    assert!(!removal.contains("update add"), "{removal}");
    assert_eq!(word(&dry_run(core, &desk, at, Some("a_b.example".to_owned())).await), "name");
    assert_eq!(word(&dry_run(core, &desk, prefix, None).await), "Conflict");
    answers.set_temporary_failure("7.2.0.192.in-addr.arpa", "no answer");
    assert_eq!(word(&dry_run(core, &desk, at, name()).await), "Conflict");
}
