//! `cargo xtask fuzz`: gives the parsers generated octets for a while. Needs a nightly toolchain; installs cargo-fuzz.
//!
//! The targets are in `server/fuzz`, a workspace of its own. What is found becomes a test beside the code.

use crate::workspace::{self, root};
use anyhow::{Context, Result, bail};
use std::process::Command;

/// What can be fuzzed, and the longest input: beyond the bounds that the parser has for a line.
const TARGETS: [(&str, usize); 5] =
    [("command", 16_384), ("session", 65_536), ("header", 65_536), ("reply", 16_384), ("dsn", 4_096)];
/// The longest run of one target, so that a forgotten one ends.
const LONGEST: u64 = 24 * 3600;

pub fn command(arguments: &[String]) -> Result<()> {
    let (mut targets, mut seconds) = (Vec::new(), 600);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--seconds" => seconds = rest.next().context("--seconds needs a number")?.parse()?,
            "all" => targets.extend(TARGETS),
            name => match TARGETS.into_iter().find(|(target, _)| *target == name) {
                Some(target) => targets.push(target),
                None => bail!("there is no target \"{name}\": choose among {}, all", names()),
            },
        }
    }
    if targets.is_empty() || seconds == 0 || seconds > LONGEST {
        bail!("cargo xtask fuzz TARGET|all [--seconds 1 to {LONGEST}]; targets: {}", names());
    }
    let installed = Command::new("cargo-fuzz").arg("--version").output().is_ok_and(|output| output.status.success());
    if !installed {
        workspace::run(workspace::cargo().args(["install", "cargo-fuzz", "--locked"]))?;
    }
    for (target, longest) in targets {
        let mut fuzz = Command::new("rustup");
        fuzz.current_dir(root()).args([
            "run",
            "nightly",
            "cargo",
            "fuzz",
            "run",
            "--fuzz-dir",
            "server/fuzz",
            target,
            "--",
        ]);
        fuzz.args([format!("-max_total_time={seconds}"), format!("-max_len={longest}"), "-timeout=10".to_owned()]);
        // The toolchain that runs us is not the one that is asked for.
        for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
            fuzz.env_remove(name);
        }
        workspace::run(&mut fuzz)?;
    }
    Ok(())
}

fn names() -> String {
    TARGETS.map(|(name, _)| name).join(", ")
}
