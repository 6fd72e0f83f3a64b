//! `cargo xtask`: the commands of this repository, as a program, so that a new machine needs only Rust.
//!
//! Owns the list of commands and nothing else; each command lives in a file named after it.
//! Never a part of the product: `relaykeep` runs without it.

mod bench;
mod crash;
mod fault;
mod fuzz;
mod serve;
mod test;

mod browser;
mod css;
mod site;
mod uncalled;
mod wasm_target;

mod packages;
mod postgres;
mod rig;
mod tally;

mod progress;
mod workspace;

use anyhow::{Result, bail};

const USAGE: &str = "\
cargo xtask COMMAND

  serve [--demo] [--release] [-- FLAGS]
        build both sides and run `relaykeep serve FLAGS` on the data folder .relaykeep/
  relaykeep COMMAND
        run any other command of the binary (apply, check, config, operator, ptr) on that folder
  test [--only STEP]
        check everything: fmt, clippy, unit, sqlite, postgres, browser
  bench [throughput|signed] [--messages N] [--database sqlite|postgres] [--json]
        measure accepted and delivered messages a second, beside Debian's Postfix; signed: of 100 KB, with DKIM
  bench nodes [--messages N] [--json]
        measure one, two and four nodes on one PostgreSQL, with the processor time of a message
  bench auth|idle|tarpit|backlog [--database sqlite|postgres] [--json]
        measure connections that sign in, attackers, idle sessions, 50 MB, a tarpit, a backlog for a dead server
  bench history [--json]
        measure what new mail costs with a million waiting and ten million in the history; SQLite, 10 GB of disk
  crash [--rounds N] [--database sqlite|postgres] [--json]
        kill the relay under load again and again, and compare what it acknowledged with what arrived
  fault [--database sqlite|postgres] [--json]
        the tests of full disks, failing syncs, killed processes, a database that goes away; on postgres of nodes, too
  bench policy|queue|depth|messages|import|sweep|health [--count N] [--release] [--json]
        measure single use cases in the database alone; sweep and health ask a real Knot DNS
  fuzz TARGET|all [--seconds N]
        give a parser generated octets (command, session, header, reply, dsn); needs a nightly toolchain
  browser [--release]
        build the portal's browser side and its style into target/site
";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Err(error) = run(&arguments) {
        eprintln!("\nxtask: {error:#}");
        std::process::exit(1);
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let Some((command, rest)) = arguments.split_first() else {
        print!("{USAGE}");
        return Ok(());
    };
    match command.as_str() {
        "bench" => bench::command(rest),
        "crash" => crash::command(rest),
        "fault" => fault::command(rest),
        "fuzz" => fuzz::command(rest),
        "serve" => serve::command(rest),
        "relaykeep" => serve::relaykeep(rest),
        "test" => test::command(rest),
        "browser" => browser::command(rest),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(())
        }
        other => bail!("there is no command \"{other}\"\n\n{USAGE}"),
    }
}
