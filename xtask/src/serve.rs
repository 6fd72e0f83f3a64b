//! `cargo xtask serve`: both sides built, then the real binary, with nothing to set up by hand; and
//! `cargo xtask relaykeep`: the same binary's other commands on the same data folder.
//!
//! Owns the order of the steps and the data folder of trials: `.relaykeep/data`, or `.relaykeep/demo` with `--demo`, in
//! the repository and ignored by git, so that a trial survives `cargo clean` and is removed by removing one folder.
//! Prints no addresses: the binary itself says where the portal and the listeners are once they are bound.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::browser::{self, Profile};
use crate::progress;
use crate::workspace::{cargo, root, run, target_dir};

/// What was asked for on the command line.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    demo: bool,
    release: bool,
    /// Passed on to `relaykeep serve` as they are.
    flags: Vec<String>,
}

/// The command as typed. Does not come back when all goes well: the server takes this process over.
pub fn command(arguments: &[String]) -> Result<()> {
    let options = parse(arguments)?;
    let profile = if options.release { Profile::Release } else { Profile::Dev };
    let site = browser::build(profile)?;
    let binary = progress::step("server: cargo build -p server", || build_server(options.release))?;

    let mut server = Command::new(&binary);
    server.arg("serve").env("RELAYKEEP_PORTAL_SITE_DIR", site);
    if options.demo {
        server.arg("--demo");
    }
    server.args(&options.flags);
    on_trial_folder(&mut server, &options.flags, if options.demo { "demo" } else { "data" })?;
    eprintln!("==> relaykeep serve (Ctrl-C stops it)");
    become_it(server)
}

/// `cargo xtask relaykeep COMMAND…`, as typed: any command of the binary on the folder that `serve` uses.
pub fn relaykeep(arguments: &[String]) -> Result<()> {
    let binary = build_server(false)?;
    let mut product = Command::new(&binary);
    product.args(arguments);
    on_trial_folder(&mut product, arguments, "data")?;
    become_it(product)
}

/// Sets the data folder, unless the person named one or has a configuration file, which may.
fn on_trial_folder(product: &mut Command, arguments: &[String], name: &str) -> Result<()> {
    if std::env::var_os("RELAYKEEP_DATA_DIR").is_some() || names_its_own(arguments) {
        return Ok(());
    }
    let folder = root().join(".relaykeep").join(name);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    progress::note(&format!("data folder: {}", folder.display()));
    product.env("RELAYKEEP_DATA_DIR", folder);
    Ok(())
}

fn names_its_own(arguments: &[String]) -> bool {
    let flags = ["--config", "--data-dir"];
    arguments.iter().any(|argument| flags.contains(&argument.split('=').next().unwrap_or_default()))
}

/// Does not come back when all goes well.
fn become_it(mut product: Command) -> Result<()> {
    let error = product.exec();
    Err(error).with_context(|| format!("cannot start {}", product.get_program().display()))
}

/// Builds the server's binary and gives its path.
pub fn build_server(release: bool) -> Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--package", "server", "--bin", "relaykeep"]);
    if release {
        build.arg("--release");
    }
    run(&mut build)?;
    Ok(target_dir()?.join(if release { "release" } else { "debug" }).join("relaykeep"))
}

fn parse(arguments: &[String]) -> Result<Options> {
    let mut options = Options::default();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--demo" => options.demo = true,
            "--release" => options.release = true,
            "--" => options.flags = arguments.by_ref().cloned().collect(),
            other => bail!("serve does not know {other}; flags for relaykeep itself come after --"),
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Options> {
        parse(&line.split_whitespace().map(String::from).collect::<Vec<_>>())
    }

    #[test]
    fn what_follows_the_dashes_goes_to_the_server_untouched() {
        let options = parsed("--release -- --config my.toml --demo").unwrap();
        assert!(options.release && !options.demo);
        assert_eq!(options.flags, ["--config", "my.toml", "--demo"]);
    }

    #[test]
    fn a_configuration_of_ones_own_is_not_overruled() {
        let named = |line: &str| names_its_own(&line.split_whitespace().map(String::from).collect::<Vec<_>>());
        assert!(named("--config my.toml") && named("--config=my.toml") && named("--data-dir /srv/relaykeep"));
        assert!(!named("--portal-listen 127.0.0.1:3001") && !named(""));
    }

    #[test]
    fn an_unknown_flag_says_where_server_flags_belong() {
        assert!(parsed("--config my.toml").unwrap_err().to_string().contains("after --"));
    }
}
