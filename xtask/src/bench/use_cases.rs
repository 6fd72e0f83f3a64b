//! What single use cases cost in the database alone, and sweeps and checks of domains beside a real DNS server: the example `measure` of relay-core prints it.

use anyhow::{Context, Result, bail};

use crate::packages;
use crate::workspace::{cargo, run};

/// The measurements: what a command costs policy; keeping, claiming and recording; the same with much behind it; the list of messages; an import
/// of addresses; a sweep of all names; checks of many domains.
pub const NAMES: &[&str] = &["policy", "queue", "depth", "messages", "import", "sweep", "health"];

/// What was typed beside the name.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    count: Option<u32>,
    release: bool,
    json: bool,
}

/// The rest of the command as typed: `[--count N] [--release] [--json]`.
pub fn command(name: &str, arguments: &[String]) -> Result<()> {
    let options = parse(name, arguments)?;
    if ["sweep", "health"].contains(&name) {
        packages::for_integration()?;
    }
    let mut example = cargo();
    example.args(["run", "--quiet", "--package", "relay-core", "--example", "measure"]);
    example.args(options.release.then_some("--release")).args(["--", name]);
    example.args(options.count.map(|count| count.to_string()));
    run(example.args(options.json.then_some("--json")))
}

fn parse(name: &str, arguments: &[String]) -> Result<Options> {
    let mut options = Options::default();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => options.json = true,
            "--release" => options.release = true,
            "--count" => {
                let typed = arguments.next().context("--count needs a number")?;
                let number: u32 = typed.parse().with_context(|| format!("{typed} is not a number"))?;
                options.count = Some(number.max(1));
            }
            other => bail!("bench {name} does not know {other}; it knows: --count N, --release, --json"),
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Options> {
        let arguments: Vec<_> = line.split_whitespace().map(String::from).collect();
        parse("policy", &arguments)
    }

    #[test]
    fn options_stand_in_any_order() {
        let all = Options { count: Some(50), release: true, json: true };
        assert_eq!(parsed("").unwrap(), Options::default());
        assert_eq!(parsed("--count 0").unwrap(), Options { count: Some(1), ..Options::default() });
        for line in ["--count 50 --release --json", "--json --release --count 50", "--release --json --count 50"] {
            assert_eq!(parsed(line).unwrap(), all, "{line}");
        }
    }

    #[test]
    fn what_is_not_known_is_told_with_what_is() {
        let told = parsed("--json --messages 50").unwrap_err().to_string();
        assert!(["policy", "--messages", "--count N", "--json"].iter().all(|word| told.contains(word)), "{told}");
        for line in ["--count", "--count many", "--count --json"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
