//! Who may import whom, as the crates' manifests say it. Dependencies of tests alone are free.

use std::collections::BTreeSet;

use super::repository::{files, read_toml};

/// Every crate of the workspace by its folder, with the names its build depends on.
fn manifests() -> Vec<(String, BTreeSet<String>)> {
    let found = files().into_iter().filter_map(|path| path.strip_suffix("/Cargo.toml").map(String::from));
    found.map(|folder| (folder.clone(), dependencies(&folder))).collect()
}

fn dependencies(folder: &str) -> BTreeSet<String> {
    let manifest = read_toml(&format!("{folder}/Cargo.toml"));
    let sections = ["dependencies", "build-dependencies"];
    let common = sections.iter().filter_map(|name| manifest.get(*name)?.as_table());
    let targets = manifest.get("target").and_then(|target| target.as_table());
    let by_target = targets.into_iter().flat_map(|table| table.values());
    let by_target = by_target.flat_map(|target| sections.iter().filter_map(|name| target.get(*name)?.as_table()));
    common.chain(by_target).flat_map(|table| table.keys().cloned()).collect()
}

/// Fails when a crate outside `folders` depends on a name that `matches`.
fn only(folders: &[&str], matches: impl Fn(&str) -> bool, noun: &str) {
    for (folder, names) in manifests() {
        let found: Vec<_> = names.iter().filter(|name| matches(name)).collect();
        assert!(found.is_empty() || folders.contains(&folder.as_str()), "{folder} names {noun}: {found:?}");
    }
}

fn never(folder: &str, banned: &[&str]) {
    let names = dependencies(folder);
    for name in banned {
        assert!(!names.contains(*name), "{folder} depends on {name}");
    }
}

#[test]
fn only_the_use_cases_and_the_migrations_name_the_database() {
    let database = |name: &str| name.starts_with("sea-orm") || name == "sqlx";
    only(&["server/crates/relay-core", "migrations"], database, "the database");
}

#[test]
fn only_relay_dns_names_hickory() {
    only(&["server/crates/relay-dns"], |name| name.starts_with("hickory"), "hickory");
}

#[test]
fn only_the_portal_and_its_two_ends_name_leptos() {
    only(&["app", "server", "frontend"], |name| name.starts_with("leptos"), "leptos");
}

#[test]
fn the_pure_crates_have_no_runtime_and_no_database() {
    for folder in ["server/crates/relay-smtp", "server/crates/relay-types"] {
        never(folder, &["tokio", "tokio-util", "futures-util", "async-trait", "sea-orm", "sqlx", "reqwest"]);
    }
}

#[test]
fn the_use_cases_choose_no_smtp_reply_and_no_http_status() {
    never("server/crates/relay-core", &["http", "axum", "tower-http", "relay-smtp", "leptos"]);
}

#[test]
fn the_arrows_between_our_crates_are_these() {
    let edges = [
        ("frontend", &["app"][..]),
        ("app", &["relay-core", "relay-types"]),
        ("server", &["app", "migrations", "relay-core", "relay-dns", "relay-mta", "relay-smtp", "relay-types"]),
        ("migrations", &[]),
        ("server/crates/relay-types", &[]),
        ("server/crates/relay-smtp", &["relay-types"]),
        ("server/crates/relay-dns", &["relay-types"]),
        ("server/crates/relay-core", &["migrations", "relay-dns", "relay-types"]),
        ("server/crates/relay-mta", &["relay-core", "relay-dns", "relay-smtp", "relay-types"]),
        ("server/fuzz", &["relay-smtp", "relay-types"]),
        ("xtask", &[]),
    ];
    let found = manifests();
    assert_eq!(found.len(), edges.len(), "a crate is missing from this list: {:?}", found.iter().map(|(f, _)| f));
    for (folder, names) in found {
        let allowed = edges.iter().find(|(known, _)| *known == folder).map(|(_, to)| *to);
        let allowed = allowed.unwrap_or_else(|| panic!("{folder} is a new crate: add it here and to the architecture"));
        let ours =
            |name: &&String| name.starts_with("relay-") || ["app", "frontend", "migrations"].contains(&name.as_str());
        for name in names.iter().filter(ours) {
            assert!(allowed.contains(&name.as_str()), "{folder} → {name} is a new edge: it needs an ADR");
        }
    }
}
