//! Service accounts: made with a generated name and secret, authenticated here, two live secrets at most.
//!
//! Owns the tables `service_account`, `service_account_secret` and `service_account_source`. A removed account keeps
//! its row, without secrets.

mod authenticate;
mod limited;
mod secrets;
mod settings;
mod standing;
mod untold;
mod view;

use crate::{
    Access, Actor, Core, Error, IssuedSecret, Result, audit,
    listeners::Elsewhere,
    projects,
    secrets::random_base32,
    sign_in,
    tables::{service_account, service_account_secret, service_account_source},
};
use relay_types::{
    listener::{ListenerAuth, ListenerTls},
    project::{ProjectId, Slug},
    service_account::{ClientAccess, ServiceAccount, ServiceAccountDetail, ServiceAccountId, ServiceAccountSettings},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Set,
};
use secrets::{insert_secret, issue, secrets_of};
use uuid::Uuid;

pub(crate) use authenticate::{Accounts, Successes, name_of};
pub(crate) use limited::{limited, projects_of_limited};
pub use settings::judged as judge;
pub(crate) use standing::{Standing, standing};
pub(crate) use view::barred_from;
pub use {
    crate::uses::run_writer,
    authenticate::{AuthFailure, authenticate},
    secrets::{issue_secret, revoke_secret},
    untold::{create_untold, issue_untold, told, untold},
};

const SOURCES_SHOWN: u64 = 100;

/// All accounts that are not removed, by label. Any member.
pub async fn list(core: &Core, actor: &Actor, project: &Slug) -> Result<Vec<ServiceAccount>> {
    let project = projects::authorize(core, actor, project, Access::View).await?;
    let rows = live(project).order_by_asc(service_account::Column::Label).all(core.db.read()).await?;
    let ids = live(project).select_only().column(service_account::Column::Id).into_query();
    let secrets: Vec<Uuid> = service_account_secret::Entity::find()
        .select_only()
        .column(service_account_secret::Column::ServiceAccountId)
        .filter(service_account_secret::Column::ServiceAccountId.in_subquery(ids))
        .into_tuple()
        .all(core.db.read())
        .await?;
    let count = |id: Uuid| secrets.iter().filter(|owner| **owner == id).count();
    rows.into_iter().map(|row| view::account(count(row.id), row, core.now())).collect()
}

/// One account. Any member.
pub async fn get(core: &Core, actor: &Actor, project: &Slug, id: ServiceAccountId) -> Result<ServiceAccountDetail> {
    let project = projects::authorize(core, actor, project, Access::View).await?;
    let row = live(project).filter(service_account::Column::Id.eq(id.uuid())).one(core.db.read()).await?;
    let secrets = secrets_of(id).all(core.db.read()).await?;
    let account = view::account(secrets.len(), row.ok_or(Error::NotFound)?, core.now())?;
    let sources = service_account_source::Entity::find()
        .filter(service_account_source::Column::ServiceAccountId.eq(id.uuid()))
        .order_by_desc(service_account_source::Column::LastUsedAt)
        .limit(SOURCES_SHOWN)
        .all(core.db.read())
        .await?;
    let sources = sources.into_iter().map(|row| view::source(row, &secrets)).collect();
    let history = audit::about(core, project, &account.username).await?;
    let secrets = secrets.into_iter().map(view::secret).collect();
    Ok(ServiceAccountDetail { account, secrets, sources, history })
}

/// Makes an account and its first secret. Member who has just typed the password (`sign_in::recent`). Fields as in the
/// settings' names, and `password`.
pub async fn create(
    core: &Core,
    actor: &Actor,
    project: &Slug,
    settings: ServiceAccountSettings,
) -> Result<(ServiceAccountId, IssuedSecret)> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    let settings = judge_new(core, settings)?;
    sign_in::recent(core, actor)?;
    make(core, actor, project, settings, true).await
}

/// The account with its first secret; `told` when the caller tells it at once.
async fn make(
    core: &Core,
    actor: &Actor,
    project: ProjectId,
    settings: ServiceAccountSettings,
    told: bool,
) -> Result<(ServiceAccountId, IssuedSecret)> {
    let (issued, hash) = issue(core).await?;
    let id: ServiceAccountId = core.new_id();
    let transaction = core.db.begin().await?;
    let empty = service_account::Model {
        id: id.uuid(),
        project_id: project.uuid(),
        label: String::new(),
        username: format!("sa-{}", random_base32(10)?),
        enabled: true,
        expires_at: None,
        allowed_cidrs: "[]".to_owned(),
        allowed_senders: None,
        default_sender: None,
        may_notify: false,
        cut_through: false,
        limit_per_hour: None,
        limit_per_day: None,
        created_at: core.now().0,
        last_used_at: None,
        removed_at: None,
    };
    let row = settings::applied(empty.clone(), &settings)?;
    keep_label_unique(&transaction, project, &row).await?;
    let changes = settings::changes(None, &row);
    let subject = subject_of(&row);
    service_account::Entity::insert(row.into_active_model()).exec_without_returning(&transaction).await?;
    insert_secret(core, &transaction, id, (&issued, hash), told).await?;
    audit::record(core, &transaction, actor, Some(project), "service_account.create", &subject, changes).await?;
    transaction.commit().await?;
    Ok((id, issued))
}

/// The settings with their texts tidied, or what [`create`] would refuse of them.
pub fn judge_new(core: &Core, settings: ServiceAccountSettings) -> Result<ServiceAccountSettings> {
    let settings = settings::judged(settings)?;
    if settings.expires_at.is_some_and(|at| at <= core.now()) {
        return Err(Error::invalid("expires_at", "Choose a time to come"));
    }
    Ok(settings)
}

/// Changes an account. Member.
pub async fn update(
    core: &Core,
    actor: &Actor,
    project: &Slug,
    id: ServiceAccountId,
    settings: ServiceAccountSettings,
) -> Result<()> {
    let settings = settings::judged(settings);
    change(core, actor, project, id, "service_account.update", |row| settings::applied(row, &settings?)).await
}

/// Switches an account on or off; open sessions fail at their next MAIL. Member.
pub async fn set_enabled(
    core: &Core,
    actor: &Actor,
    project: &Slug,
    id: ServiceAccountId,
    enabled: bool,
) -> Result<()> {
    let action = if enabled { "service_account.enable" } else { "service_account.disable" };
    change(core, actor, project, id, action, |row| Ok(service_account::Model { enabled, ..row })).await
}

/// Removes an account for good; its messages keep its name. Member.
pub async fn remove(core: &Core, actor: &Actor, project: &Slug, id: ServiceAccountId) -> Result<()> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    let transaction = core.db.begin().await?;
    let row = locked(&transaction, project, id).await?;
    let subject = subject_of(&row);
    let gone = service_account::ActiveModel {
        id: Set(row.id),
        enabled: Set(false),
        removed_at: Set(Some(core.now().0)),
        ..Default::default()
    };
    service_account::Entity::update(gone).exec(&transaction).await?;
    service_account_secret::Entity::delete_many()
        .filter(service_account_secret::Column::ServiceAccountId.eq(id.uuid()))
        .exec(&transaction)
        .await?;
    service_account_source::Entity::delete_many()
        .filter(service_account_source::Column::ServiceAccountId.eq(id.uuid()))
        .exec(&transaction)
        .await?;
    audit::record(core, &transaction, actor, Some(project), "service_account.remove", &subject, vec![]).await?;
    Ok(transaction.commit().await?)
}

/// Those of `ids` that are accounts and not removed.
pub(crate) async fn still_there(core: &Core, ids: impl IntoIterator<Item = Uuid>) -> Result<Vec<ServiceAccountId>> {
    let found: Vec<Uuid> = service_account::Entity::find()
        .select_only()
        .column(service_account::Column::Id)
        .filter(service_account::Column::Id.is_in(ids))
        .filter(service_account::Column::RemovedAt.is_null())
        .into_tuple()
        .all(core.db.read())
        .await?;
    Ok(found.into_iter().map(ServiceAccountId::from_uuid).collect())
}

/// Where clients connect, from the listeners of this node and of others.
pub fn client_access(core: &Core) -> ClientAccess {
    let listeners = core.listeners().places();
    let first = |tls: Option<ListenerTls>, auth: &[ListenerAuth]| {
        listeners.iter().find(|(one, _)| tls.is_none_or(|tls| one.tls == tls) && auth.contains(&one.auth))
    };
    let sasl = [ListenerAuth::Required, ListenerAuth::Either];
    let starttls = first(Some(ListenerTls::Starttls), &sasl);
    let implicit = first(Some(ListenerTls::Implicit), &sasl);
    let network = first(None, &[ListenerAuth::Networks]).or_else(|| first(None, &[ListenerAuth::Either]));
    let host = [starttls, implicit, network].into_iter().flatten().next().map(|(one, _)| {
        // A listener that only this machine reaches is reached by its address; the name may resolve nowhere.
        if one.address.ip().is_loopback() { one.address.ip().to_string() } else { one.hostname.clone() }
    });
    let port = |one: Option<&(Elsewhere, bool)>| one.map(|(one, _)| one.address.port());
    ClientAccess {
        host: host.unwrap_or_else(|| core.config().hostname.to_string()),
        starttls_port: port(starttls),
        implicit_port: port(implicit),
        network_port: port(network),
        self_signed: [starttls, implicit].into_iter().flatten().any(|&(_, self_signed)| self_signed),
    }
}

/// Number of the project's accounts.
pub(crate) async fn count(core: &Core, project: ProjectId) -> Result<u64> {
    Ok(live(project).count(core.db.read()).await?)
}

fn live(project: ProjectId) -> sea_orm::Select<service_account::Entity> {
    service_account::Entity::find()
        .filter(service_account::Column::ProjectId.eq(project.uuid()))
        .filter(service_account::Column::RemovedAt.is_null())
}

/// The account's row, which no other transaction changes until this one ends.
async fn locked(
    transaction: &DatabaseTransaction,
    project: ProjectId,
    id: ServiceAccountId,
) -> Result<service_account::Model> {
    let found = live(project).filter(service_account::Column::Id.eq(id.uuid())).lock_exclusive();
    found.one(transaction).await?.ok_or(Error::NotFound)
}

async fn change(
    core: &Core,
    actor: &Actor,
    project: &Slug,
    id: ServiceAccountId,
    action: &str,
    change: impl FnOnce(service_account::Model) -> Result<service_account::Model>,
) -> Result<()> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    let transaction = core.db.begin().await?;
    let before = locked(&transaction, project, id).await?;
    let after = change(before.clone())?;
    keep_label_unique(&transaction, project, &after).await?;
    let changes = settings::changes(Some(&before), &after);
    let subject = subject_of(&after);
    service_account::Entity::update(after.into_active_model().reset_all()).exec(&transaction).await?;
    audit::record(core, &transaction, actor, Some(project), action, &subject, changes).await?;
    Ok(transaction.commit().await?)
}

/// What the audit trail calls an account: the label of now, and the user name, which never changes.
fn subject_of(row: &service_account::Model) -> String {
    format!("{} ({})", row.label, row.username)
}

async fn keep_label_unique(
    transaction: &DatabaseTransaction,
    project: ProjectId,
    row: &service_account::Model,
) -> Result<()> {
    let same = live(project)
        .filter(service_account::Column::Label.eq(row.label.as_str()))
        .filter(service_account::Column::Id.ne(row.id));
    match same.one(transaction).await? {
        Some(_) => Err(Error::conflict(format!("There is a service account named {} already", row.label))),
        None => Ok(()),
    }
}

#[cfg(test)]
pub(crate) mod tests;
