//! People as the operator handles them.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::user::User;

#[cfg(feature = "ssr")]
use crate::{
    api::id,
    components::dialog::confirmed,
    ssr::{actor, actor_with, core, done},
};
#[cfg(feature = "ssr")]
use relay_core::{Actor, Core, users};
#[cfg(feature = "ssr")]
use relay_types::user::UserId;

/// The page the forms are on.
#[cfg(feature = "ssr")]
const PAGE: &str = "/admin/users";

/// All people, by address.
#[server]
pub async fn load_users() -> Result<Vec<User>, AppError> {
    Ok(users::list(&core()?, &actor().await?).await?)
}

/// Makes a person an operator; `confirm` is their address, `password` one's own when it was typed long ago.
#[server]
pub async fn make_operator(id: String, confirm: String, password: Option<String>) -> Result<(), AppError> {
    let (core, id) = (core()?, self::id(&id)?);
    confirmed_address(&core, &actor().await?, id, &confirm).await?;
    let actor = actor_with(password).await?;
    users::set_operator(&core, &actor, id, true).await?;
    done(PAGE, "user-changed");
    Ok(())
}

/// Takes an operator's rights.
#[server]
pub async fn unmake_operator(id: String, confirm: String) -> Result<(), AppError> {
    let (core, actor, id) = (core()?, actor().await?, self::id(&id)?);
    confirmed_address(&core, &actor, id, &confirm).await?;
    users::set_operator(&core, &actor, id, false).await?;
    done(PAGE, "user-changed");
    Ok(())
}

/// Makes a person one of the service desk; `confirm` is their address, `password` one's own when it was typed long ago.
#[server]
pub async fn join_desk(id: String, confirm: String, password: Option<String>) -> Result<(), AppError> {
    let (core, id) = (core()?, self::id(&id)?);
    confirmed_address(&core, &actor().await?, id, &confirm).await?;
    let actor = actor_with(password).await?;
    users::set_desk(&core, &actor, id, true).await?;
    done(PAGE, "user-changed");
    Ok(())
}

/// Takes a person out of the service desk.
#[server]
pub async fn leave_desk(id: String, confirm: String) -> Result<(), AppError> {
    let (core, actor, id) = (core()?, actor().await?, self::id(&id)?);
    confirmed_address(&core, &actor, id, &confirm).await?;
    users::set_desk(&core, &actor, id, false).await?;
    done(PAGE, "user-changed");
    Ok(())
}

/// Locks a person out; `confirm` is their address.
#[server]
pub async fn lock_user(id: String, confirm: String) -> Result<(), AppError> {
    let (core, actor, id) = (core()?, actor().await?, self::id(&id)?);
    confirmed_address(&core, &actor, id, &confirm).await?;
    users::set_disabled(&core, &actor, id, true).await?;
    done(PAGE, "user-changed");
    Ok(())
}

/// Lets a person in again.
#[server]
pub async fn unlock_user(id: String) -> Result<(), AppError> {
    users::set_disabled(&core()?, &actor().await?, self::id(&id)?, false).await?;
    done(PAGE, "user-changed");
    Ok(())
}

#[cfg(feature = "ssr")]
async fn confirmed_address(core: &Core, actor: &Actor, id: UserId, typed: &str) -> Result<(), AppError> {
    let all = users::list(core, actor).await?;
    let user = all.iter().find(|user| user.id == id).ok_or(AppError::NotFound)?;
    confirmed(typed, &user.email.to_string())
}
