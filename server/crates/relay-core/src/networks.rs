//! Trusted networks: a connection from one of a project's blocks is that project (longest match).

use crate::{Actor, Core, Result};
use relay_types::{
    Cidr,
    network::{Network, NetworkId},
    project::Slug,
};
use std::net::IpAddr;

/// All of the project's. Any member.
pub async fn list(core: &Core, actor: &Actor, project: &Slug) -> Result<Vec<Network>> {
    todo!()
}
/// Adds a block. Member. Fields: `cidr`, `label`. `Conflict` when it overlaps with another project's (which is not named).
pub async fn add(core: &Core, actor: &Actor, project: &Slug, cidr: Cidr, label: &str) -> Result<NetworkId> {
    todo!()
}
/// Changes the label. Member.
pub async fn rename(core: &Core, actor: &Actor, project: &Slug, id: NetworkId, label: &str) -> Result<()> {
    todo!()
}
/// Removes a block; open sessions fail at their next MAIL. Member.
pub async fn remove(core: &Core, actor: &Actor, project: &Slug, id: NetworkId) -> Result<()> {
    todo!()
}
/// The project a client's address belongs to.
pub async fn identify(core: &Core, client: IpAddr) -> Result<Option<Actor>> {
    todo!()
}
