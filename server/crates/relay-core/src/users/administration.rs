//! Operators and locks. The last operator who can sign in stays one.

use super::{by_email, email_of, hash_new, insert};
use crate::{
    Actor, Core, Error, Result, audit,
    audit::field,
    members, one_time_links,
    one_time_links::Purpose,
    projects, sessions, sign_in,
    tables::user::{Column, Entity, Model},
};
use relay_types::{
    EmailAddress, Timestamp,
    user::{User, UserId},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use zeroize::Zeroizing;

/// All people, by address. Operator only.
pub async fn list(core: &Core, actor: &Actor) -> Result<Vec<User>> {
    projects::authorize_operator(actor)?;
    let rows = Entity::find().order_by_asc(Column::EmailKey).all(core.db.read()).await?;
    let mut projects = members::project_counts(core).await?;
    rows.into_iter()
        .map(|row| {
            Ok(User {
                id: UserId::from_uuid(row.id),
                email: email_of(&row)?,
                operator: row.operator,
                desk: row.desk,
                disabled: row.disabled_at.is_some(),
                created_at: Timestamp(row.created_at),
                last_sign_in_at: row.last_sign_in_at.map(Timestamp),
                projects: projects.remove(&row.id).unwrap_or_default(),
                name: row.name,
            })
        })
        .collect()
}

/// Makes an operator, or makes an existing user one, unlocks it and sets the password, which ends its sessions.
/// System (command line) only. Field: `password`.
pub async fn create_operator(
    core: &Core,
    actor: &Actor,
    email: EmailAddress,
    password: Zeroizing<String>,
) -> Result<UserId> {
    projects::authorize_system(actor)?;
    let hash = hash_new(core, "password", password, &email).await?;
    let transaction = core.db.begin().await?;
    let (id, changes) = match by_email(&transaction, &email).await? {
        None => {
            let id = insert(core, &transaction, &email, "", Some(hash), true).await?;
            (id, vec![field("operator", None::<bool>, Some(true))])
        }
        Some(before) => {
            let id = UserId::from_uuid(before.id);
            let changes = vec![
                field("operator", Some(before.operator), Some(true)),
                field("disabled", Some(before.disabled_at.is_some()), Some(false)),
                field("password", Some("(secret)"), Some("(new secret)")),
            ];
            let mut row = before.into_active_model();
            row.operator = Set(true);
            row.disabled_at = Set(None);
            row.password_hash = Set(Some(hash));
            row.update(&transaction).await?;
            sessions::end_of(&transaction, id, None).await?;
            one_time_links::revoke(&transaction, Purpose::PasswordReset, id.uuid()).await?;
            (id, changes)
        }
    };
    audit::record(core, &transaction, actor, None, "user.create_operator", &email.to_string(), changes).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Gives or takes the operator's rights; never from the last one who can sign in. Operator only; to give them, one who
/// has just typed the password (`sign_in::recent`). Field: `password`.
pub async fn set_operator(core: &Core, actor: &Actor, id: UserId, operator: bool) -> Result<()> {
    projects::authorize_operator(actor)?;
    if operator {
        sign_in::recent(core, actor)?;
    }
    let transaction = core.db.begin().await?;
    if !operator {
        refuse_without_operator(&transaction, id).await?;
    }
    let before = locked(&transaction, id).await?;
    if before.operator == operator {
        return Ok(());
    }
    let subject = before.email.clone();
    let mut row = before.into_active_model();
    row.operator = Set(operator);
    row.update(&transaction).await?;
    let changes = vec![field("operator", Some(!operator), Some(operator))];
    audit::record(core, &transaction, actor, None, "user.set_operator", &subject, changes).await?;
    transaction.commit().await?;
    core.changes.access_changed();
    Ok(())
}

/// Makes a person one of the service desk, or takes that back. Operator only; to give it, one who has just typed the
/// password (`sign_in::recent`). Field: `password`.
pub async fn set_desk(core: &Core, actor: &Actor, id: UserId, desk: bool) -> Result<()> {
    projects::authorize_operator(actor)?;
    if desk {
        sign_in::recent(core, actor)?;
    }
    let transaction = core.db.begin().await?;
    let before = locked(&transaction, id).await?;
    if before.desk == desk {
        return Ok(());
    }
    let subject = before.email.clone();
    let mut row = before.into_active_model();
    row.desk = Set(desk);
    row.update(&transaction).await?;
    let changes = vec![field("desk", Some(audit::yes_no(!desk)), Some(audit::yes_no(desk)))];
    audit::record(core, &transaction, actor, None, "user.set_desk", &subject, changes).await?;
    transaction.commit().await?;
    core.changes.access_changed();
    Ok(())
}

/// Locks or unlocks a person; never the last operator, never oneself. Ends their sessions. Operator only.
pub async fn set_disabled(core: &Core, actor: &Actor, id: UserId, disabled: bool) -> Result<()> {
    projects::authorize_operator(actor)?;
    if actor.id() == Some(id.uuid()) {
        return Err(Error::conflict("You cannot lock yourself; ask another operator"));
    }
    let transaction = core.db.begin().await?;
    if disabled {
        refuse_without_operator(&transaction, id).await?;
    }
    let before = locked(&transaction, id).await?;
    if before.disabled_at.is_some() == disabled {
        return Ok(());
    }
    if disabled {
        sessions::end_of(&transaction, id, None).await?;
        one_time_links::revoke(&transaction, Purpose::PasswordReset, id.uuid()).await?;
    }
    let subject = before.email.clone();
    let mut row = before.into_active_model();
    row.disabled_at = Set(disabled.then(|| core.now().0));
    row.update(&transaction).await?;
    let changes = vec![field("disabled", Some(!disabled), Some(disabled))];
    audit::record(core, &transaction, actor, None, "user.set_disabled", &subject, changes).await?;
    transaction.commit().await?;
    core.changes.access_changed();
    Ok(())
}

async fn locked(transaction: &DatabaseTransaction, id: UserId) -> Result<Model> {
    Entity::find_by_id(id.uuid()).lock_exclusive().one(transaction).await?.ok_or(Error::NotFound)
}

/// `Conflict` when nobody but `id` is an operator who can sign in. The rows stay locked, so that two operators cannot
/// each take the other's rights at the same time; it is called before any other row is locked, so that they do not
/// wait for each other either.
async fn refuse_without_operator(transaction: &DatabaseTransaction, id: UserId) -> Result<()> {
    let operators = Entity::find()
        .filter(Column::Operator.eq(true))
        .filter(Column::DisabledAt.is_null())
        .order_by_asc(Column::Id)
        .lock_exclusive()
        .all(transaction)
        .await?;
    let is_one = operators.iter().any(|row| row.id == id.uuid());
    if is_one && operators.len() == 1 {
        return Err(Error::conflict("This is the last operator; make another one first"));
    }
    Ok(())
}
