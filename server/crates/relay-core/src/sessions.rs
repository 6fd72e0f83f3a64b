//! Portal sessions as rows; the server's tower-sessions store is a thin caller.

use crate::{Core, Result};
use relay_types::{Timestamp, user::UserId};

/// A stored session.
pub struct StoredSession {
    /// Its id, as in the cookie.
    pub id: String,
    /// Who is signed in, so that all sessions of a person can be ended.
    pub user_id: Option<UserId>,
    /// JSON of its data.
    pub data: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Stores a new session; false when the id is taken.
pub async fn create(core: &Core, session: &StoredSession) -> Result<bool> {
    todo!()
}
/// Stores a session, new or known.
pub async fn save(core: &Core, session: &StoredSession) -> Result<()> {
    todo!()
}
/// A session that has not ended.
pub async fn load(core: &Core, id: &str) -> Result<Option<StoredSession>> {
    todo!()
}
/// Ends a session.
pub async fn delete(core: &Core, id: &str) -> Result<()> {
    todo!()
}
/// Removes ended sessions and dead links; returns how many rows.
pub async fn sweep(core: &Core) -> Result<u64> {
    todo!()
}
