//! Sender domains, verified by `_relaykeep-challenge` TXT, rechecked; and the operator's default domain.

use crate::{Actor, Core, Result};
use relay_types::{
    DomainName,
    domain::{Domain, DomainDetail, DomainId},
    project::Slug,
};

/// All of the project's, by name. Any member.
pub async fn list(core: &Core, actor: &Actor, project: &Slug) -> Result<Vec<Domain>> {
    todo!()
}
/// One domain with the records to publish. Any member.
pub async fn get(core: &Core, actor: &Actor, project: &Slug, id: DomainId) -> Result<DomainDetail> {
    todo!()
}
/// Adds a domain, makes its challenge and DKIM keys. Member. Field: `name`. Null-MX and unresolvable domains are refused.
pub async fn add(core: &Core, actor: &Actor, project: &Slug, name: DomainName) -> Result<DomainId> {
    todo!()
}
/// Marks it verified without the record (adds it when missing). Operator only.
pub async fn mark_verified(core: &Core, actor: &Actor, project: &Slug, name: DomainName) -> Result<DomainId> {
    todo!()
}
/// Asks DNS now: challenge and DKIM records. Member.
pub async fn check(core: &Core, actor: &Actor, project: &Slug, id: DomainId) -> Result<DomainDetail> {
    todo!()
}
/// Removes a domain with its keys; the next MAIL with it fails. Member.
pub async fn remove(core: &Core, actor: &Actor, project: &Slug, id: DomainId) -> Result<()> {
    todo!()
}
/// Rechecks all that are due (schedule), a bounded number at a time; returns how many. System only.
pub async fn check_due(core: &Core, actor: &Actor) -> Result<u64> {
    todo!()
}
/// The operator's default domain: it signs mail whose header From is in it. `None` when not set.
pub async fn default_domain(core: &Core, actor: &Actor) -> Result<Option<DomainDetail>> {
    todo!()
}
/// Sets the operator's default domain and makes its keys. Operator only.
pub async fn set_default_domain(core: &Core, actor: &Actor, name: DomainName) -> Result<()> {
    todo!()
}
