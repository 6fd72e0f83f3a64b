//! Sender addresses, verified by a signed one-time link.

use crate::{Actor, Core, Result};
use relay_types::{
    project::Slug,
    sender::{Sender, SenderId, SenderOffer},
};

/// All of the project's, by address. Any member.
pub async fn list(core: &Core, actor: &Actor, project: &Slug) -> Result<Vec<Sender>> {
    todo!()
}
/// Adds an address and mails its link. Member. Field: `address`. Refused when its domain has a null MX or neither MX, A nor AAAA. Already covered by a verified domain: `Conflict` that says so.
pub async fn add(core: &Core, actor: &Actor, project: &Slug, address: &str) -> Result<SenderId> {
    todo!()
}
/// Mails a new link (throttled); the old one dies. Member.
pub async fn resend(core: &Core, actor: &Actor, project: &Slug, id: SenderId) -> Result<()> {
    todo!()
}
/// Marks an address verified without a link (adds it when missing). Operator only.
pub async fn mark_verified(core: &Core, actor: &Actor, project: &Slug, address: &str) -> Result<SenderId> {
    todo!()
}
/// Removes an address; the next MAIL with it fails. Member.
pub async fn remove(core: &Core, actor: &Actor, project: &Slug, id: SenderId) -> Result<()> {
    todo!()
}
/// What a link would verify; `NotFound` when used, replaced or too old.
pub async fn offer(core: &Core, token: &str) -> Result<SenderOffer> {
    todo!()
}
/// Verifies by link. Anyone who holds it.
pub async fn verify(core: &Core, token: &str) -> Result<SenderOffer> {
    todo!()
}
