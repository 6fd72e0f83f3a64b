//! One's own password: changed by who knows it, set anew by who holds a link that was mailed.

use super::{by_email, by_id, came_in, email_of, hash_new};
use crate::{
    Actor, Core, Error, Result, audit,
    audit::field,
    one_time_links,
    one_time_links::Purpose,
    portal_mail, sessions,
    tables::user::{Entity, Model},
    throttle::{self, MAIL, SIGN_IN_CLIENT, SIGN_IN_USER},
};
use relay_types::{EmailAddress, user::UserId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, DatabaseTransaction, EntityTrait, IntoActiveModel, QuerySelect};
use std::{net::IpAddr, time::Duration};
use zeroize::Zeroizing;

/// The answer to a request for a link takes this long at least, so that its time does not tell whether there is such
/// a user.
const REQUEST_TIME: Duration = Duration::from_millis(300);

/// Changes one's own password (`current_password`, `new_password` are the fields of `Invalid`) and ends one's other
/// sessions; `keep_session` is the id of the one that stays. `TooMany` after wrong guesses of the current one.
pub async fn change_password(
    core: &Core,
    actor: &Actor,
    current: Zeroizing<String>,
    new: Zeroizing<String>,
    keep_session: Option<&str>,
) -> Result<()> {
    let id = actor.user_id()?;
    let row = by_id(core.db.read(), id).await?.ok_or(Error::SignedOut)?;
    let email = email_of(&row)?;
    let guesses = SIGN_IN_USER.key(core, &email.key());
    if let Some(seconds) = guesses.attempt(core).await? {
        return Err(Error::TooMany { seconds });
    }
    let hashes = row.password_hash.iter().cloned().collect();
    if core.hasher.verify(current.clone(), hashes).await?.is_none() {
        return Err(Error::invalid("current_password", "This is not your current password"));
    }
    guesses.succeed(core).await?;
    if new == current {
        return Err(Error::invalid("new_password", "This is your current password; use another"));
    }
    let hash = hash_new(core, "new_password", new, &email).await?;
    let transaction = core.db.begin().await?;
    let before = Entity::find_by_id(id.uuid()).lock_exclusive().one(&transaction).await?.ok_or(Error::SignedOut)?;
    if before.password_hash != row.password_hash {
        return Err(Error::conflict("The password was changed meanwhile; sign in again"));
    }
    store(core, &transaction, actor, "user.change_password", before, hash, keep_session).await?;
    transaction.commit().await?;
    core.changes.access_changed();
    told(core, &email).await;
    Ok(())
}

/// Mails a reset link when such a user exists; says nothing of whether. Throttled by recipient and by client. Field:
/// `email`.
pub async fn request_password_reset(core: &Core, client: Option<IpAddr>, email: &str) -> Result<()> {
    let email = EmailAddress::parse(email.trim()).map_err(|why| Error::invalid("email", why.to_string()))?;
    let mut wait = None;
    if let Some(client) = client {
        wait = SIGN_IN_CLIENT.key(core, &format!("reset {}", throttle::key_of(client))).attempt(core).await?;
    }
    if wait.is_none() {
        wait = MAIL.key(core, &format!("reset {}", email.key())).attempt(core).await?;
    }
    if let Some(seconds) = wait {
        return Err(Error::TooMany { seconds });
    }
    let (done, ()) = tokio::join!(mail_reset(core, client, &email), tokio::time::sleep(REQUEST_TIME));
    done
}

async fn mail_reset(core: &Core, client: Option<IpAddr>, email: &EmailAddress) -> Result<()> {
    let row = by_email(core.db.read(), email).await?.filter(|row| row.disabled_at.is_none());
    let Some(row) = row else { return Ok(()) };
    let transaction = core.db.begin().await?;
    let link = one_time_links::issue(core, &transaction, Purpose::PasswordReset, row.id).await?;
    let actor = Actor::Anonymous { client };
    audit::record(core, &transaction, &actor, None, "user.request_password_reset", &row.email, Vec::new()).await?;
    transaction.commit().await?;
    portal_mail::password_reset(core, &email_of(&row)?, client, &link).await
}

/// Whether the link of a reset mail is still good.
pub async fn reset_link_is_good(core: &Core, token: &str) -> Result<bool> {
    match one_time_links::find(core, core.db.read(), Purpose::PasswordReset, token).await {
        Ok(_) => Ok(true),
        Err(Error::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Sets a new password by the link of a mail and ends all sessions. `NotFound` when the link is used, replaced or too
/// old, or the person is locked. Field: `password`.
pub async fn reset_password(core: &Core, token: &str, new: Zeroizing<String>) -> Result<UserId> {
    let subject = one_time_links::find(core, core.db.read(), Purpose::PasswordReset, token).await?;
    let row = by_id(core.db.read(), UserId::from_uuid(subject)).await?.ok_or(Error::NotFound)?;
    let email = email_of(&row)?;
    // Judged and hashed before the link is used up, so that a password that is refused can be typed again.
    let hash = hash_new(core, "password", new, &email).await?;
    let transaction = core.db.begin().await?;
    let subject = one_time_links::redeem(core, &transaction, Purpose::PasswordReset, token).await?;
    let row = Entity::find_by_id(subject).lock_exclusive().one(&transaction).await?;
    let row = row.filter(|row| row.disabled_at.is_none()).ok_or(Error::NotFound)?;
    let id = UserId::from_uuid(row.id);
    let actor = Actor::User {
        id,
        email: email.clone(),
        operator: row.operator,
        desk: row.desk,
        client: None,
        password_at: None,
    };
    store(core, &transaction, &actor, "user.reset_password", row, hash, None).await?;
    came_in(core, &transaction, id).await?;
    transaction.commit().await?;
    core.changes.access_changed();
    SIGN_IN_USER.key(core, &email.key()).succeed(core).await?;
    told(core, &email).await;
    Ok(id)
}

/// The new hash; other sessions and reset links end with the old password.
async fn store(
    core: &Core,
    transaction: &DatabaseTransaction,
    actor: &Actor,
    action: &str,
    before: Model,
    hash: String,
    keep_session: Option<&str>,
) -> Result<()> {
    let (id, subject) = (UserId::from_uuid(before.id), before.email.clone());
    let mut row = before.into_active_model();
    row.password_hash = Set(Some(hash));
    row.update(transaction).await?;
    sessions::end_of(transaction, id, keep_session).await?;
    one_time_links::revoke(transaction, Purpose::PasswordReset, id.uuid()).await?;
    let changes = vec![field("password", Some("(secret)"), Some("(new secret)"))];
    audit::record(core, transaction, actor, None, action, &subject, changes).await
}

/// A notice by mail; the password is changed already, so trouble with the mail is only logged.
async fn told(core: &Core, email: &EmailAddress) {
    if let Err(error) = portal_mail::password_changed(core, email).await {
        tracing::warn!(%error, "the notice of a new password could not be sent");
    }
}
