//! How the architecture tests look at the repository: its folder, its files, and the programs that know about it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The top folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// A file of the repository as text, by its path from the top.
pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A TOML file of the repository.
pub fn read_toml(path: &str) -> toml::Table {
    read(path).parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file git knows, by its path from the top; one that is deleted but not yet committed is left out.
pub fn files() -> Vec<String> {
    let listed = run("git", &["ls-files"]);
    listed.lines().filter(|path| root().join(path).is_file()).map(String::from).collect()
}

/// Every Rust file git knows.
pub fn rust_files() -> Vec<String> {
    files().into_iter().filter(|path| path.ends_with(".rs")).collect()
}

/// What cargo says of the dependencies that are really built, one `name version (path)` a line.
pub fn cargo_tree(arguments: &[&str]) -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let fixed = ["tree", "--locked", "--quiet", "--prefix", "none", "--no-dedupe"];
    run(&cargo, &[&fixed, arguments].concat())
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(root()).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}
