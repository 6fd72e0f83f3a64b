//! What the request says: who, from where; and what the answer carries besides the page.

use super::internal;
use crate::{components::time::Now, error::AppError, next::safe_next};
use axum::{
    extract::ConnectInfo,
    http::{HeaderValue, header::SET_COOKIE, request::Parts},
};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use relay_core::{Actor, Core};
use relay_types::{Timestamp, user::UserId};
use std::net::{IpAddr, SocketAddr};
use tower_sessions::Session;

/// Where a session keeps who is signed in. `server`'s session store looks for it too.
pub const USER: &str = "user";
/// Where a session keeps when the password was last typed in it.
const PASSWORD_AT: &str = "password_at";

/// The use cases' handle.
pub fn core() -> Result<Core, AppError> {
    use_context::<Core>().ok_or_else(|| internal("no Core in this context"))
}

/// The session of this request.
pub fn session() -> Result<Session, AppError> {
    use_context::<Parts>()
        .and_then(|parts| parts.extensions.get::<Session>().cloned())
        .ok_or_else(|| internal("no session layer around this request"))
}

/// The client's address, as the server saw it (behind a proxy it trusts, as the proxy said).
pub fn client() -> Option<IpAddr> {
    let parts = use_context::<Parts>()?;
    let told = parts.extensions.get::<IpAddr>().copied();
    told.or_else(|| parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip()))
}

/// Who is asking. Read anew from the database at every request.
pub async fn actor() -> Result<Actor, AppError> {
    let (core, session, client) = (core()?, session()?, client());
    match session.get::<UserId>(USER).await.map_err(internal)? {
        None => Ok(Actor::Anonymous { client }),
        Some(id) => match relay_core::sign_in::actor(&core, id, client, password_at(&session).await?).await {
            Err(relay_core::Error::SignedOut) => Ok(Actor::Anonymous { client }),
            other => Ok(other?),
        },
    }
}

async fn password_at(session: &Session) -> Result<Option<Timestamp>, AppError> {
    Ok(session.get::<i64>(PASSWORD_AT).await.map_err(internal)?.map(Timestamp))
}

/// Who is asking for what needs the password again when it was typed long ago: with `password`, which is judged first and
/// remembered in the session. The use case decides whether it was needed.
pub async fn actor_with(password: Option<String>) -> Result<Actor, AppError> {
    let actor = actor().await?;
    let Some(password) = password.filter(|password| !password.is_empty()) else { return Ok(actor) };
    let actor = relay_core::sign_in::confirm(&core()?, &actor, password.into()).await?;
    password_typed().await?;
    Ok(actor)
}

/// Remembers that the password was typed just now.
pub async fn password_typed() -> Result<(), AppError> {
    session()?.insert(PASSWORD_AT, core()?.now().0).await.map_err(internal)
}

/// Signs `user` in, whose password was typed just now: under a new session id, so that an id planted before is worth nothing.
pub async fn start_session(user: UserId) -> Result<(), AppError> {
    let session = session()?;
    session.cycle_id().await.map_err(internal)?;
    session.insert(USER, user).await.map_err(internal)?;
    password_typed().await
}

/// Signs out.
pub async fn end_session() -> Result<(), AppError> {
    session()?.flush().await.map_err(internal)
}

/// Goes on at `path`, a path of ours.
pub fn redirect(path: &str) {
    leptos_axum::redirect(safe_next(path));
}

/// Goes on at `path` with a toast; `code` is one of `strings::done`. The moment stands behind the code, so that the same
/// act done twice is a new URL: the page reads its data again and the toast comes again.
pub fn done(path: &str, code: &str) {
    debug_assert!(crate::strings::done(code).is_some(), "strings::done does not know {code}");
    let path = safe_next(path);
    let sign = if path.contains('?') { '&' } else { '?' };
    let at = use_context::<Now>().map_or(0, |Now(at)| at.0);
    redirect(&format!("{path}{sign}done={code}.{at}"));
}

/// Sets a cookie, given as the header's value. Only for values of ours.
pub fn set_cookie(cookie: &str) {
    if let (Some(options), Ok(value)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(cookie)) {
        options.append_header(SET_COOKIE, value);
    }
}
