//! What single use cases cost in the database alone, and sweeps and checks of domains beside a real DNS server: the example `measure` of relay-core prints it.

use anyhow::{Context, Result, bail};

use crate::packages;
use crate::workspace::{cargo, run};

/// The measurements: what a command costs policy; keeping, claiming and recording; the same with much behind it; the list of messages; an import
/// of addresses; a sweep of all names; checks of many domains.
pub const NAMES: &[&str] = &["policy", "queue", "depth", "messages", "import", "sweep", "health"];

/// The rest of the command as typed: `[--count N] [--release]`.
pub fn command(name: &str, arguments: &[String]) -> Result<()> {
    if ["sweep", "health"].contains(&name) {
        packages::for_integration()?;
    }
    let mut example = cargo();
    example.args(["run", "--quiet", "--package", "relay-core", "--example", "measure"]);
    let mut count = None;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--release" => {
                example.arg("--release");
            }
            "--count" => {
                let typed = arguments.next().context("--count needs a number")?;
                let number: u32 = typed.parse().with_context(|| format!("{typed} is not a number"))?;
                count = Some(number.max(1).to_string());
            }
            other => bail!("bench {name} does not know {other}; it knows: --count N, --release"),
        }
    }
    run(example.args(["--", name]).args(count))
}
