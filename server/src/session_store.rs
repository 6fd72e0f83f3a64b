//! Portal sessions in the database: the tower-sessions store, a thin caller of `relay_core::sessions`; and how long one
//! lasts.
//!
//! A session ends [`IDLE`] after its last request. Requests are noted once in [`NOTED`], so that reading pages writes
//! nothing; a session therefore lives that much longer at most.

use async_trait::async_trait;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use relay_core::{
    Core,
    sessions::{self, StoredSession},
};
use relay_types::{Timestamp, user::UserId};
use std::{fmt, time::Duration};
use time::OffsetDateTime;
use tower_sessions::{
    Session, SessionStore,
    session::{self, Id, Record},
    session_store::{Error, Result},
};

/// A session ends after so long without a request.
const IDLE: Duration = Duration::from_secs(12 * 3_600);
/// How often it is noted that there was one.
const NOTED: Duration = Duration::from_secs(1_800);
/// What is stored, and how long the browser keeps the cookie.
pub const LIFE: Duration = Duration::from_secs(IDLE.as_secs() + NOTED.as_secs());
/// Where a session keeps when its last request was noted.
const SEEN: &str = "seen";

/// The layer: notes a request of someone who is signed in, when the last note is old. It belongs inside the session
/// layer, which then stores the session with its new end and sends the cookie again.
pub async fn note(State(core): State<Core>, session: Session, request: Request, next: Next) -> Response {
    if let Err(error) = note_at(&session, core.now()).await {
        tracing::warn!(%error, "a session's last request cannot be noted");
    }
    next.run(request).await
}

/// Who is signed in.
pub async fn user_of(session: &Session) -> std::result::Result<Option<UserId>, session::Error> {
    session.get(app::ssr::USER).await
}

async fn note_at(session: &Session, now: Timestamp) -> std::result::Result<(), session::Error> {
    if session.get::<UserId>(app::ssr::USER).await?.is_none() {
        return Ok(());
    }
    let seen: Option<Timestamp> = session.get(SEEN).await?;
    if seen.is_none_or(|seen| now.since(seen) >= NOTED) {
        session.insert(SEEN, now).await?;
    }
    Ok(())
}

/// The store. Sessions of a person can be ended because each row knows its user.
#[derive(Clone)]
pub struct DatabaseStore(pub Core);

impl fmt::Debug for DatabaseStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseStore")
    }
}

fn backend(error: impl fmt::Display) -> Error {
    Error::Backend(error.to_string())
}

fn stored(core: &Core, record: &Record) -> Result<StoredSession> {
    let user_id = record.data.get(app::ssr::USER).and_then(|value| value.as_str());
    Ok(StoredSession {
        id: record.id.to_string(),
        user_id: user_id.and_then(|text| text.parse::<UserId>().ok()),
        data: serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))?,
        expires_at: core.now().plus(LIFE),
    })
}

#[async_trait]
impl SessionStore for DatabaseStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        for _ in 0..4 {
            if sessions::create(&self.0, &stored(&self.0, record)?).await.map_err(backend)? {
                return Ok(());
            }
            record.id = Id::default();
        }
        Err(backend("no free session id was found"))
    }

    async fn save(&self, record: &Record) -> Result<()> {
        sessions::save(&self.0, &stored(&self.0, record)?).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let Some(session) = sessions::load(&self.0, &id.to_string()).await.map_err(backend)? else { return Ok(None) };
        let data = serde_json::from_str(&session.data).map_err(|error| Error::Decode(error.to_string()))?;
        let expiry_date = OffsetDateTime::from_unix_timestamp(session.expires_at.seconds()).map_err(backend)?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        sessions::delete(&self.0, &id.to_string()).await.map_err(backend)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_core::TestCore;
    use axum::{Router, body::Body, http::header, middleware, routing::get};
    use relay_core::{Actor, sign_in, users};
    use relay_types::EmailAddress;
    use tower::ServiceExt;
    use tower_sessions::{Expiry, SessionManagerLayer};

    /// `/in` signs in; `/` says whether someone is.
    fn router(core: &Core, user: UserId) -> Router {
        let sign_in = move |session: Session| async move { session.insert(app::ssr::USER, user).await.unwrap() };
        let who = |session: Session| async move {
            let user: Option<UserId> = session.get(app::ssr::USER).await.unwrap();
            if user.is_some() { "signed in" } else { "nobody" }
        };
        Router::new()
            .route("/in", get(sign_in))
            .route("/", get(who))
            .layer(middleware::from_fn_with_state(core.clone(), note))
            .layer(
                SessionManagerLayer::new(DatabaseStore(core.clone()))
                    .with_expiry(Expiry::OnInactivity(tower_sessions::cookie::time::Duration::seconds(60))),
            )
    }

    /// What the page says, and the cookie it sets.
    async fn ask(router: &Router, path: &str, cookie: Option<&str>) -> (String, Option<String>) {
        let mut request = Request::builder().uri(path);
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let set = answer.headers().get(header::SET_COOKIE).map(|value| value.to_str().unwrap().to_owned());
        let body = axum::body::to_bytes(answer.into_body(), 1_000).await.unwrap();
        (String::from_utf8(body.to_vec()).unwrap(), set)
    }

    #[tokio::test]
    async fn a_session_lasts_while_it_is_used_and_reading_writes_once_in_half_an_hour() {
        let test = TestCore::new().await;
        let (core, clock) = (&test.core, &test.clock);
        let email = EmailAddress::parse("o@example.org").unwrap();
        let password = || zeroize::Zeroizing::new("correct horse battery".to_owned());
        users::create_operator(core, &Actor::System, email, password()).await.unwrap();
        let user = sign_in::sign_in(core, None, "o@example.org", password()).await.unwrap();
        let router = router(core, user);
        let (_, set) = ask(&router, "/in", None).await;
        let cookie = set.unwrap().split(';').next().unwrap().to_owned();
        let at = async |path| ask(&router, path, Some(&cookie)).await;
        assert!(at("/").await.1.is_some(), "the first request is noted");
        for _ in 0..4 {
            clock.advance(Duration::from_secs(11 * 3_600));
            let (said, set) = at("/").await;
            assert_eq!(said, "signed in");
            assert!(set.is_some(), "the cookie lasts as long as the session");
            clock.advance(Duration::from_secs(29 * 60));
            assert_eq!(at("/").await, ("signed in".to_owned(), None), "nothing is written");
        }
        clock.advance(LIFE);
        assert_eq!(at("/").await.0, "nobody");
    }
}
