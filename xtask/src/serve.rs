//! `cargo xtask serve`: both sides built, then the real binary, with nothing to set up by hand.
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
    if std::env::var_os("RELAYKEEP_DATA_DIR").is_none() {
        let folder = root().join(".relaykeep").join(if options.demo { "demo" } else { "data" });
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        progress::note(&format!("data folder: {}", folder.display()));
        server.env("RELAYKEEP_DATA_DIR", folder);
    }
    if options.demo {
        server.arg("--demo");
    }
    server.args(&options.flags);
    eprintln!("==> relaykeep serve (Ctrl-C stops it)");
    let error = server.exec();
    Err(error).with_context(|| format!("cannot start {}", binary.display()))
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
    fn an_unknown_flag_says_where_server_flags_belong() {
        assert!(parsed("--config my.toml").unwrap_err().to_string().contains("after --"));
    }
}
