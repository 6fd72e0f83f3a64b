//! The audit trail: written inside the transaction of the change it tells of.

use crate::{Actor, Core, Result};
use relay_types::{
    audit::{AuditEntry, FieldChange},
    page::Page,
    project::{ProjectId, Slug},
};
use sea_orm::DatabaseTransaction;

/// Writes an entry. `action` is noun and verb, such as `sender.verify`.
pub(crate) async fn record(
    core: &Core,
    transaction: &DatabaseTransaction,
    actor: &Actor,
    project: Option<ProjectId>,
    action: &str,
    subject: &str,
    changes: Vec<FieldChange>,
) -> Result<()> {
    todo!()
}
/// A project's entries, newest first, 50 a page. Any member.
pub async fn list(core: &Core, actor: &Actor, project: &Slug, after: Option<&str>) -> Result<Page<AuditEntry>> {
    todo!()
}
/// All entries. Operator only.
pub async fn list_all(core: &Core, actor: &Actor, after: Option<&str>) -> Result<Page<AuditEntry>> {
    todo!()
}
