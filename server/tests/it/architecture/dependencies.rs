//! What is really built, for the server and for the browser. `Cargo.lock` is no witness: it also lists optional
//! dependencies that no feature turns on.

use std::collections::BTreeSet;

use super::repository::{cargo_tree, read_toml};

/// The platform the server is judged on, and the browser's.
const SERVER: &[&str] = &["--workspace", "--edges", "normal,build", "--target", "x86_64-unknown-linux-gnu"];
const BROWSER: &[&str] = &["--package", "frontend", "--edges", "normal", "--target", "wasm32-unknown-unknown"];

/// Each package built for the server, the build tool or the browser, with its licence.
pub fn packages_with_licences() -> BTreeSet<(String, String)> {
    let format = ["--format", "{p}\t{l}"];
    [SERVER, BROWSER]
        .into_iter()
        .flat_map(|side| cargo_tree(&[side, &format].concat()).lines().map(String::from).collect::<Vec<_>>())
        .filter_map(|line| line.split_once('\t').map(|(name, licence)| (name.to_owned(), licence.to_owned())))
        .collect()
}

fn names(side: &[&str]) -> BTreeSet<String> {
    cargo_tree(side).lines().filter_map(|line| line.split(' ').next()).map(String::from).collect()
}

/// Our own packages among these: those that have a path.
fn ours(side: &[&str]) -> BTreeSet<String> {
    let tree = cargo_tree(side);
    let local = tree.lines().filter(|line| line.contains("(/") && !line.contains("(proc-macro)"));
    local.filter_map(|line| line.split(' ').next()).map(String::from).collect()
}

#[test]
fn the_browser_bundle_holds_nothing_of_ours_but_app_and_relay_types() {
    assert_eq!(ours(BROWSER), ["app", "frontend", "relay-types"].map(String::from).into());
}

#[test]
fn the_browser_bundle_holds_no_server_library() {
    let names = names(BROWSER);
    let server_only =
        ["axum", "hickory-resolver", "lettre", "mail-auth", "rustls", "sea-orm", "sqlx", "tower-sessions"];
    for name in server_only {
        assert!(!names.contains(name), "{name} is in the browser bundle: cargo tree -p frontend -i {name}");
    }
}

#[test]
fn banned_crates_are_built_for_neither_side() {
    let denied = read_toml(".cargo/deny.toml");
    let denied: Vec<&str> =
        denied["bans"]["deny"].as_array().unwrap().iter().map(|ban| ban["crate"].as_str().unwrap()).collect();
    assert!(denied.contains(&"ring") && denied.contains(&"openssl") && denied.contains(&"rusqlite"));
    let built: BTreeSet<String> = names(SERVER).union(&names(BROWSER)).cloned().collect();
    for name in denied {
        assert!(!built.contains(name), "{name} is banned: cargo tree --workspace -i {name} says who brings it");
    }
}
