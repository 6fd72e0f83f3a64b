//! Imports.

use crate::{Core, Result, tables::job};

/// Goes on.
pub(crate) async fn run(_core: &Core, _job: job::Model) -> Result<()> {
    Ok(())
}
