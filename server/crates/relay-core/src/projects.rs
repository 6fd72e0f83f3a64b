//! Projects: made and suspended by operators, settings by owners. [`authorize`] is where every project-scoped use case begins.

use crate::{Access, Actor, Core, Result};
use relay_types::{
    EmailAddress,
    limit::{LimitUse, Limits},
    project::{Project, ProjectFrame, ProjectId, ProjectRow, Slug},
    route::RouteChange,
};

/// Decides whether the actor may do what needs `access` in the project. `NotFound` for those who may not know of it, `Forbidden` for members with too small a role, `SignedOut` for nobody.
pub(crate) async fn authorize(core: &Core, actor: &Actor, slug: &Slug, access: Access) -> Result<ProjectId> {
    todo!()
}
/// Operator or system, else `Forbidden` (`SignedOut` for nobody).
pub(crate) fn authorize_operator(actor: &Actor) -> Result<()> {
    todo!()
}
/// What a project's pages show around their content.
pub async fn frame(core: &Core, actor: &Actor, slug: &Slug) -> Result<ProjectFrame> {
    todo!()
}
/// All projects with numbers. Operator only.
pub async fn list(core: &Core, actor: &Actor) -> Result<Vec<ProjectRow>> {
    todo!()
}
/// A new project. Operator only. Fields: `name`, `slug`.
pub async fn create(core: &Core, actor: &Actor, name: &str, slug: Slug, sandbox: bool) -> Result<ProjectId> {
    todo!()
}
/// Renames. Owner.
pub async fn rename(core: &Core, actor: &Actor, slug: &Slug, name: &str) -> Result<()> {
    todo!()
}
/// Sets who hears of bounces and warnings. Owner.
pub async fn set_bounce_contact(core: &Core, actor: &Actor, slug: &Slug, contact: Option<EmailAddress>) -> Result<()> {
    todo!()
}
/// Sets the route. Owner. Fields: `host`, `port`, `username`, `password`. The platform's `capture` cannot be left by a project: while the platform captures, nothing leaves the machine.
pub async fn set_route(core: &Core, actor: &Actor, slug: &Slug, route: RouteChange) -> Result<()> {
    todo!()
}
/// Sets the limits. Operator only.
pub async fn set_limits(core: &Core, actor: &Actor, slug: &Slug, limits: Limits) -> Result<()> {
    todo!()
}
/// Puts in or takes out of the sandbox. Operator only.
pub async fn set_sandbox(core: &Core, actor: &Actor, slug: &Slug, sandbox: bool) -> Result<()> {
    todo!()
}
/// Suspends with a reason that the project reads in the portal and in SMTP replies. Operator only. Field: `reason`.
pub async fn suspend(core: &Core, actor: &Actor, slug: &Slug, reason: &str) -> Result<()> {
    todo!()
}
/// Ends a suspension. Operator only.
pub async fn resume(core: &Core, actor: &Actor, slug: &Slug) -> Result<()> {
    todo!()
}
/// The project's limits and how much is used.
pub async fn limit_use(core: &Core, actor: &Actor, slug: &Slug) -> Result<LimitUse> {
    todo!()
}
