//! Signing in to the portal, with a throttle per address and per user.

use crate::{
    Actor, Core, Error, Result, audit,
    tables::user::{Entity, Model},
    throttle::{self, SIGN_IN_CLIENT, SIGN_IN_USER},
    users,
};
use relay_types::{EmailAddress, Timestamp, user::UserId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};
use std::{net::IpAddr, time::Duration};
use zeroize::Zeroizing;

/// A password that was typed this long ago need not be typed again.
const RECENT: Duration = Duration::from_secs(15 * 60);

/// Verifies a password. `Forbidden` for an unknown user, a wrong password and a locked user alike, in the same time;
/// `TooMany` when throttled.
pub async fn sign_in(core: &Core, client: Option<IpAddr>, email: &str, password: Zeroizing<String>) -> Result<UserId> {
    let email = EmailAddress::parse(email.trim()).ok();
    // What is not an address has one key: it can name no user.
    let user_key = email.as_ref().map(EmailAddress::key).unwrap_or_default();
    let client_key = client.map(throttle::key_of).unwrap_or_default();
    let (by_client, by_user) = (SIGN_IN_CLIENT.key(core, &client_key), SIGN_IN_USER.key(core, &user_key));
    // The client first: one that must wait does not count against users.
    let wait = match by_client.attempt(core).await? {
        None => by_user.attempt(core).await?,
        waits => waits,
    };
    if let Some(seconds) = wait {
        tracing::info!(%client_key, seconds, "sign-in throttled");
        return Err(Error::TooMany { seconds });
    }
    let row = match &email {
        Some(email) => users::by_email(core.db.read(), email).await?,
        None => None,
    };
    let hashes = row.iter().filter_map(|row| row.password_hash.clone()).collect();
    let right = core.hasher.verify(password, hashes).await?.is_some();
    let Some(row) = row.filter(|row| right && row.disabled_at.is_none()) else {
        tracing::info!(%client_key, "sign-in failed");
        return Err(Error::Forbidden);
    };
    by_user.succeed(core).await?;
    by_client.forgive(core).await?;
    note(core, client, row).await
}

/// Writes down when the person was here.
async fn note(core: &Core, client: Option<IpAddr>, row: Model) -> Result<UserId> {
    let actor = actor_of(&row, client, None)?;
    let (id, subject) = (UserId::from_uuid(row.id), row.email.clone());
    let transaction = core.db.begin().await?;
    let mut row = row.into_active_model();
    row.last_sign_in_at = Set(Some(core.now().0));
    row.update(&transaction).await?;
    audit::record(core, &transaction, &actor, None, "user.sign_in", &subject, Vec::new()).await?;
    transaction.commit().await?;
    Ok(id)
}

/// The actor of a session, read anew at every request so that a locked user is out at once; `password_at` is when the
/// password was last typed in it. `SignedOut` when locked or unknown.
pub async fn actor(core: &Core, id: UserId, client: Option<IpAddr>, password_at: Option<Timestamp>) -> Result<Actor> {
    let row = Entity::find_by_id(id.uuid()).one(core.db.read()).await?;
    let row = row.filter(|row| row.disabled_at.is_none()).ok_or(Error::SignedOut)?;
    actor_of(&row, client, password_at)
}

fn actor_of(row: &Model, client: Option<IpAddr>, password_at: Option<Timestamp>) -> Result<Actor> {
    let email = users::email_of(row)?;
    Ok(Actor::User {
        id: UserId::from_uuid(row.id),
        email,
        operator: row.operator,
        desk: row.desk,
        client,
        password_at,
    })
}

/// Refuses what gives power away (a secret, an operator's rights) to a session that was left open: the person typed the
/// password within [`RECENT`]. Field: `password`. The system has none and is never asked.
pub fn recent(core: &Core, actor: &Actor) -> Result<()> {
    match actor {
        Actor::System => Ok(()),
        Actor::User { password_at: Some(at), .. } if core.now().since(*at) < RECENT => Ok(()),
        Actor::User { .. } => Err(Error::invalid("password", "Type your password to go on: it is a while ago")),
        Actor::Anonymous { .. } => Err(Error::SignedOut),
        Actor::ServiceAccount { .. } | Actor::TrustedNetwork { .. } | Actor::ApiToken { .. } => Err(Error::Forbidden),
    }
}

/// The actor after the password was typed again, with that moment. Field: `password`. `TooMany` after wrong guesses.
pub async fn confirm(core: &Core, actor: &Actor, password: Zeroizing<String>) -> Result<Actor> {
    let row = users::by_id(core.db.read(), actor.user_id()?).await?.ok_or(Error::SignedOut)?;
    let guesses = SIGN_IN_USER.key(core, &users::email_of(&row)?.key());
    if let Some(seconds) = guesses.attempt(core).await? {
        return Err(Error::TooMany { seconds });
    }
    let hashes = row.password_hash.iter().cloned().collect();
    if core.hasher.verify(password, hashes).await?.is_none() {
        return Err(Error::invalid("password", "This is not your password"));
    }
    guesses.succeed(core).await?;
    actor_of(&row, actor.client(), Some(core.now()))
}

#[cfg(test)]
mod tests;
