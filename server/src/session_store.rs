//! Portal sessions in the database: the tower-sessions store, a thin caller of `relay_core::sessions`.

use async_trait::async_trait;
use relay_core::{
    Core,
    sessions::{self, StoredSession},
};
use relay_types::{Timestamp, user::UserId};
use std::fmt;
use time::OffsetDateTime;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

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

fn stored(record: &Record) -> Result<StoredSession> {
    let user_id = record.data.get(app::ssr::USER).and_then(|value| value.as_str());
    Ok(StoredSession {
        id: record.id.to_string(),
        user_id: user_id.and_then(|text| text.parse::<UserId>().ok()),
        data: serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))?,
        expires_at: Timestamp(record.expiry_date.unix_timestamp().saturating_mul(1000)),
    })
}

#[async_trait]
impl SessionStore for DatabaseStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        for _ in 0..4 {
            if sessions::create(&self.0, &stored(record)?).await.map_err(backend)? {
                return Ok(());
            }
            record.id = Id::default();
        }
        Err(backend("no free session id was found"))
    }

    async fn save(&self, record: &Record) -> Result<()> {
        sessions::save(&self.0, &stored(record)?).await.map_err(backend)
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
