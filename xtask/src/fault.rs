//! `cargo xtask fault`: what must hold when something breaks. Disks that are full or do not sync, processes that are
//! killed or cut off, a database that goes away under load: the integration tests of that alone.

use anyhow::{Context, Result, bail, ensure};

use crate::test;

/// Modules of the integration tests; there are several nodes on PostgreSQL alone.
const FAULTS: &[&str] = &["durability"];
const FAULTS_OF_NODES: &[&str] = &["durability", "nodes"];

/// The command as typed. With `--json`, what the tests print goes to standard error.
pub fn command(arguments: &[String]) -> Result<()> {
    let (database, json) = parse(arguments)?;
    let modules = if database == "postgres" { FAULTS_OF_NODES } else { FAULTS };
    let ran = test::integration_tests_of(database, modules, json)?;
    if json {
        let figures = serde_json::json!({
            "database": database,
            "modules": modules,
            "passed": ran.tally.passed,
            "failed": ran.tally.failed,
            "seconds": ran.took.as_secs_f64(),
        });
        println!("{figures}");
    }
    ran.result
}

/// The database that is meant, and whether the figures are wanted as JSON.
fn parse(arguments: &[String]) -> Result<(&str, bool)> {
    let (mut database, mut json) = ("sqlite", false);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => json = true,
            "--database" => {
                database = arguments.next().context("--database needs a name: sqlite|postgres")?;
                ensure!(["sqlite", "postgres"].contains(&database), "--database is sqlite|postgres, not {database}");
            }
            other => bail!("fault does not know {other}; it knows: --database sqlite|postgres, --json"),
        }
    }
    Ok((database, json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_is_meant_when_no_database_is_named() {
        let typed = |line: &str| {
            let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            parse(&arguments).map(|(name, json)| (name.to_owned(), json)).map_err(|error| error.to_string())
        };
        for (line, name, json) in [
            ("", "sqlite", false),
            ("--json", "sqlite", true),
            ("--database postgres", "postgres", false),
            ("--json --database postgres", "postgres", true),
            ("--database postgres --json", "postgres", true),
        ] {
            assert_eq!(typed(line), Ok((name.to_owned(), json)), "{line}");
        }
        for wrong in ["--database", "--database mysql", "--database --json", "disk"] {
            assert!(typed(wrong).is_err_and(|error| error.contains("sqlite|postgres")), "{wrong}");
        }
    }
}
