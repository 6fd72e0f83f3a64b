//! Which way a recipient's mail goes: project's route, else the platform's.

use crate::{
    Core, Result,
    config::{PlatformRoute, SmarthostAccess},
    projects,
};
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
    let platform = &core.config().route;
    let own = match (platform, project) {
        (PlatformRoute::Capture, _) | (_, None) => None,
        (_, Some(project)) => projects::route(core, project).await?,
    };
    Ok(match own.as_ref().unwrap_or(platform) {
        PlatformRoute::Mx => Way::Mx(domain.clone()),
        PlatformRoute::Smarthost(access) => Way::Smarthost(access.clone()),
        PlatformRoute::Capture => Way::Capture,
    })
}
