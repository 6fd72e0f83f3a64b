//! Writes gathered refusals, and counts them for charts.

use crate::{
    Core, Result, limits,
    tables::{refusal, service_account},
};
use relay_types::{overview::Counts, refusal::Rule};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::{Expr, OnConflict},
};
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Refusals are gathered this long before they are written.
const GATHER: Duration = Duration::from_millis(500);
/// Rows in one statement.
const TOGETHER: usize = 500;

/// Writes what [`super::record`] gathered until `stop` is cancelled, then the rest.
pub async fn run_writer(core: Core, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = core.refusals.wake.notified() => {}
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(GATHER) => {}
        }
        flush(&core).await;
    }
    flush(&core).await;
}

/// Writes what is gathered now; keeps it when the database cannot be reached.
pub(crate) async fn flush(core: &Core) {
    let mut rows = core.refusals.take(core.now());
    if rows.is_empty() {
        return;
    }
    if let Err(error) = write(core, &mut rows).await {
        tracing::warn!(%error, rows = rows.len(), "refusals are not written yet");
        core.refusals.put_back(rows);
    }
}

async fn write(core: &Core, rows: &mut [refusal::Model]) -> Result<()> {
    assign(core, rows).await?;
    // By ascending subject, as `limits::count` asks for.
    let mut refused: BTreeMap<Uuid, u64> = BTreeMap::new();
    for row in rows.iter() {
        for subject in row.project_id.into_iter().chain(row.source_id) {
            *refused.entry(subject).or_default() += u64::try_from(row.count).unwrap_or(0);
        }
    }
    let transaction = core.db.begin_aside().await?;
    for rows in rows.chunks(TOGETHER) {
        let add = OnConflict::column(refusal::Column::Code)
            .value(
                refusal::Column::Count,
                Expr::col((refusal::Entity, refusal::Column::Count)).add(Expr::col(("excluded", "count"))),
            )
            .to_owned();
        refusal::Entity::insert_many(rows.iter().cloned().map(IntoActiveModel::into_active_model))
            .on_conflict(add)
            .exec_without_returning(&transaction)
            .await?;
    }
    for (subject, refused) in refused {
        limits::count(&transaction, subject, core.now(), Counts { refused, ..Counts::default() }).await?;
    }
    transaction.commit().await?;
    core.changes.committed();
    Ok(())
}

/// A failed AUTH is shown to the project whose account's name was tried.
async fn assign(core: &Core, rows: &mut [refusal::Model]) -> Result<()> {
    let of_account = |row: &refusal::Model| {
        row.project_id.is_none()
            && [Rule::CredentialsInvalid, Rule::Throttled].iter().any(|rule| rule.as_str() == row.rule)
    };
    let realm = core.config().realm.as_str();
    let name = |row: &refusal::Model| row.who.as_deref().map(|who| crate::service_accounts::name_of(who, realm));
    let tried: Vec<String> = rows.iter().filter(|row| of_account(row)).filter_map(name).collect();
    let mut known: HashMap<String, (Uuid, Uuid)> = HashMap::new();
    for names in tried.chunks(TOGETHER) {
        let found: Vec<(String, Uuid, Uuid)> = service_account::Entity::find()
            .select_only()
            .columns([
                service_account::Column::Username,
                service_account::Column::ProjectId,
                service_account::Column::Id,
            ])
            .filter(service_account::Column::Username.is_in(names))
            .into_tuple()
            .all(core.db.read())
            .await?;
        known.extend(found.into_iter().map(|(name, project, account)| (name, (project, account))));
    }
    for row in rows.iter_mut().filter(|row| of_account(row)) {
        if let Some(&(project, account)) = name(row).and_then(|name| known.get(&name)) {
            row.project_id = Some(project);
            row.source_id = Some(account);
        }
    }
    Ok(())
}
