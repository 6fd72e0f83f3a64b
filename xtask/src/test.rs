//! `cargo xtask test`: everything that must hold before a change is taken, in the order of what fails soonest.
//!
//! Owns the list of steps. Stops at the first that fails, with the times of those that ran.
//! The same integration tests run twice; `RELAYKEEP_TEST_DATABASE` says on which database, and
//! `RELAYKEEP_TEST_POSTGRES` where a PostgreSQL is in which databases may be made.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::browser::{self, Profile};
use crate::postgres::Cluster;
use crate::tally::Tally;
use crate::wasm_target::{TARGET, WasmTarget};
use crate::workspace::{cargo, on_path, output, root, run, target_dir};
use crate::{packages, progress, site};

/// What the steps share.
#[derive(Default)]
struct Run {
    tally: Tally,
    postgres: Option<Cluster>,
}

struct Step {
    name: &'static str,
    what: &'static str,
    run: fn(&mut Run) -> Result<()>,
}

const STEPS: &[Step] = &[
    Step { name: "fmt", what: "every file is formatted", run: fmt },
    Step { name: "clippy", what: "no warning on either side", run: clippy },
    Step { name: "unit", what: "tests within the crates, and examples in their documentation", run: unit },
    Step { name: "sqlite", what: "integration tests on SQLite", run: sqlite },
    Step { name: "postgres", what: "use cases and integration tests on PostgreSQL", run: postgres },
    Step { name: "browser", what: "the portal in a real browser, on both databases", run: browser_tests },
];

/// The server's side. `frontend` is left out because it would turn on the browser's features of `app` in the same
/// build, and `xtask` so that its dependencies do not mix with the product's; both have lines of their own.
const SERVER_SIDE: &[&str] = &["--workspace", "--exclude", "frontend", "--exclude", "xtask"];

/// The test binary that runs once on each database.
const INTEGRATION: &str = "it";

/// How many integration tests run at once for each processor: they mostly wait, for mail, clocks and other programs.
const INTEGRATION_TESTS_PER_PROCESSOR: usize = 2;

/// Within a step every test runs, so that one look shows all that fails.
const TEST: &[&str] = &["test", "--no-fail-fast"];

/// The command as typed.
pub fn command(arguments: &[String]) -> Result<()> {
    let steps = chosen(arguments)?;
    let mut state = Run::default();
    let mut times: Vec<(&str, Duration)> = Vec::new();
    let mut failure = None;
    for (number, step) in steps.iter().enumerate() {
        eprintln!("\n=== {}/{} {}: {}", number + 1, steps.len(), step.name, step.what);
        let began = Instant::now();
        let result = (step.run)(&mut state);
        times.push((step.name, began.elapsed()));
        if let Err(error) = result {
            failure = Some(error.context(format!("the step {} failed", step.name)));
            break;
        }
    }
    drop(state.postgres);
    eprintln!("\n=== summary");
    for (number, (name, time)) in times.iter().enumerate() {
        let outcome = if failure.is_some() && number + 1 == times.len() { "failed" } else { "ok" };
        eprintln!("    {name:<10}{outcome:<8}{}", progress::elapsed(*time));
    }
    for step in &steps[times.len()..] {
        eprintln!("    {:<10}not run", step.name);
    }
    if state.tally != Tally::default() {
        println!("{} passed, {} failed", state.tally.passed, state.tally.failed);
    }
    failure.map_or(Ok(()), Err)
}

fn chosen(arguments: &[String]) -> Result<Vec<&'static Step>> {
    let names = || STEPS.iter().map(|step| step.name).collect::<Vec<_>>().join(", ");
    match arguments {
        [] => Ok(STEPS.iter().collect()),
        [only, name] if only == "--only" => {
            let step = STEPS.iter().find(|step| step.name == name);
            Ok(vec![step.with_context(|| format!("there is no step \"{name}\"; there are {}", names()))?])
        }
        _ => bail!("test takes only --only STEP, with one of {}", names()),
    }
}

fn fmt(_: &mut Run) -> Result<()> {
    component("fmt", "rustfmt")?;
    run(cargo().args(["fmt", "--all", "--check"])).context("cargo fmt --all puts it right")
}

fn clippy(_: &mut Run) -> Result<()> {
    component("clippy", "clippy")?;
    let strict = ["--", "--deny", "warnings"];
    run(cargo().arg("clippy").args(SERVER_SIDE).arg("--all-targets").args(strict))?;
    run(cargo().args(["clippy", "--package", "xtask", "--all-targets"]).args(strict))?;
    let browser_side = WasmTarget::ensure()?;
    run(browser_side.cargo().args(["clippy", "--package", "frontend", "--target", TARGET]).args(strict))
}

fn unit(state: &mut Run) -> Result<()> {
    packages::for_units()?;
    let mut tests = cargo();
    tests.args(TEST).args(SERVER_SIDE).args(["--lib", "--bins"]);
    for name in crate_tests()? {
        tests.args(["--test", &name]);
    }
    state.tally.run(&mut tests)?;
    state.tally.run(cargo().args(TEST).args(SERVER_SIDE).arg("--doc"))?;
    state.tally.run(cargo().args(TEST).args(["--package", "xtask"]))
}

/// The test binaries of single crates: every one there is but the integration tests, which run on each database.
fn crate_tests() -> Result<Vec<String>> {
    let metadata = output(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let targets = packages.iter().filter_map(|package| package["targets"].as_array()).flatten();
    let tests = targets.filter(|target| target["kind"][0] == "test").filter_map(|target| target["name"].as_str());
    Ok(tests.filter(|name| *name != INTEGRATION).map(str::to_owned).collect())
}

/// What some integration tests came to.
pub struct Ran {
    /// How many passed and failed.
    pub tally: Tally,
    /// How long they took, without building them.
    pub took: Duration,
    /// An error when one failed.
    pub result: Result<()>,
}

/// Runs the integration tests of these modules alone, on one database; `aside` shows what they print on standard error.
pub fn integration_tests_of(database: &str, modules: &[&str], aside: bool) -> Result<Ran> {
    let mut state = Run::default();
    let mut tests = integration(&mut state, database)?;
    tests.arg("--").args(modules.iter().map(|module| format!("{module}::")));
    progress::step("integration tests, and the server they run", tested_server)?;
    let began = Instant::now();
    let result = if aside { state.tally.run_aside(&mut tests) } else { state.tally.run(&mut tests) };
    Ok(Ran { tally: state.tally, took: began.elapsed(), result })
}

fn sqlite(state: &mut Run) -> Result<()> {
    let mut tests = integration(state, "sqlite")?;
    state.tally.run(&mut tests)
}

fn postgres(state: &mut Run) -> Result<()> {
    let mut tests = integration(state, "postgres")?;
    // The use cases run on PostgreSQL too: locks and statement snapshots differ from SQLite's.
    tests.arg("--lib");
    state.tally.run(&mut tests)
}

fn integration(state: &mut Run, database: &str) -> Result<Command> {
    let path = packages::for_integration()?;
    let mut tests = cargo();
    tests.args(TEST).args(SERVER_SIDE).args(["--test", INTEGRATION]);
    tests.env("PATH", path).env("RELAYKEEP_TEST_DATABASE", database);
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    tests.env("RUST_TEST_THREADS", (processors * INTEGRATION_TESTS_PER_PROCESSOR).to_string());
    if database == "postgres" {
        tests.env("RELAYKEEP_TEST_POSTGRES", postgres_url(state)?);
    }
    Ok(tests)
}

fn browser_tests(state: &mut Run) -> Result<()> {
    let path = packages::for_browser()?;
    let site = browser::build(Profile::Dev)?;
    let binary = progress::step("server: as the integration tests built it", tested_server)?;
    progress::step("browser tests: npm ci", || npm_ci(&path))?;
    run(&mut npx("tsc", &path))?;
    let url = postgres_url(state)?;
    let mut tests = npx("playwright", &path);
    tests.arg("test");
    tests.env("RELAYKEEP_BIN", binary).env("RELAYKEEP_SITE_DIR", site).env("RELAYKEEP_TEST_POSTGRES", url);
    state.tally.run(&mut tests)
}

/// The server that the integration tests run. Built by itself it would have other features of shared packages than
/// with the tests, and all that needs those would be built once more.
fn tested_server() -> Result<PathBuf> {
    run(cargo().args(TEST).args(SERVER_SIDE).args(["--test", INTEGRATION, "--no-run"]))?;
    Ok(target_dir()?.join("debug/relaykeep"))
}

/// A program of `end2end/node_modules`.
fn npx(program: &str, path: &str) -> Command {
    let mut command = Command::new("npx");
    command.current_dir(root().join("end2end")).env("PATH", path).args(["--no-install", program]);
    command
}

/// Installs what the lock file says, unless that is what is installed.
fn npm_ci(path: &str) -> Result<()> {
    let folder = root().join("end2end");
    let lock = site::content_hash(&std::fs::read(folder.join("package-lock.json"))?);
    let stamp = folder.join("node_modules/.installed-from");
    if std::fs::read_to_string(&stamp).ok().as_ref() == Some(&lock) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.current_dir(&folder).env("PATH", path).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    // The browser is the system's; Playwright's own is not wanted.
    npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    run(&mut npm).context("Playwright could not be had from the npm registry")?;
    Ok(std::fs::write(stamp, lock)?)
}

fn postgres_url(state: &mut Run) -> Result<String> {
    if state.postgres.is_none() {
        packages::for_postgres()?;
        state.postgres = Some(progress::step("PostgreSQL: a cluster for this run", Cluster::start)?);
    }
    let cluster = state.postgres.as_ref().context("the cluster was started above")?;
    Ok(cluster.url().to_owned())
}

/// Makes sure of a part of the toolchain that some installations leave out.
fn component(subcommand: &str, name: &str) -> Result<()> {
    if output(cargo().args([subcommand, "--version"])).is_ok() {
        return Ok(());
    }
    let added = on_path("rustup").map(|rustup| run(Command::new(rustup).args(["component", "add", name])));
    match added {
        Some(Ok(())) => Ok(()),
        _ => bail!("cargo {subcommand} is missing and could not be added: rustup component add {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(arguments: &[&str]) -> Result<Vec<&'static str>> {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        Ok(chosen(&arguments)?.iter().map(|step| step.name).collect())
    }

    #[test]
    fn without_arguments_every_step_runs_and_the_quickest_comes_first() {
        let all = names(&[]).unwrap();
        assert_eq!((all.len(), all[0]), (STEPS.len(), "fmt"));
    }

    #[test]
    fn no_test_binary_of_a_crate_is_left_out() {
        let names = crate_tests().unwrap();
        for name in ["session", "submission", "guards"] {
            assert!(names.iter().any(|known| known == name), "{name} is not among {names:?}");
        }
        assert!(!names.iter().any(|name| name == INTEGRATION), "the integration tests have steps of their own");
    }

    #[test]
    fn one_step_runs_alone_and_an_unknown_one_names_those_there_are() {
        assert_eq!(names(&["--only", "postgres"]).unwrap(), ["postgres"]);
        assert!(names(&["--only", "mysql"]).unwrap_err().to_string().contains("sqlite, postgres"));
    }
}
