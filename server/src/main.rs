//! The binary `relaykeep`: subcommands, each a few lines that call their file.

mod api;
mod apply;
mod backup;
mod browser_files;
mod check;
mod client_address;
mod cross_origin;
mod demo;
mod dns;
mod downloads;
mod events;
mod health;
mod log;
mod portal_connections;
mod ptr;
mod relay;
mod schedule;
mod session_store;
mod settings;
mod startup;
#[cfg(test)]
mod test_core;
mod web;

use anyhow::{Context, Result, bail};
use clap::{Arg, ArgAction, ArgMatches, Command};
use relay_core::{Actor, Clock, Core, Schema, nodes, users};
use relay_dns::Resolver;
use relay_types::EmailAddress;
use settings::Settings;
use std::{io::Read, os::unix::fs::DirBuilderExt, path::Path, process::ExitCode};
use zeroize::Zeroizing;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // They hold twice as much memory as is in use, and win nothing that was measured. Where it cannot be, they stay.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    raise_descriptors();
    let matches = command().get_matches();
    // The one TLS provider; nothing before this may use TLS.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        eprintln!("relaykeep: the TLS provider was set twice");
        return ExitCode::FAILURE;
    }
    match run(&matches) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("relaykeep: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// As many file descriptors as the system allows: a soft limit of 1024, as is usual, is less than the sessions and
/// connections that the settings allow.
fn raise_descriptors() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

fn command() -> Command {
    let reading = |name: &'static str, about: &'static str| Command::new(name).about(about).args(settings::arguments());
    Command::new("relaykeep")
        .about("SMTP relay with a portal in which its rules are made and watched")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .after_help("Every key that `relaykeep config` prints is also a flag: --portal-listen for portal.listen.")
        .subcommand(
            reading("serve", "Run the portal and the relay").arg(
                Arg::new("demo")
                    .long("demo")
                    .action(ArgAction::SetTrue)
                    .help("Fill an empty database with a demonstration; needs the route capture"),
            ),
        )
        .subcommand(reading("migrate", "Bring the database to the newest schema"))
        .subcommand(reading("check", "Judge configuration, database and certificates; test that this is no open relay"))
        .subcommand(
            reading("apply", "Make true what a YAML file says; prints issued secrets once, as JSON")
                .arg(Arg::new("file").value_name("FILE").required(true)),
        )
        .subcommand(
            Command::new("operator").about("People who run the relay").subcommand_required(true).subcommand(
                reading("create", "Make an operator, or give a known person the role and a new password")
                    .arg(Arg::new("email").long("email").value_name("ADDRESS").required(true))
                    .arg(
                        Arg::new("password-stdin")
                            .long("password-stdin")
                            .action(ArgAction::SetTrue)
                            .required(true)
                            .help("Read the password from standard input"),
                    ),
            ),
        )
        .subcommand(
            Command::new("ptr").about("Reverse DNS").subcommand_required(true).subcommand(
                reading("check", "Say what a ticket for this address and name would say; changes nothing")
                    .arg(Arg::new("address").value_name("ADDRESS").required(true))
                    .arg(Arg::new("name").value_name("NAME").required(true)),
            ),
        )
        .subcommands(backup::commands(reading))
        .subcommand(dns::command(reading))
        .subcommand(Command::new("config").about("Print all settings with meaning and default"))
}

fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let Some((name, matches)) = matches.subcommand() else { bail!("no subcommand") };
    if name == "config" {
        print!("{}", settings::print_manual());
        return Ok(ExitCode::SUCCESS);
    }
    let (name, matches) = match matches.subcommand() {
        Some((inner, matches)) => (format!("{name} {inner}"), matches),
        None => (name.to_owned(), matches),
    };
    let settings = Settings::read(matches)?;
    log::start(&settings.log_level, settings.log_json)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // Rendering a page nests deeply in unoptimised builds.
        .thread_stack_size(8 << 20)
        .build()?;
    runtime.block_on(async {
        match name.as_str() {
            "serve" => startup::serve(settings, matches.get_flag("demo")).await,
            "migrate" => migrate(&settings).await,
            "check" => check::run(settings).await,
            "apply" => {
                let file = matches.get_one::<String>("file").context("FILE is missing")?;
                apply::run(&open(&settings).await?, Path::new(file), &mut std::io::stdout()).await?;
                Ok(ExitCode::SUCCESS)
            }
            "backup" => backup::write(&settings, matches).await,
            "restore" => backup::restore(&settings, matches).await,
            "operator create" => create_operator(&settings, matches).await,
            "dns check" => dns::check(&open(&settings).await?, matches).await,
            "dns spf" => dns::spf(&open(&settings).await?, matches).await,
            "ptr check" => ptr::check(&open(&settings).await?, matches).await,
            other => bail!("unknown subcommand {other}"),
        }
    })
}

/// Opens the use cases on a migrated database, beside a relay that may be running.
async fn open(settings: &Settings) -> Result<Core> {
    prepare(settings)?;
    if needs_migration(settings).await? {
        let _claim = startup::own(&settings.data_dir, &settings.core.database_url)?;
        bring_up_to_date(settings).await?;
    }
    open_migrated(settings).await
}

/// Makes the data folder.
pub(crate) fn prepare(settings: &Settings) -> Result<()> {
    // For its owner alone when it is made here; who made it before has decided.
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&settings.data_dir)
        .with_context(|| format!("cannot make the data folder {}", settings.data_dir.display()))
}

/// Whether the schema must be brought up to date; an error when it must and may not.
pub(crate) async fn needs_migration(settings: &Settings) -> Result<bool> {
    let behind = is_behind(settings).await?;
    if behind && !settings.migrate {
        bail!("the database does not have the schema of this relaykeep: run `relaykeep migrate`")
    }
    Ok(behind)
}

/// Whether the schema is older than this program's; an error when it is newer.
async fn is_behind(settings: &Settings) -> Result<bool> {
    match Core::schema(&settings.core.database_url).await.context("the database cannot be opened")? {
        Schema::Newest => Ok(false),
        Schema::Missing | Schema::Older => Ok(true),
        Schema::Newer => bail!("a newer relaykeep has migrated the database; use that one, or restore the backup"),
    }
}

/// Brings the database to the newest schema, which must never change under a relay that runs.
pub(crate) async fn bring_up_to_date(settings: &Settings) -> Result<()> {
    let url = &settings.core.database_url;
    let running = nodes::running(url).await.context("the database cannot be opened")?;
    if !running.is_empty() {
        let hosts = running.join(", ");
        bail!(
            "the database has an older schema, and nodes run on it ({hosts}): stop them first, then start this version"
        );
    }
    Core::migrate(url).await.context("the database cannot be brought up to date")
}

/// Opens the use cases.
pub(crate) async fn open_migrated(settings: &Settings) -> Result<Core> {
    let resolver = Resolver::new(&settings.nameservers)
        .context("dns.nameservers")?
        .with_authoritative_port(settings.authoritative_port);
    Core::open(settings.core.clone(), resolver, Clock::System).await.context("the database cannot be opened")
}

async fn migrate(settings: &Settings) -> Result<ExitCode> {
    prepare(settings)?;
    let _claim = startup::own(&settings.data_dir, &settings.core.database_url)?;
    if is_behind(settings).await? {
        bring_up_to_date(settings).await?;
    }
    println!("The database has the newest schema.");
    Ok(ExitCode::SUCCESS)
}

async fn create_operator(settings: &Settings, matches: &ArgMatches) -> Result<ExitCode> {
    let email = matches.get_one::<String>("email").context("--email is missing")?;
    let email = EmailAddress::parse(email).with_context(|| format!("--email {email}"))?;
    let mut password = Zeroizing::new(String::new());
    std::io::stdin().read_to_string(&mut password).context("cannot read the password from standard input")?;
    let password = Zeroizing::new(password.trim_end_matches(['\r', '\n']).to_owned());
    users::create_operator(&open(settings).await?, &Actor::System, email.clone(), password).await?;
    println!("{email} is an operator.");
    Ok(ExitCode::SUCCESS)
}
