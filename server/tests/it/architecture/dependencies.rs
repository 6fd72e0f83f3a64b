//! What is really built, for the server and for the browser. `Cargo.lock` is no witness: it also lists optional
//! dependencies that no feature turns on.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::repository::{cargo_tree, read_toml};

/// A package of a dependency tree.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Package {
    pub name: String,
    pub licence: String,
    /// Whether its source is in this repository.
    pub ours: bool,
}

type Packages = BTreeSet<Package>;

/// What the server, the tests' tools and the build tool are made of, on the platform we judge.
static SERVER: LazyLock<Packages> =
    LazyLock::new(|| packages(&["--workspace", "--edges", "normal,build", "--target", "x86_64-unknown-linux-gnu"]));

/// What a browser loads, and the macros that write some of it.
static BROWSER: LazyLock<Packages> =
    LazyLock::new(|| packages(&["--package", "frontend", "--edges", "normal", "--target", "wasm32-unknown-unknown"]));

fn packages(arguments: &[&str]) -> Packages {
    let tree = cargo_tree(&[&["--format", "{p}\t{l}"], arguments].concat());
    let lines = tree.lines().filter_map(|line| line.split_once('\t'));
    let package = |(package, licence): (&str, &str)| Package {
        name: package.split(' ').next().unwrap().to_owned(),
        licence: licence.to_owned(),
        // Cargo adds the folder, which is absolute, to packages that have one.
        ours: package.contains("(/"),
    };
    lines.map(package).collect()
}

/// Each package of either side.
pub fn all() -> impl Iterator<Item = &'static Package> {
    SERVER.union(&BROWSER)
}

#[test]
fn the_browser_bundle_holds_nothing_of_ours_but_app_and_relay_types() {
    let ours: Vec<&str> = BROWSER.iter().filter(|package| package.ours).map(|package| package.name.as_str()).collect();
    assert_eq!(ours, ["app", "frontend", "relay-types"]);
}

#[test]
fn the_browser_bundle_holds_no_server_library() {
    let server_only =
        ["axum", "hickory-resolver", "lettre", "mail-auth", "rustls", "sea-orm", "sqlx", "tower-sessions"];
    for package in BROWSER.iter() {
        let name = package.name.as_str();
        assert!(!server_only.contains(&name), "{name} is in the browser bundle: cargo tree -p frontend -i {name}");
    }
}

#[test]
fn banned_crates_are_built_for_neither_side() {
    let deny = read_toml(".cargo/deny.toml");
    let banned: Vec<&str> =
        deny["bans"]["deny"].as_array().unwrap().iter().map(|ban| ban["crate"].as_str().unwrap()).collect();
    for name in ["ring", "openssl", "rusqlite"] {
        assert!(banned.contains(&name), "{name} is no longer banned in .cargo/deny.toml");
    }
    for package in all() {
        let name = package.name.as_str();
        assert!(!banned.contains(&name), "{name} is banned: cargo tree --workspace -i {name} says who brings it");
    }
}
