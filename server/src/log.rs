//! The log: one line an event on stderr, as text or JSON.

use anyhow::{Context, Result};
use std::io::IsTerminal;
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// Starts logging.
pub fn start(level: &str, json: bool) -> Result<()> {
    let filter = EnvFilter::try_new(level).with_context(|| format!("log.level: {level} is not a level or filter"))?;
    // Opportunistic TLS takes any certificate; what was found stands on the message's page, and is no error.
    let filter = filter.add_directive("rustls_platform_verifier=off".parse()?);
    // Each step of a schema change is said by the commands themselves.
    let filter = filter.add_directive("sea_orm_migration=warn".parse()?);
    let registry = tracing_subscriber::registry().with(filter);
    if json {
        registry.with(fmt::layer().json().with_writer(std::io::stderr)).try_init()?;
    } else {
        registry
            .with(
                fmt::layer().with_target(false).with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr),
            )
            .try_init()?;
    }
    Ok(())
}
