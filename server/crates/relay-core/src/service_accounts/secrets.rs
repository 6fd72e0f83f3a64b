//! Secrets of an account: issued, kept as hashes, revoked. Two at most, so that one can be rotated while programs run.

use super::{locked, subject_of};
use crate::{
    Access, Actor, Core, Error, IssuedSecret, Result, audit, projects, sign_in, tables::service_account_secret,
};
use relay_types::{
    project::Slug,
    service_account::{SecretId, ServiceAccountId},
};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, ModelTrait, QueryFilter, QueryOrder, Set};
use zeroize::Zeroizing;

/// An account has one secret, or two while it is rotated.
const SECRETS: usize = 2;

/// Issues a second secret beside the first; `Conflict` when there are two. Member who has just typed the password
/// (`sign_in::recent`). Field: `password`.
pub async fn issue_secret(core: &Core, actor: &Actor, project: &Slug, id: ServiceAccountId) -> Result<IssuedSecret> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    sign_in::recent(core, actor)?;
    let (issued, hash) = issue(core).await?;
    let transaction = core.db.begin().await?;
    let row = locked(&transaction, project, id).await?;
    if secrets_of(id).all(&transaction).await?.len() >= SECRETS {
        return Err(Error::conflict("There are two secrets already. Revoke the one that is not used any more first"));
    }
    insert_secret(core, &transaction, id, (&issued, hash), true).await?;
    let changes = vec![audit::field("secret", None::<&str>, Some(format!("…{}", issued.hint())))];
    audit::record(core, &transaction, actor, Some(project), "secret.issue", &subject_of(&row), changes).await?;
    transaction.commit().await?;
    Ok(issued)
}

/// Revokes a secret at once; `Conflict` when it is the only one. Member.
pub async fn revoke_secret(
    core: &Core,
    actor: &Actor,
    project: &Slug,
    id: ServiceAccountId,
    secret: SecretId,
) -> Result<()> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    let transaction = core.db.begin().await?;
    let row = locked(&transaction, project, id).await?;
    let secrets = secrets_of(id).all(&transaction).await?;
    let only = secrets.len() == 1;
    let revoked = secrets.into_iter().find(|row| row.id == secret.uuid()).ok_or(Error::NotFound)?;
    if only {
        return Err(Error::conflict("This is the only secret. Issue another one first, or disable the account"));
    }
    let changes = vec![audit::field("secret", Some(format!("…{}", revoked.hint)), None::<&str>)];
    revoked.delete(&transaction).await?;
    audit::record(core, &transaction, actor, Some(project), "secret.revoke", &subject_of(&row), changes).await?;
    Ok(transaction.commit().await?)
}

/// The secrets of an account, oldest first.
pub(super) fn secrets_of(id: ServiceAccountId) -> sea_orm::Select<service_account_secret::Entity> {
    service_account_secret::Entity::find()
        .filter(service_account_secret::Column::ServiceAccountId.eq(id.uuid()))
        .order_by_asc(service_account_secret::Column::CreatedAt)
        .order_by_asc(service_account_secret::Column::Id)
}

/// A new secret with its hash, which is kept by [`insert_secret`].
pub(super) async fn issue(core: &Core) -> Result<(IssuedSecret, String)> {
    let issued = IssuedSecret::generate()?;
    let hash = core.hasher.hash(Zeroizing::new(issued.reveal().to_owned())).await?;
    Ok((issued, hash))
}

/// Keeps a secret; `told` when the caller tells it at once.
pub(super) async fn insert_secret(
    core: &Core,
    transaction: &DatabaseTransaction,
    account: ServiceAccountId,
    (issued, hash): (&IssuedSecret, String),
    told: bool,
) -> Result<()> {
    let id: SecretId = core.new_id();
    let row = service_account_secret::ActiveModel {
        id: Set(id.uuid()),
        service_account_id: Set(account.uuid()),
        hash: Set(hash),
        hint: Set(issued.hint()),
        created_at: Set(core.now().0),
        last_used_at: Set(None),
        told: Set(told),
    };
    service_account_secret::Entity::insert(row).exec_without_returning(transaction).await?;
    Ok(())
}
