//! People: the first operator, passwords, the operator's list.
//!
//! Owns the table `user`. Passwords come in as [`Zeroizing`] text and are kept as Argon2id hashes only.

mod administration;
mod own_password;
mod password;
mod setup;

pub use self::{
    administration::{create_operator, list, set_desk, set_disabled, set_operator},
    own_password::{change_password, request_password_reset, reset_link_is_good, reset_password},
    setup::{Setup, set_up, setup_code, setup_needed},
};

use crate::{
    Actor, Core, Error, Result, members, projects,
    tables::user::{ActiveModel, Column, Entity, Model},
};
use relay_types::{
    EmailAddress,
    user::{Me, UserId},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
};
use zeroize::Zeroizing;

/// The person who is signed in, with the projects to switch between.
pub async fn me(core: &Core, actor: &Actor) -> Result<Me> {
    let id = actor.user_id()?;
    let row = Entity::find_by_id(id.uuid()).one(core.db.read()).await?.ok_or(Error::SignedOut)?;
    Ok(Me {
        id,
        email: email_of(&row)?,
        projects: members::projects_of(core, id, row.operator).await?,
        name: row.name,
        operator: row.operator,
        desk: row.desk || row.operator,
    })
}

/// The row of the person with this address.
pub(crate) async fn by_email(connection: &impl ConnectionTrait, email: &EmailAddress) -> Result<Option<Model>> {
    Ok(Entity::find().filter(Column::EmailKey.eq(email.key())).one(connection).await?)
}

/// The row of a person.
pub(crate) async fn by_id(connection: &impl ConnectionTrait, id: UserId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id.uuid()).one(connection).await?)
}

/// The addresses of all operators who may sign in.
pub(crate) async fn operators(core: &Core) -> Result<Vec<EmailAddress>> {
    let able = Entity::find().filter(Column::Operator.eq(true)).filter(Column::DisabledAt.is_null());
    able.all(core.db.read()).await?.iter().map(email_of).collect()
}

/// The stored address.
pub(crate) fn email_of(row: &Model) -> Result<EmailAddress> {
    EmailAddress::parse(&row.email).map_err(Error::internal)
}

/// The hash to store of a new password that was judged good; `field` is the form's.
pub(crate) async fn hash_new(
    core: &Core,
    field: &'static str,
    password: Zeroizing<String>,
    email: &EmailAddress,
) -> Result<String> {
    password::judge(field, &password, email)?;
    core.hasher.hash(password).await
}

/// Stores a new person; the caller writes the audit entry.
pub(crate) async fn insert(
    core: &Core,
    transaction: &DatabaseTransaction,
    email: &EmailAddress,
    name: &str,
    password_hash: Option<String>,
    operator: bool,
) -> Result<UserId> {
    let id: UserId = core.new_id();
    let row = ActiveModel {
        id: Set(id.uuid()),
        email: Set(email.to_string()),
        email_key: Set(email.key()),
        name: Set(name_of(name)?),
        password_hash: Set(password_hash),
        operator: Set(operator),
        desk: Set(false),
        disabled_at: Set(None),
        created_at: Set(core.now().0),
        last_sign_in_at: Set(None),
    };
    let taken = || Error::conflict(format!("There is a user {email} already"));
    let inserted = Entity::insert(row).exec_without_returning(transaction).await;
    inserted.map_err(|error| projects::error_of_insert(error, taken))?;
    Ok(id)
}

/// Writes down that the person has come in, by a password or by a link that stands for one.
pub(crate) async fn came_in(core: &Core, transaction: &DatabaseTransaction, id: UserId) -> Result<()> {
    let row = ActiveModel { id: Set(id.uuid()), last_sign_in_at: Set(Some(core.now().0)), ..Default::default() };
    row.update(transaction).await?;
    Ok(())
}

/// A person's name as stored: up to 80 characters, may be empty.
fn name_of(text: &str) -> Result<String> {
    let text = text.trim();
    if text.chars().count() > 80 || text.chars().any(char::is_control) {
        return Err(Error::invalid("name", "Enter a name of at most 80 characters"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests;
