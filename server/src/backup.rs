//! `relaykeep backup FILE` and `relaykeep restore FILE`: arguments, progress, words. What is in the file is
//! `relay_core::backup`'s.

use crate::{prepare, settings::Settings, startup};
use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Command};
use relay_core::{Clock, Core, Schema, backup, backup::Installation, nodes};
use std::{path::Path, process::ExitCode};

/// The two subcommands.
pub fn commands(reading: impl Fn(&'static str, &'static str) -> Command) -> [Command; 2] {
    let file = || Arg::new("file").value_name("FILE").required(true);
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    [
        reading("backup", "Write everything to a new file, as of one moment; the relay may run")
            .arg(file())
            .arg(flag("without-key", "Leave the sealing key out: keep it elsewhere, or the backup is of no use")),
        reading("restore", "Put a backup onto a database in which nothing is, SQLite or PostgreSQL")
            .arg(file())
            .arg(flag("hold", "Hold mail that waited: what was delivered after the backup is not sent again")),
    ]
}

fn installation(settings: &Settings) -> Installation<'_> {
    Installation { database: &settings.core.database_url, key_file: &settings.core.secret_key_file }
}

fn file(matches: &ArgMatches) -> Result<&Path> {
    matches.get_one::<String>("file").map(Path::new).context("FILE is missing")
}

fn tell(table: &str, rows: u64) {
    eprintln!("{table:<24} {rows:>12} rows");
}

/// `relaykeep backup`.
pub async fn write(settings: &Settings, matches: &ArgMatches) -> Result<ExitCode> {
    let to = file(matches)?;
    match Core::schema(&settings.core.database_url).await.context("the database cannot be opened")? {
        Schema::Missing => anyhow::bail!("there is no database to back up (see database.url)"),
        Schema::Newer => anyhow::bail!("a newer relaykeep has migrated the database; use that one"),
        Schema::Older | Schema::Newest => {}
    }
    let with_key = !matches.get_flag("without-key");
    let rows = backup::write(installation(settings), to, with_key, Clock::System.now(), &mut tell).await?;
    println!("{} has {rows} rows, as of one moment.", to.display());
    match with_key {
        true => println!("It has the sealing key: whoever reads it reads all mail and every secret. Only you may."),
        false => println!(
            "It does not have the sealing key. Without {} it is of no use: keep both.",
            settings.core.secret_key_file.display()
        ),
    }
    Ok(ExitCode::SUCCESS)
}

/// `relaykeep restore`.
pub async fn restore(settings: &Settings, matches: &ArgMatches) -> Result<ExitCode> {
    let from = file(matches)?;
    prepare(settings)?;
    let _claims = startup::own(&settings.data_dir, &settings.core.database_url)?;
    let running = nodes::running(&settings.core.database_url).await.context("the database cannot be opened")?;
    if !running.is_empty() {
        anyhow::bail!("nodes run on this database ({}): stop them first", running.join(", "));
    }
    let hold = matches.get_flag("hold");
    let (header, rows) = backup::restore(from, installation(settings), hold, &mut tell).await?;
    println!("{rows} rows of {} (relaykeep {}) are restored.", header.made_at.text(), header.version);
    match hold {
        true => println!("Mail that waited is held: release it on the queue page."),
        false => println!("Mail that waited then goes out at the next start, also what was delivered since."),
    }
    Ok(ExitCode::SUCCESS)
}
