//! Projects: made and suspended by operators, settings by owners. [`authorize`] is where every project-scoped use case
//! begins.
//!
//! Owns the table `project`. What other contexts need of a project they ask here ([`standing`], [`route`], [`slug`]).

mod access;
mod closing;
mod lookup;
mod route;
mod settings;

pub use self::{
    access::authorize_dns,
    closing::{close, reopen},
    lookup::{frame, limit_use, list},
    settings::{
        Wanted, judge, rename, resume, save_general, set_bounce_contact, set_limits, set_route, set_sandbox, suspend,
    },
};
pub(crate) use self::{
    access::{authorize, authorize_desk, authorize_for, authorize_operator, authorize_system},
    lookup::{
        Limited, Named, Standing, closed, contacts, limited, limits_in_force, name, named, route, slug, slugs,
        standing, standing_of, stored_limits_of,
    },
    settings::{grant_limits, leave_sandbox, reason_of},
};

use crate::{Actor, Core, Error, Result, audit, tables::project};
use relay_types::{
    audit::FieldChange,
    member::Role,
    project::{ProjectId, Slug},
};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter};

/// A new project. Operator only. Fields: `name`, `slug`.
pub async fn create(core: &Core, actor: &Actor, name: &str, slug: Slug, sandbox: bool) -> Result<ProjectId> {
    authorize_operator(actor)?;
    let transaction = core.db.begin().await?;
    let id = insert(core, &transaction, actor, name, &slug, sandbox).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Stores a new project and its audit entry; the caller has decided that it may be made.
pub(crate) async fn insert(
    core: &Core,
    transaction: &DatabaseTransaction,
    actor: &Actor,
    name: &str,
    slug: &Slug,
    sandbox: bool,
) -> Result<ProjectId> {
    let name = name_of(name)?;
    let taken = || Error::invalid("slug", format!("There is a project {slug} already; choose another"));
    if project::Entity::find().filter(project::Column::Slug.eq(slug.as_str())).count(transaction).await? > 0 {
        return Err(taken());
    }
    let id: ProjectId = core.new_id();
    let row = project::ActiveModel {
        id: Set(id.uuid()),
        slug: Set(slug.to_string()),
        name: Set(name.clone()),
        suspended_reason: Set(None),
        suspended_at: Set(None),
        closed_at: Set(None),
        sandbox: Set(sandbox),
        bounce_contact: Set(None),
        limit_per_hour: Set(None),
        limit_per_day: Set(None),
        limit_new_per_day: Set(None),
        route: Set(route::Stored::Platform.json()?),
        route_password_sealed: Set(None),
        created_at: Set(core.now().0),
    };
    let inserted = project::Entity::insert(row).exec_without_returning(transaction).await;
    inserted.map_err(|error| error_of_insert(error, taken))?;
    let changes = vec![
        FieldChange { field: "name".to_owned(), before: None, after: Some(name) },
        FieldChange { field: "sandbox".to_owned(), before: None, after: Some(audit::yes_no(sandbox)) },
    ];
    audit::record(core, transaction, actor, Some(id), "project.create", slug.as_str(), changes).await?;
    Ok(id)
}

/// What `taken` says when the row is there already (two who asked at the same time), else the trouble itself.
pub(crate) fn error_of_insert(error: sea_orm::DbErr, taken: impl FnOnce() -> Error) -> Error {
    match error.sql_err() {
        Some(sea_orm::SqlErr::UniqueConstraintViolation(_)) => taken(),
        _ => error.into(),
    }
}

/// A name as stored: 1 to 80 characters, no control characters, no space around.
fn name_of(text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 80 || text.chars().any(char::is_control) {
        return Err(Error::invalid("name", "Enter a name of 1 to 80 characters"));
    }
    Ok(text.to_owned())
}

/// The project behind a place in URLs, for tests.
#[cfg(test)]
pub(crate) async fn id_of(core: &Core, slug: &Slug) -> Result<ProjectId> {
    authorize(core, &Actor::System, slug, crate::Access::View).await
}

/// Reads a stored role.
pub(crate) fn role(text: &str) -> Result<Role> {
    Role::parse(text).ok_or_else(|| Error::internal(format!("unknown role {text:?} in the database")))
}

#[cfg(test)]
mod tests;
