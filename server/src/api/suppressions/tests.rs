//! What programs and people are answered, path by path.

use crate::{api, session_store::DatabaseStore, test_core::TestCore};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, header},
    routing::get,
};
use relay_core::{Actor, IssuedSecret, api_tokens, projects, sign_in, users};
use relay_types::{EmailAddress, api_token::ApiScope, project::Slug, user::UserId};
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt;
use tower_sessions::{Session, SessionManagerLayer};

/// The API over one project, `bio`.
struct World {
    test: TestCore,
    router: Router,
}

/// An answer.
struct Answer {
    status: u16,
    body: Value,
    head: HeaderMap,
}

impl World {
    async fn new() -> Self {
        let test = TestCore::new().await;
        let core = &test.core;
        projects::create(core, &Actor::System, "Biology", slug("bio"), false).await.unwrap();
        let sign_in = async |session: Session, body: String| {
            session.insert(app::ssr::USER, body.parse::<UserId>().unwrap()).await.unwrap();
        };
        let router = api::routes(core.clone(), 1_000)
            .route("/in", get(sign_in))
            .layer(SessionManagerLayer::new(DatabaseStore(core.clone())));
        Self { test, router }
    }

    /// A token of a project, which is made when it is not there.
    async fn token(&self, project: &str, scope: ApiScope) -> String {
        let (core, of) = (&self.test.core, slug(project));
        if projects::frame(core, &Actor::System, &of).await.is_err() {
            projects::create(core, &Actor::System, project, of.clone(), false).await.unwrap();
        }
        let issued: IssuedSecret = api_tokens::issue(core, &Actor::System, &of, "crm", &[scope], None).await.unwrap().1;
        format!("Bearer {}", issued.reveal())
    }

    /// An operator, and the cookie of their session.
    async fn operator(&self, email: &str) -> (UserId, String) {
        let core = &self.test.core;
        let password = || zeroize::Zeroizing::new("correct horse battery".to_owned());
        users::create_operator(core, &Actor::System, EmailAddress::parse(email).unwrap(), password()).await.unwrap();
        let user = sign_in::sign_in(core, None, email, password()).await.unwrap();
        let request = Request::builder().uri("/in").body(Body::from(user.to_string())).unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
        (user, cookie.split(';').next().unwrap().to_owned())
    }

    /// Asks for what stands behind `/projects/bio/suppressions`.
    async fn ask(&self, method: &str, path: &str, token: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, path, &[("authorization", token), ("content-type", "application/json")], body).await
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("/api/v1/projects/bio/suppressions{path}"));
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        let answer = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (status, head) = (answer.status().as_u16(), answer.headers().clone());
        let body = axum::body::to_bytes(answer.into_body(), 100_000).await.unwrap();
        Answer { status, head, body: serde_json::from_slice(&body).unwrap_or_default() }
    }
}

impl Answer {
    /// Status, code and field of a refusal.
    fn refusal(&self) -> (u16, &str, Option<&str>) {
        assert_eq!(self.head[header::CONTENT_TYPE], "application/problem+json", "{}", self.body);
        assert_eq!(self.body["status"], self.status);
        (self.status, self.body["code"].as_str().unwrap_or_default(), self.body["field"].as_str())
    }

    fn addresses(&self) -> Vec<&str> {
        let items = self.body["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().filter_map(|one| one["address"].as_str()).collect()
    }
}

fn slug(text: &str) -> Slug {
    Slug::parse(text).unwrap()
}

fn entry(address: &str) -> Value {
    json!({ "address": address, "reason": "left" })
}

#[tokio::test]
async fn a_program_does_what_its_scope_says_in_its_own_project() {
    let world = World::new().await;
    let new = entry("Gone@uni.example");
    let reads = world.token("bio", ApiScope::SuppressionsRead).await;
    for (token, status) in [
        (String::new(), 401),
        ("Bearer rk_x".to_owned(), 401),
        (world.token("bio-readers", ApiScope::SuppressionsRead).await, 404),
        (world.token("other", ApiScope::SuppressionsWrite).await, 404),
        (world.token("other", ApiScope::DnsRead).await, 404),
        (world.token("bio", ApiScope::DnsRead).await, 403),
        (reads.clone(), 403),
    ] {
        assert_eq!(world.ask("POST", "", &token, &new).await.refusal().0, status, "{status}");
        assert_eq!(world.ask("DELETE", "/gone@uni.example", &token, &Value::Null).await.refusal().0, status);
        let (list, one) = if token == reads { (200, 404) } else { (status, status) };
        assert_eq!(world.ask("GET", "", &token, &Value::Null).await.status, list);
        assert_eq!(world.ask("GET", "/gone@uni.example", &token, &Value::Null).await.refusal().0, one);
    }
    let writes = world.token("bio", ApiScope::SuppressionsWrite).await;
    let added = world.ask("POST", "", &writes, &new).await;
    assert_eq!((added.status, &added.body["address"]), (201, &"gone@uni.example".into()));
    assert_eq!((&added.body["kind"], &added.body["expires_at"]), (&"manual".into(), &Value::Null));
    assert_eq!(added.head[header::CACHE_CONTROL], "no-store");
    assert_eq!(world.ask("POST", "", &writes, &new).await.refusal(), (409, "conflict", None));
    assert_eq!(world.ask("GET", "/GONE@uni.example", &reads, &Value::Null).await.body, added.body);
    let put = world.ask("PUT", "/gone@uni.example", &writes, &new).await;
    assert_eq!((put.refusal().0, put.head[header::ALLOW].to_str().unwrap()), (405, "GET,HEAD,DELETE"));
    assert_eq!(world.ask("DELETE", "/gone@uni.example", &writes, &Value::Null).await.status, 204);
    assert_eq!(world.ask("DELETE", "/gone@uni.example", &writes, &Value::Null).await.refusal().0, 404);
    assert_eq!(world.ask("GET", "/gone@uni.example", &reads, &Value::Null).await.refusal().0, 404);
}

#[tokio::test]
async fn what_cannot_be_added_says_which_field_and_adds_nothing() {
    let world = World::new().await;
    let token = world.token("bio", ApiScope::SuppressionsWrite).await;
    for (body, field) in [
        (entry("nobody"), Some("address")),
        (entry("bounce@simulator.relay.example.org"), Some("address")),
        (json!({ "address": "a@b.example", "reason": " " }), Some("reason")),
        (json!({ "address": "a@b.example", "reason": "a\r\nb" }), Some("reason")),
        (json!({ "address": "a@b.example", "reason": "x".repeat(201) }), Some("reason")),
        (json!({ "address": "a@b.example", "reason": "x", "expires_at": 1 }), Some("expires_at")),
        (json!({ "address": "a@b.example", "reason": "x", "expires_at": "tomorrow" }), None),
        (json!({ "address": "a@b.example", "reson": "x" }), None),
        (json!({ "address": "a@b.example" }), None),
        (json!([entry("a@b.example")]), None),
        (Value::Null, None),
    ] {
        let refused = world.ask("POST", "", &token, &body).await;
        assert_eq!(refused.refusal(), (400, "invalid_parameter", field), "{body}");
    }
    let text = [("authorization", token.as_str()), ("content-type", "text/plain")];
    let refused = world.send("POST", "", &text, entry("a@b.example").to_string()).await;
    assert_eq!(refused.refusal(), (400, "invalid_parameter", None));
    assert_eq!(world.ask("GET", "", &token, &Value::Null).await.addresses(), [""; 0]);
}

#[tokio::test]
async fn the_list_is_searched_and_paged_and_a_typing_error_is_told() {
    let world = World::new().await;
    let token = world.token("bio", ApiScope::SuppressionsWrite).await;
    for number in 0..51 {
        world.ask("POST", "", &token, &entry(&format!("u{number:02}@uni.example"))).await;
    }
    world.ask("POST", "", &token, &entry("a_b@other.example")).await;
    let list = async |query: &str| world.ask("GET", query, &token, &Value::Null).await;
    let first = list("").await;
    assert_eq!((first.addresses().len(), first.addresses()[0]), (50, "a_b@other.example"));
    let rest = list(&format!("?after={}", first.body["next"].as_str().unwrap())).await;
    assert_eq!((rest.addresses(), &rest.body["next"]), (vec!["u01@uni.example", "u00@uni.example"], &Value::Null));
    let found = list("?search=%40UNI.example").await;
    assert_eq!((found.addresses().len(), found.addresses()[0]), (50, "u00@uni.example"));
    let rest = list(&format!("?search=%40uni.example&after={}", found.body["next"].as_str().unwrap())).await;
    assert_eq!(rest.addresses(), ["u50@uni.example"]);
    for (query, addresses) in [
        ("?search=U4", 10),
        ("?search=a_b", 1),
        ("?search=aXb", 0),
        ("?search=%25", 0),
        ("?search=_", 0),
        ("?search=%00", 50),
        ("?search=", 50),
    ] {
        assert_eq!(list(query).await.addresses().len(), addresses, "{query}");
    }
    let long = format!("?search={}", "x".repeat(513));
    for (query, code, field) in [
        ("?serch=x", "unknown_parameter", "serch"),
        ("?search=a&search=b", "invalid_parameter", "search"),
        ("?after=x", "invalid_parameter", "after"),
        (long.as_str(), "invalid_parameter", "search"),
    ] {
        assert_eq!(list(query).await.refusal(), (400, code, Some(field)), "{query}");
    }
}

#[tokio::test]
async fn any_address_can_stand_in_a_path_and_what_cannot_is_a_problem() {
    let world = World::new().await;
    let token = world.token("bio", ApiScope::SuppressionsWrite).await;
    for (address, path, key) in [
        ("a/b@uni.example", "/a%2Fb@uni.example", "a/b@uni.example"),
        ("a+b%c@uni.example", "/a+b%25c@uni.example", "a+b%c@uni.example"),
        ("\"A B\"@uni.example", "/%22a%20b%22@uni.example", "\"a b\"@uni.example"),
        ("GR\u{dc}SSE@k\u{e4}se.example", "/gr%C3%BCsse@xn--kse-qla.example", "gr\u{fc}sse@xn--kse-qla.example"),
    ] {
        assert_eq!(world.ask("POST", "", &token, &entry(address)).await.status, 201, "{address}");
        assert_eq!(world.ask("GET", path, &token, &Value::Null).await.body["address"], key);
        assert_eq!(world.ask("DELETE", path, &token, &Value::Null).await.status, 204, "{path}");
    }
    let get = async |path: &str| world.ask("GET", path, &token, &Value::Null).await;
    assert_eq!(get("/nobody").await.refusal(), (400, "invalid_parameter", Some("address")));
    for path in ["/%FF@uni.example", "/", "/a@uni.example/x"] {
        assert_eq!(get(path).await.refusal(), (404, "not_found", None), "{path}");
    }
}

#[tokio::test]
async fn an_entry_is_gone_from_the_moment_it_ends_and_can_be_added_anew() {
    let world = World::new().await;
    let token = world.token("bio", ApiScope::SuppressionsWrite).await;
    let ends = world.test.core.now().plus(Duration::from_secs(60));
    let add = async |reason: &str, ends: Value| {
        let new = json!({ "address": "a@uni.example", "reason": reason, "expires_at": ends });
        world.ask("POST", "", &token, &new).await
    };
    assert_eq!(add("on leave", ends.0.into()).await.body["expires_at"], ends.0);
    world.test.clock.advance(Duration::from_secs(59));
    assert_eq!(add("left", Value::Null).await.status, 409);
    world.test.clock.advance(Duration::from_secs(1));
    assert_eq!(world.ask("GET", "/a@uni.example", &token, &Value::Null).await.status, 404);
    assert_eq!(world.ask("DELETE", "/a@uni.example", &token, &Value::Null).await.status, 404);
    assert_eq!(world.ask("GET", "", &token, &Value::Null).await.addresses().len(), 0);
    let again = add("left", Value::Null).await;
    assert_eq!((again.status, &again.body["reason"], &again.body["expires_at"]), (201, &"left".into(), &Value::Null));
}

#[tokio::test]
async fn a_person_asks_by_the_session_and_never_behind_a_token_that_does_not_work() {
    let world = World::new().await;
    let (_, operator) = world.operator("op@example.org").await;
    let (id, stranger) = world.operator("former@example.org").await;
    users::set_operator(&world.test.core, &Actor::System, id, false).await.unwrap();
    let ask = async |method: &str, cookie: &str, token: &str| {
        let headers = [("cookie", cookie), ("authorization", token), ("content-type", "application/json")];
        world.send(method, "", &headers, entry("a@uni.example").to_string()).await
    };
    assert_eq!(ask("POST", &stranger, "").await.refusal().0, 404, "of no project");
    assert_eq!(ask("GET", &stranger, "").await.refusal().0, 404);
    assert_eq!(ask("POST", &operator, "").await.status, 201);
    assert_eq!(ask("GET", &operator, "").await.addresses(), ["a@uni.example"]);
    assert_eq!(ask("GET", &operator, "Bearer rk_x").await.refusal().0, 401);
    let token = world.token("bio", ApiScope::DnsRead).await;
    assert_eq!(ask("GET", &operator, &token).await.refusal().0, 403, "the token counts, not who is signed in");
}
