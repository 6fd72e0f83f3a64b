//! Tokens of the HTTP API: issued for a project, shown once, told from others by a digest.
//!
//! Owns the table `api_token`. A token is 256 bits of chance, so a plain SHA-256 of it tells nothing and is found by an
//! index; secrets that people could have chosen are hashed otherwise. What a token may do are its scopes and nothing
//! else: as an actor it is refused by every use case that does not ask for its scope.

use crate::{
    Access, Actor, Core, Error, IssuedSecret, Result, audit, label, projects, sign_in,
    tables::api_token::{Column, Entity, Model},
    uses::Used,
};
use aws_lc_rs::digest;
use relay_types::{
    Timestamp,
    api_token::{ApiScope, ApiToken, ApiTokenId},
    project::{ProjectId, Slug},
};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, ModelTrait, PaginatorTrait, QueryFilter, QueryOrder};
use std::net::IpAddr;

/// Tokens of one project.
const MOST: u64 = 50;

/// A project's tokens, by label. Any member.
pub async fn list(core: &Core, actor: &Actor, project: &Slug) -> Result<Vec<ApiToken>> {
    let project = projects::authorize(core, actor, project, Access::View).await?;
    let rows = of_project(project).order_by_asc(Column::Label).order_by_asc(Column::Id).all(core.db.read()).await?;
    Ok(rows.into_iter().map(|row| view(row, core.now())).collect())
}

/// Issues a token that may do what `scopes` say, until `expires_at`. Member who has just typed the password
/// (`sign_in::recent`). Fields: `label`, `scopes`, `expires_at`, `password`; `Conflict` when there are too many.
pub async fn issue(
    core: &Core,
    actor: &Actor,
    project: &Slug,
    label: &str,
    scopes: &[ApiScope],
    expires_at: Option<Timestamp>,
) -> Result<(ApiTokenId, IssuedSecret)> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    let label = label::label("label", label)?;
    if scopes.is_empty() {
        return Err(Error::invalid("scopes", "Choose what the token may do"));
    }
    if expires_at.is_some_and(|at| at <= core.now()) {
        return Err(Error::invalid("expires_at", "Choose a time to come"));
    }
    sign_in::recent(core, actor)?;
    let issued = IssuedSecret::token()?;
    let id: ApiTokenId = core.new_id();
    let row = Model {
        id: id.uuid(),
        project_id: project.uuid(),
        label,
        digest: digest_of(issued.reveal()),
        hint: issued.hint(),
        scopes: words(scopes),
        created_by: actor.name(),
        created_at: core.now().0,
        expires_at: expires_at.map(|at| at.0),
        last_used_at: None,
    };
    let transaction = core.db.begin().await?;
    if of_project(project).count(&transaction).await? >= MOST {
        return Err(Error::conflict(format!(
            "There are {MOST} tokens already. Revoke those that are not used any more"
        )));
    }
    let mut changes = vec![
        audit::field("token", None::<&str>, Some(format!("…{}", row.hint))),
        audit::field("scopes", None::<&str>, Some(&row.scopes)),
    ];
    if let Some(at) = expires_at {
        changes.push(audit::field("expires_at", None::<&str>, Some(at.date_text())));
    }
    audit::record(core, &transaction, actor, Some(project), "api_token.issue", &row.label, changes).await?;
    Entity::insert(row.into_active_model()).exec_without_returning(&transaction).await?;
    transaction.commit().await?;
    Ok((id, issued))
}

/// Ends a token at once. Member.
pub async fn revoke(core: &Core, actor: &Actor, project: &Slug, id: ApiTokenId) -> Result<()> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    let transaction = core.db.begin().await?;
    let row = of_project(project).filter(Column::Id.eq(id.uuid())).one(&transaction).await?.ok_or(Error::NotFound)?;
    let changes = vec![audit::field("token", Some(format!("…{}", row.hint)), None::<&str>)];
    audit::record(core, &transaction, actor, Some(project), "api_token.revoke", &row.label, changes).await?;
    row.delete(&transaction).await?;
    Ok(transaction.commit().await?)
}

/// Who uses the API with `token`. `SignedOut` when it is unknown, revoked or expired, or its project is closed. Read anew
/// at every request, so that a revoked token is out at once.
pub async fn actor(core: &Core, token: &str, client: Option<IpAddr>) -> Result<Actor> {
    if !token.starts_with(IssuedSecret::TOKEN) {
        return Err(Error::SignedOut);
    }
    let found = Entity::find().filter(Column::Digest.eq(digest_of(token))).one(core.db.read()).await?;
    let row = found.filter(|row| !expired(row, core.now())).ok_or(Error::SignedOut)?;
    let of = projects::named(core.db.read(), Some(vec![row.project_id])).await?;
    if of.get(&row.project_id).is_none_or(|project| project.closed_at.is_some()) {
        return Err(Error::SignedOut);
    }
    core.uses.note(Used::ApiToken(row.id), core.now());
    Ok(Actor::ApiToken {
        id: ApiTokenId::from_uuid(row.id),
        project_id: ProjectId::from_uuid(row.project_id),
        scopes: scopes(&row.scopes),
        label: row.label,
        client,
    })
}

fn of_project(project: ProjectId) -> sea_orm::Select<Entity> {
    Entity::find().filter(Column::ProjectId.eq(project.uuid()))
}

fn digest_of(token: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, token.as_bytes()).as_ref().to_vec()
}

fn expired(row: &Model, now: Timestamp) -> bool {
    row.expires_at.is_some_and(|at| at <= now.0)
}

fn words(scopes: &[ApiScope]) -> String {
    let mut scopes = scopes.to_vec();
    scopes.sort();
    scopes.dedup();
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
}

/// A word of a newer version allows nothing here.
fn scopes(words: &str) -> Vec<ApiScope> {
    words.split(' ').filter_map(ApiScope::parse).collect()
}

fn view(row: Model, now: Timestamp) -> ApiToken {
    ApiToken {
        id: ApiTokenId::from_uuid(row.id),
        expired: expired(&row, now),
        scopes: scopes(&row.scopes),
        label: row.label,
        hint: row.hint,
        created_by: row.created_by,
        created_at: Timestamp(row.created_at),
        expires_at: row.expires_at.map(Timestamp),
        last_used_at: row.last_used_at.map(Timestamp),
    }
}

#[cfg(test)]
mod tests;
