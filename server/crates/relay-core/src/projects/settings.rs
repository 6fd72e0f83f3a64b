//! Changes of a project: what owners may set, and what operators may. Each gives whether it changed anything.

use super::{access, authorize, authorize_operator, lookup, name_of, route};
use crate::{Access, Actor, Core, Error, Result, audit, sign_in, tables::project};
use relay_types::{
    EmailAddress,
    audit::FieldChange,
    limit::Limits,
    project::{ProjectId, Slug},
    route::RouteChange,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect,
};

/// Renames. Owner. Field: `name`.
pub async fn rename(core: &Core, actor: &Actor, slug: &Slug, name: &str) -> Result<bool> {
    change(core, actor, slug, Access::Administer, "project.rename", |before, row| {
        let name = name_of(name)?;
        row.name = Set(name.clone());
        Ok(vec![field("name", Some(before.name.clone()), Some(name))])
    })
    .await
}

/// Sets who hears of bounces and warnings. Owner.
pub async fn set_bounce_contact(
    core: &Core,
    actor: &Actor,
    slug: &Slug,
    contact: Option<EmailAddress>,
) -> Result<bool> {
    change(core, actor, slug, Access::Administer, "project.set_bounce_contact", |before, row| {
        let after = contact.map(|address| address.to_string());
        row.bounce_contact = Set(after.clone());
        Ok(vec![field("bounce_contact", before.bounce_contact.clone(), after)])
    })
    .await
}

/// Renames and sets who hears of bounces and warnings, both or neither. Owner. Field: `name`.
pub async fn save_general(
    core: &Core,
    actor: &Actor,
    slug: &Slug,
    name: &str,
    contact: Option<EmailAddress>,
) -> Result<bool> {
    change(core, actor, slug, Access::Administer, "project.save_general", |before, row| {
        let (name, after) = (name_of(name)?, contact.map(|address| address.to_string()));
        row.name = Set(name.clone());
        row.bounce_contact = Set(after.clone());
        Ok(vec![
            field("name", Some(before.name.clone()), Some(name)),
            field("bounce_contact", before.bounce_contact.clone(), after),
        ])
    })
    .await
}

/// Sets the route. Owner; this machine itself as smarthost: operator. Fields: `host`, `port`, `username`, `password`.
///
/// Any route may be stored, but while the platform captures nothing leaves the machine: `routes::way` decides that.
pub async fn set_route(core: &Core, actor: &Actor, slug: &Slug, change_to: RouteChange) -> Result<bool> {
    change(core, actor, slug, Access::Administer, "project.set_route", |before, row| {
        let (stored, sealed) = route::judged(core, actor, Some(before), change_to)?;
        let was = route::Stored::read(before)?;
        let mut changes = vec![field("route", Some(was.words()), Some(stored.words()))];
        // An operator may choose the same as an owner: then it may be this machine, too.
        if let (Some(one), Some(other)) = (was.chosen_by(), stored.chosen_by())
            && one != other
        {
            changes.push(field("smarthost_chosen_by", Some(one), Some(other)));
        }
        if sealed != before.route_password_sealed {
            let said = |sealed: &Option<Vec<u8>>| sealed.as_ref().map(|_| "(secret)".to_owned());
            // Both may be set; the entry then says that the password is another one, never which.
            let after = said(&sealed).map(|_| "(new secret)".to_owned());
            changes.push(field("password", said(&before.route_password_sealed), after));
        }
        row.route = Set(stored.json()?);
        row.route_password_sealed = Set(sealed);
        Ok(changes)
    })
    .await
}

/// Sets the limits. Operator only. Fields: `per_hour`, `per_day`, `new_per_day`.
pub async fn set_limits(core: &Core, actor: &Actor, slug: &Slug, limits: Limits) -> Result<bool> {
    change(core, actor, slug, Access::Operate, "project.set_limits", |before, row| {
        set_limits_of(row, lookup::stored_limits(before), limits)
    })
    .await
}

fn set_limits_of(row: &mut project::ActiveModel, was: Limits, limits: Limits) -> Result<Vec<FieldChange>> {
    row.limit_per_hour = Set(stored_limit("per_hour", limits.per_hour)?);
    row.limit_per_day = Set(stored_limit("per_day", limits.per_day)?);
    row.limit_new_per_day = Set(stored_limit("new_per_day", limits.new_per_day)?);
    let text = |limit: Option<u32>| limit.map(|limit| limit.to_string());
    Ok(vec![
        field("per_hour", text(was.per_hour), text(limits.per_hour)),
        field("per_day", text(was.per_day), text(limits.per_day)),
        field("new_per_day", text(was.new_per_day), text(limits.new_per_day)),
    ])
}

/// Puts in or takes out of the sandbox. Operator only; out of it one who has just typed the password, as mail may go to
/// anyone then (`sign_in::recent`). Field: `password`.
pub async fn set_sandbox(core: &Core, actor: &Actor, slug: &Slug, sandbox: bool) -> Result<bool> {
    if !sandbox {
        authorize(core, actor, slug, Access::Operate).await?;
        sign_in::recent(core, actor)?;
    }
    change(core, actor, slug, Access::Operate, "project.set_sandbox", |before, row| {
        row.sandbox = Set(sandbox);
        Ok(vec![field("sandbox", Some(audit::yes_no(before.sandbox)), Some(audit::yes_no(sandbox)))])
    })
    .await
}

/// Takes the project out of the sandbox, inside the transaction of the ticket that asked for it; `tickets` has judged who
/// decides.
pub(crate) async fn leave_sandbox(
    core: &Core,
    transaction: &DatabaseTransaction,
    actor: &Actor,
    id: ProjectId,
) -> Result<()> {
    change_within(core, transaction, actor, id, "project.set_sandbox", |before, row| {
        row.sandbox = Set(false);
        Ok(vec![field("sandbox", Some(audit::yes_no(before.sandbox)), Some(audit::yes_no(false)))])
    })
    .await
    .map(|_| ())
}

/// Sets those limits that are given, as [`leave_sandbox`].
pub(crate) async fn grant_limits(
    core: &Core,
    transaction: &DatabaseTransaction,
    actor: &Actor,
    id: ProjectId,
    limits: Limits,
) -> Result<()> {
    change_within(core, transaction, actor, id, "project.set_limits", |before, row| {
        let was = lookup::stored_limits(before);
        let now = Limits {
            per_hour: limits.per_hour.or(was.per_hour),
            per_day: limits.per_day.or(was.per_day),
            new_per_day: limits.new_per_day.or(was.new_per_day),
        };
        set_limits_of(row, was, now)
    })
    .await
    .map(|_| ())
}

/// Suspends with a reason that the project reads in the portal and in SMTP replies. Operator only. Field: `reason`.
pub async fn suspend(core: &Core, actor: &Actor, slug: &Slug, reason: &str) -> Result<()> {
    change(core, actor, slug, Access::Operate, "project.suspend", |before, row| {
        let reason = reason_of(reason)?;
        row.suspended_reason = Set(Some(reason.clone()));
        if before.suspended_at.is_none() {
            row.suspended_at = Set(Some(core.now().0));
        }
        Ok(vec![field("suspended", before.suspended_reason.clone(), Some(reason))])
    })
    .await
    .map(|_| ())
}

/// Ends a suspension. Operator only. `Conflict` for a closed project, which is reopened instead.
pub async fn resume(core: &Core, actor: &Actor, slug: &Slug) -> Result<()> {
    change(core, actor, slug, Access::Operate, "project.resume", |before, row| {
        if before.closed_at.is_some() {
            return Err(Error::conflict("The project is closed; reopen it"));
        }
        row.suspended_reason = Set(None);
        row.suspended_at = Set(None);
        Ok(vec![field("suspended", before.suspended_reason.clone(), None)])
    })
    .await
    .map(|_| ())
}

/// Refuses what [`super::create`] and the settings would refuse, and changes nothing: for who has several changes to
/// make and wants none when one is wrong. The project need not be there yet. Operator only. Fields: `name`, `per_hour`,
/// `per_day`, `new_per_day`, and those of [`set_route`].
pub async fn judge(core: &Core, actor: &Actor, slug: &Slug, wanted: Wanted<'_>) -> Result<()> {
    authorize_operator(actor)?;
    name_of(wanted.name.unwrap_or(slug.as_str()))?;
    stored_limit("per_hour", wanted.limits.per_hour)?;
    stored_limit("per_day", wanted.limits.per_day)?;
    stored_limit("new_per_day", wanted.limits.new_per_day)?;
    let Some(change) = wanted.route else { return Ok(()) };
    let known = project::Entity::find().filter(project::Column::Slug.eq(slug.as_str())).one(core.db.read()).await?;
    route::judged(core, actor, known.as_ref(), change).map(|_| ())
}

/// What [`judge`] is asked about.
pub struct Wanted<'a> {
    /// Name; the slug when none is given.
    pub name: Option<&'a str>,
    /// Limits.
    pub limits: Limits,
    /// Route.
    pub route: Option<RouteChange>,
}

/// One change of the row with its audit entry, in one transaction on the row of now. When no field differs, nothing
/// is written and it gives false.
pub(super) async fn change(
    core: &Core,
    actor: &Actor,
    slug: &Slug,
    access: Access,
    action: &str,
    set: impl FnOnce(&project::Model, &mut project::ActiveModel) -> Result<Vec<FieldChange>>,
) -> Result<bool> {
    let id = access::authorize(core, actor, slug, access).await?;
    let transaction = core.db.begin().await?;
    let changed = change_within(core, &transaction, actor, id, action, set).await?;
    transaction.commit().await?;
    Ok(changed)
}

/// As [`change`], in the caller's transaction, whose right the caller has judged.
async fn change_within(
    core: &Core,
    transaction: &DatabaseTransaction,
    actor: &Actor,
    id: ProjectId,
    action: &str,
    set: impl FnOnce(&project::Model, &mut project::ActiveModel) -> Result<Vec<FieldChange>>,
) -> Result<bool> {
    let found = project::Entity::find_by_id(id.uuid()).lock_exclusive().one(transaction).await?;
    let before = found.ok_or(Error::NotFound)?;
    let mut row = before.clone().into_active_model();
    let mut changes = set(&before, &mut row)?;
    changes.retain(|change| change.before != change.after);
    if changes.is_empty() {
        return Ok(false);
    }
    row.update(transaction).await?;
    audit::record(core, transaction, actor, Some(id), action, &before.slug, changes).await?;
    Ok(true)
}

pub(super) fn field(name: &str, before: Option<String>, after: Option<String>) -> FieldChange {
    FieldChange { field: name.to_owned(), before, after }
}

fn stored_limit(field: &'static str, limit: Option<u32>) -> Result<Option<i32>> {
    limit
        .map(|limit| i32::try_from(limit).map_err(|_| Error::invalid(field, "Enter a number up to 2147483647")))
        .transpose()
}

/// The reason goes into an SMTP reply: one line of printable ASCII (RFC 5321 §4.2), short enough to leave room for the
/// rest of the reply.
pub(crate) fn reason_of(text: &str) -> Result<String> {
    let text = text.trim();
    let printable = text.chars().all(|c| (' '..='~').contains(&c));
    if text.is_empty() || text.len() > 200 || !printable {
        let reason = "Say why in 1 to 200 plain characters (no accents): programs read it in the SMTP reply";
        return Err(Error::invalid("reason", reason));
    }
    Ok(text.to_owned())
}
