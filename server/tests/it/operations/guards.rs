//! What stands around every page and every server function of the portal.

use crate::{
    harness::{Page, Portal, Relaykeep, html},
    submission::RULES,
};
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

/// The session cookie as the answer sets it.
fn set_cookie(page: &Page) -> String {
    let cookies = page.header("Set-Cookie");
    cookies.into_iter().find(|cookie| cookie.contains("relaykeep=")).expect("a session cookie")
}

fn sign_in(portal: &Portal) -> Page {
    let fields = [("email", "operator@relay.test"), ("password", "correct horse battery")];
    let page = portal.submit("/login", "sign_in", &fields);
    assert!((300..400).contains(&page.status), "{}\n{}", page.status, page.body);
    page
}

#[test]
fn the_session_cookie_is_for_http_and_same_site_only_and_its_id_is_new_at_every_sign_in() {
    let relay = Relaykeep::start("");
    relay.operator();
    let portal = relay.stranger();
    let first = set_cookie(&sign_in(&portal));
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(first.contains(attribute), "no {attribute} in {first}");
    }
    let id = |cookie: &str| cookie.split(';').next().unwrap().to_owned();
    let second = set_cookie(&sign_in(&portal));
    assert_ne!(id(&first), id(&second));
    // The id of before is worth nothing, whoever planted or kept it.
    let asked = |cookie: &str| relay.stranger().ask("/account", &[&format!("Cookie: {}", id(cookie))]);
    assert_eq!((asked(&first).status, asked(&second).status), (302, 200));
    let planted = "relaykeep=AAAAAAAAAAAAAAAAAAAAAA";
    let fields = [("email", "operator@relay.test"), ("password", "correct horse battery")];
    let stranger = relay.stranger();
    let action = stranger.action("/login", "sign_in");
    let origin = format!("Origin: {}", relay.url());
    let page = stranger.post_as(&[&origin, &format!("Cookie: {planted}")], "/login", &action, &fields);
    assert_ne!(id(&set_cookie(&page)), planted);
    assert_eq!(asked(planted).status, 302);
}

#[test]
fn with_https_the_cookie_is_secure_and_bound_to_the_host() {
    let relay = Relaykeep::start("[portal]\npublic_url = \"https://portal.relay.test\"\n");
    let output = relay.subcommand(
        &["operator", "create", "--email", "operator@relay.test", "--password-stdin"],
        "correct horse battery",
    );
    assert!(output.status.success());
    let stranger = relay.stranger();
    let theme = stranger.submit("/login", "set_theme", &[("theme", "dark")]).header("Set-Cookie").join("\n");
    assert!(theme.contains("theme=dark") && theme.contains("; Secure"), "{theme}");
    let page = sign_in(&stranger);
    let cookie = set_cookie(&page);
    assert!(cookie.starts_with("__Host-relaykeep=") && cookie.contains("Secure"), "{cookie}");
    assert_eq!(page.header("Strict-Transport-Security"), ["max-age=31536000"]);
}

#[test]
fn what_another_site_makes_the_browser_send_is_refused_and_changes_nothing() {
    let relay = Relaykeep::start("");
    relay.apply(RULES);
    let portal = relay.operator();
    let action = portal.action("/p/bio/networks", "remove_network");
    let page = portal.get("/p/bio/networks");
    let ids = html::tags(&page.body, "input").filter(|(tag, _)| html::attribute(tag, "name").as_deref() == Some("id"));
    let id = ids.filter_map(|(tag, _)| html::attribute(tag, "value")).next().expect("the network's id");
    let fields = [("slug", "bio"), ("id", id.as_str()), ("confirm", "127.0.0.1/32")];
    let own = format!("Origin: {}", relay.url());
    for origin in [
        vec!["Origin: https://evil.example"],
        vec!["Origin: null"],
        vec![own.as_str(), "Sec-Fetch-Site: cross-site"],
        vec![own.as_str(), "Sec-Fetch-Site: same-site"],
        vec![],
    ] {
        let answer = portal.post_as(&origin, "/p/bio/networks", &action, &fields);
        assert_eq!(answer.status, 403, "{origin:?}");
    }
    assert!(portal.get("/p/bio/networks").text().contains("127.0.0.1/32"));
    // The very same call from our own page is taken.
    let answer = portal.post_as(&[&own], "/p/bio/networks", &action, &fields);
    assert!((300..400).contains(&answer.status), "{}\n{}", answer.status, answer.body);
    assert!(!portal.get("/p/bio/networks").body.contains(&id));
}

#[test]
fn a_stranger_is_refused_before_anything_of_a_large_import_is_read() {
    let relay = Relaykeep::start("");
    relay.apply(RULES);
    let (url, function) = (relay.url(), relay.operator().action("/p/bio/suppressions", "import_suppressions"));
    let host = url.trim_start_matches("http://");
    for (accepts, expected) in [("application/json", "HTTP/1.1 401"), ("text/html", "HTTP/1.1 303")] {
        let mut stranger = TcpStream::connect(host).unwrap();
        stranger.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let head = format!(
            "POST {function} HTTP/1.1\r\nHost: {host}\r\nOrigin: {url}\r\nSec-Fetch-Site: same-origin\r\n\
             Accept: {accepts}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: 20000000\r\n\r\n"
        );
        stranger.write_all(head.as_bytes()).unwrap();
        let mut answer = [0; 12];
        stranger.read_exact(&mut answer).unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), expected);
    }
}

#[test]
fn every_page_has_a_strict_policy_with_a_nonce_of_its_own() {
    let relay = Relaykeep::start("");
    relay.apply(RULES);
    let portal = relay.operator();
    let mut seen = Vec::new();
    for path in ["/login", "/", "/p/bio", "/p/bio/senders", "/p/bio/messages", "/nowhere", "/p/none"] {
        let page = portal.get(path);
        let policy = page.header("Content-Security-Policy").join("\n");
        let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default();
        assert!(nonce.len() >= 16, "{path}: {policy}");
        assert!(!seen.contains(&nonce.to_owned()), "{path}: a nonce came twice");
        seen.push(nonce.to_owned());
        for part in ["default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{path}: no {part} in {policy}");
        }
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{path}: {policy}");
        for (script, _) in html::tags(&page.body, "script") {
            assert_eq!(html::attribute(script, "nonce").as_deref(), Some(nonce), "{path}: <script{script}>");
        }
        assert_eq!(page.header("X-Content-Type-Options"), ["nosniff"], "{path}");
        assert_eq!(page.header("Cache-Control"), ["no-store"], "{path}");
    }
}
