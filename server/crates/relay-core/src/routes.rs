//! Which way a recipient's mail goes: project's route, else the platform's.

use crate::{Core, Result, config::SmarthostAccess};
use relay_types::{DomainName, project::ProjectId};

/// The way for one recipient domain.
#[derive(Debug, Clone)]
pub enum Way {
    /// To the domain's mail exchangers.
    Mx(DomainName),
    /// To this host.
    Smarthost(SmarthostAccess),
    /// Captured.
    Capture,
}

/// The way for mail of `project` (none: of the platform) to `domain`, as settings are now. While the platform captures, everything is captured.
pub async fn way(core: &Core, project: Option<ProjectId>, domain: &DomainName) -> Result<Way> {
    todo!()
}
