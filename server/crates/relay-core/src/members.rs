//! Members and invitations of a project. Owners change, every member sees.

use crate::{Actor, Core, Result};
use relay_types::{
    member::{Invitation, InvitationId, InvitationOffer, Member, Role},
    project::Slug,
    user::UserId,
};
use std::net::IpAddr;
use zeroize::Zeroizing;

/// Members by name, invitations by time.
pub async fn list(core: &Core, actor: &Actor, project: &Slug) -> Result<(Vec<Member>, Vec<Invitation>)> {
    todo!()
}
/// Mails an invitation (again, when one is open). Owner. Field: `email`. `Conflict` when a member already.
pub async fn invite(core: &Core, actor: &Actor, project: &Slug, email: &str, role: Role) -> Result<()> {
    todo!()
}
/// Withdraws an invitation. Owner.
pub async fn withdraw_invitation(core: &Core, actor: &Actor, project: &Slug, id: InvitationId) -> Result<()> {
    todo!()
}
/// What an invitation link offers; `NotFound` when it is used, withdrawn or too old.
pub async fn invitation_offer(core: &Core, token: &str) -> Result<InvitationOffer> {
    todo!()
}
/// Accepts an invitation. A known user must be signed in as the invited address (else `Forbidden`); a new one gives `name` and `password` and is made. Returns who joined what.
pub async fn accept_invitation(
    core: &Core,
    actor: &Actor,
    client: Option<IpAddr>,
    token: &str,
    name: &str,
    password: Zeroizing<String>,
) -> Result<(UserId, Slug)> {
    todo!()
}
/// Changes a role; the last owner keeps theirs. Owner.
pub async fn set_role(core: &Core, actor: &Actor, project: &Slug, user: UserId, role: Role) -> Result<()> {
    todo!()
}
/// Removes a member (owner), or oneself; never the last owner.
pub async fn remove(core: &Core, actor: &Actor, project: &Slug, user: UserId) -> Result<()> {
    todo!()
}
