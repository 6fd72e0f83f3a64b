//! `cargo xtask bench [NAME]`: what the relay does under load. Each name is a rig of its own.
//!
//! Owns the list of rigs and what may be typed beside a name. A rig runs the release build of Relaykeep and all it needs
//! on 127.0.0.1, ends what it started and prints what it measured. Figures that are worth keeping are written by hand into
//! `server/docs/performance.md`, with the command and the machine.
//!
//! `cargo xtask bench policy|queue|depth|messages|import|sweep|health` measures single use cases instead (`use_cases.rs`).

mod fairness;
mod history;
mod nodes;
mod sessions;
mod signed;
mod throughput;
mod use_cases;

mod figure;
mod load;
mod mail;
mod opendkim;
mod postfix;

use anyhow::{Context, Result, bail, ensure};

use crate::packages;
use crate::rig::Database;
use load::Load;

/// A measurement under load. Its function prints what it found.
struct Rig {
    name: &'static str,
    run: fn(&Options) -> Result<()>,
}

/// The first is meant when none is named.
const RIGS: &[Rig] = &[
    Rig { name: "throughput", run: throughput::throughput },
    Rig { name: "signed", run: signed::signed },
    Rig { name: "nodes", run: nodes::nodes },
    Rig { name: "auth", run: sessions::auth },
    Rig { name: "idle", run: sessions::idle },
    Rig { name: "tarpit", run: fairness::tarpit },
    Rig { name: "backlog", run: fairness::backlog },
    Rig { name: "history", run: history::history },
];

/// What was typed beside the name.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    messages: Option<usize>,
    database: Option<String>,
    json: bool,
}

impl Options {
    /// Messages of so many octets; this many when no number was typed.
    fn load(&self, messages: usize, octets: usize) -> Load {
        Load { messages: self.messages.unwrap_or(messages), octets }
    }

    /// Starts the database that was named; SQLite when none was.
    fn database(&self) -> Result<Database> {
        Database::start(self.database.as_deref().unwrap_or("sqlite"))
    }
}

/// The command as typed.
pub fn command(arguments: &[String]) -> Result<()> {
    if let Some((name, rest)) = use_case(arguments) {
        return use_cases::command(name, &rest);
    }
    let (rig, options) = parse(arguments)?;
    packages::for_integration()?;
    (rig.run)(&options)
}

/// The single use case that is named, wherever it stands, and all that was typed beside it.
fn use_case(arguments: &[String]) -> Option<(&str, Vec<String>)> {
    let place = arguments.iter().position(|argument| use_cases::NAMES.contains(&argument.as_str()))?;
    let rest = [&arguments[..place], &arguments[place + 1..]].concat();
    Some((arguments[place].as_str(), rest))
}

fn parse(arguments: &[String]) -> Result<(&'static Rig, Options)> {
    let (mut rig, mut options) = (&RIGS[0], Options::default());
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => options.json = true,
            "--database" => options.database = Some(arguments.next().context("--database needs a name")?.clone()),
            "--messages" => {
                let typed = arguments.next().context("--messages needs a number")?;
                let count: usize = typed.parse().with_context(|| format!("{typed} is not a number"))?;
                ensure!((100..=100_000).contains(&count), "--messages is from 100 to 100000");
                options.messages = Some(count);
            }
            name => match RIGS.iter().find(|rig| rig.name == name) {
                Some(named) => rig = named,
                None => {
                    let rigs = RIGS.iter().map(|rig| rig.name).collect::<Vec<_>>().join(", ");
                    let others = use_cases::NAMES.join(", ");
                    bail!(
                        "bench does not know {name}; it knows: {rigs}, --messages N, --database NAME, --json; and {others}"
                    )
                }
            },
        }
    }
    Ok((rig, options))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &str) -> Vec<String> {
        line.split_whitespace().map(String::from).collect()
    }

    fn parsed(line: &str) -> Result<(&'static str, Options)> {
        parse(&typed(line)).map(|(rig, options)| (rig.name, options))
    }

    #[test]
    fn options_stand_before_and_after_a_use_case() {
        assert_eq!(use_case(&typed("--json depth --count 50")), Some(("depth", typed("--json --count 50"))));
        assert_eq!(use_case(&typed("--json nodes")), None);
    }

    #[test]
    fn throughput_is_meant_when_no_rig_is_named() {
        let all = Options { messages: Some(2_000), database: Some("postgres".to_owned()), json: true };
        assert_eq!(parsed("").unwrap(), ("throughput", Options::default()));
        assert_eq!(parsed("--messages 2000 --database postgres --json").unwrap(), ("throughput", all));
        assert_eq!(parsed("nodes --json").unwrap(), ("nodes", Options { json: true, ..Options::default() }));
    }

    #[test]
    fn what_is_not_known_is_told_with_what_is() {
        let told = parsed("fast").unwrap_err().to_string();
        assert!(RIGS.iter().all(|rig| told.contains(rig.name)) && told.contains("depth"), "{told}");
        for line in ["--messages", "--messages many", "--messages 99", "--database"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
