//! The top of the repository is fixed, so that the tree of `architecture.md` is the first thing a reader sees.

use std::collections::BTreeSet;

use super::repository::{files, read, rust_files};

#[test]
fn the_top_level_is_fixed() {
    let allowed = [
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "app",
        "end2end",
        "frontend",
        "migrations",
        "server",
        "style",
        "xtask",
    ];
    let files = files();
    let top: BTreeSet<&str> = files.iter().filter_map(|path| path.split('/').next()).collect();
    for name in top {
        assert!(name.starts_with('.') || allowed.contains(&name), "{name} does not belong at the top");
    }
}

#[test]
fn every_rust_file_opens_with_what_it_is() {
    // Unit tests are explained by the file they test.
    let unit_tests = |path: &str| path.contains("/src/") && (path.ends_with("/tests.rs") || path.contains("/tests/"));
    let silent = rust_files().into_iter().filter(|path| !unit_tests(path) && !read(path).starts_with("//!"));
    let silent: Vec<_> = silent.collect();
    assert!(silent.is_empty(), "these do not begin with //!: {silent:#?}");
}
