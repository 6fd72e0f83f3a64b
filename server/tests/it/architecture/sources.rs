//! What may not be written, looked for line by line. Comments do not count.

use super::repository::{read, rust_files};

/// The files of the portal that may write what is dangerous elsewhere, because making it safe is their purpose.
const GUARDS: &[&str] = &["app/src/components/raw_text.rs", "app/src/components/boot.rs"];

/// Fails on each line of the chosen files that holds one of the patterns.
fn forbid(chosen: impl Fn(&str) -> bool, patterns: &[&str], instead: &str) {
    let mut found = Vec::new();
    // These files name the patterns in order to forbid them.
    let files = rust_files().into_iter().filter(|path| !path.starts_with("server/tests/it/architecture/"));
    for path in files.filter(|path| chosen(path)) {
        for (number, line) in read(&path).lines().enumerate() {
            let code = !line.trim_start().starts_with("//");
            if code && patterns.iter().any(|pattern| line.contains(pattern)) {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{instead}:\n{}", found.join("\n"));
}

fn portal_but_guards(path: &str) -> bool {
    (path.starts_with("app/src/") || path.starts_with("frontend/src/")) && !GUARDS.contains(&path)
}

#[test]
fn text_enters_a_page_only_escaped() {
    let raw = ["<textarea", "<Title", "inner_html", "<script", "<style", "HydrationScripts", "<noscript"];
    forbid(portal_but_guards, &raw, "leptos does not escape these; use the guards in app/src/components/raw_text.rs");
}

#[test]
fn server_functions_are_called_by_post_only() {
    forbid(
        |path| path.starts_with("app/src/"),
        &["GetUrl"],
        "a GET escapes SameSite cookies; use the default encoding",
    );
}

#[test]
fn lints_are_expected_with_a_reason_and_never_allowed() {
    forbid(|_| true, &["#[allow(", "#![allow("], "use #[expect(lint, reason = \"…\")]");
}

#[test]
fn tests_wait_for_conditions_and_never_for_time() {
    // `until.rs` is the one place that waits for a condition with pauses between looks.
    let tests = |path: &str| path.contains("/tests/") && !path.ends_with("/until.rs");
    forbid(tests, &["thread::sleep", "time::sleep(", " sleep("], "wait for the condition itself");
}

#[test]
fn the_pure_crates_wait_for_nothing_and_read_no_clock() {
    let pure = |path: &str| {
        path.starts_with("server/crates/relay-smtp/src/") || path.starts_with("server/crates/relay-types/src/")
    };
    let impure = [
        "async fn",
        "async move",
        "async {",
        "Instant::now",
        "SystemTime",
        "now_utc(",
        "now_v7(",
        "TcpStream",
        "TcpListener",
        "UdpSocket",
    ];
    forbid(pure, &impure, "pass the time in, and leave sockets to relay-mta");
}

#[test]
fn only_the_relay_opens_smtp_sockets() {
    let others = |path: &str| {
        let inside = ["app/", "frontend/", "migrations/", "server/crates/relay-core/", "server/crates/relay-dns/"];
        // DNS over TCP is spoken in one place.
        let dns = path == "server/crates/relay-dns/src/wire.rs";
        inside.iter().any(|folder| path.starts_with(folder)) && !path.contains("/tests") && !dns
    };
    forbid(others, &["TcpStream", "TcpSocket", "SmtpTransport"], "SMTP connections belong to relay-mta");
}
