//! `cargo xtask fault`: what must hold when something breaks. Disks that are full or do not sync, processes that are
//! killed or cut off, a database that goes away under load: the integration tests of that alone.

use anyhow::{Result, bail};

use crate::test;

/// Modules of the integration tests; there are several nodes on PostgreSQL alone.
const FAULTS: &[&str] = &["durability::"];
const FAULTS_OF_NODES: &[&str] = &["durability::", "nodes::"];

/// The command as typed.
pub fn command(arguments: &[String]) -> Result<()> {
    let database = database(arguments)?;
    test::integration_tests_of(database, if database == "postgres" { FAULTS_OF_NODES } else { FAULTS })
}

fn database(arguments: &[String]) -> Result<&str> {
    match arguments {
        [] => Ok("sqlite"),
        [option, name] if option == "--database" && matches!(name.as_str(), "sqlite" | "postgres") => Ok(name),
        _ => bail!("fault takes only --database sqlite|postgres"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_is_meant_when_no_database_is_named() {
        let typed = |line: &str| {
            let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            database(&arguments).map(str::to_owned).map_err(|error| error.to_string())
        };
        assert_eq!((typed(""), typed("--database postgres")), (Ok("sqlite".to_owned()), Ok("postgres".to_owned())));
        for wrong in ["--database", "--database mysql", "disk"] {
            assert!(typed(wrong).is_err_and(|error| error.contains("sqlite|postgres")), "{wrong}");
        }
    }
}
