//! Portal sessions as rows; the server's tower-sessions store is a thin caller.
//!
//! Owns the table `session`. The row is named by a hash of the id in the cookie: who reads the database cannot take a
//! session over.

use crate::{
    Core, Result, one_time_links, prune,
    tables::session::{ActiveModel, Column, Entity},
    throttle,
};
use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use relay_types::{Timestamp, user::UserId};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, sea_query::OnConflict};

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
    let transaction = core.db.begin_aside().await?;
    let row = ActiveModel {
        id: Set(hash(&session.id)),
        user_id: Set(session.user_id.map(UserId::uuid)),
        data: Set(session.data.clone()),
        expires_at: Set(session.expires_at.0),
    };
    let inserted = Entity::insert(row)
        .on_conflict(OnConflict::column(Column::Id).do_nothing().to_owned())
        .exec_without_returning(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(inserted == 1)
}

/// Stores a known session's new state. One that was ended meanwhile (sign-out, a lock, a new password) stays ended.
pub async fn save(core: &Core, session: &StoredSession) -> Result<()> {
    let transaction = core.db.begin_aside().await?;
    let row = ActiveModel {
        user_id: Set(session.user_id.map(UserId::uuid)),
        data: Set(session.data.clone()),
        expires_at: Set(session.expires_at.0),
        ..Default::default()
    };
    Entity::update_many().set(row).filter(Column::Id.eq(hash(&session.id))).exec(&transaction).await?;
    transaction.commit().await?;
    Ok(())
}

/// A session that has not ended.
pub async fn load(core: &Core, id: &str) -> Result<Option<StoredSession>> {
    let query = Entity::find_by_id(hash(id)).filter(Column::ExpiresAt.gt(core.now().0));
    Ok(query.one(core.db.read()).await?.map(|row| StoredSession {
        id: id.to_owned(),
        user_id: row.user_id.map(UserId::from_uuid),
        data: row.data,
        expires_at: Timestamp(row.expires_at),
    }))
}

/// Ends a session.
pub async fn delete(core: &Core, id: &str) -> Result<()> {
    let transaction = core.db.begin_aside().await?;
    Entity::delete_by_id(hash(id)).exec(&transaction).await?;
    transaction.commit().await?;
    core.changes.access_changed();
    Ok(())
}

/// Removes ended sessions, dead links and forgotten failures; returns how many rows.
pub async fn sweep(core: &Core) -> Result<u64> {
    let sessions = prune::rows(core, "session", "id", "expires_at <= $1", core.now()).await?;
    let links = one_time_links::sweep(core).await?;
    let transaction = core.db.begin_aside().await?;
    let throttles = throttle::sweep(&transaction, core.now()).await?;
    transaction.commit().await?;
    Ok(sessions + links + throttles)
}

/// Ends all sessions of a person but `keep` (an id as in the cookie).
pub(crate) async fn end_of(transaction: &DatabaseTransaction, user: UserId, keep: Option<&str>) -> Result<()> {
    let mut ended = Entity::delete_many().filter(Column::UserId.eq(user.uuid()));
    if let Some(id) = keep {
        ended = ended.filter(Column::Id.ne(hash(id)));
    }
    ended.exec(transaction).await?;
    Ok(())
}

fn hash(id: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, id.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::Test;
    use std::time::Duration;

    fn session(test: &Test, id: &str, user_id: Option<UserId>) -> StoredSession {
        let expires_at = test.core.now().plus(Duration::from_secs(60));
        StoredSession { id: id.to_owned(), user_id, data: "{}".to_owned(), expires_at }
    }

    async fn is_open(test: &Test, id: &str) -> bool {
        load(&test.core, id).await.expect("load").is_some()
    }

    #[tokio::test]
    async fn a_session_lives_until_it_expires_and_is_swept() {
        let test = Test::new().await;
        assert!(create(&test.core, &session(&test, "a", None)).await.expect("create"));
        assert!(!create(&test.core, &session(&test, "a", None)).await.expect("create"), "the id is taken");
        let mut changed = session(&test, "a", None);
        changed.data = "{\"x\":1}".to_owned();
        save(&test.core, &changed).await.expect("save");
        assert_eq!(load(&test.core, "a").await.expect("load").expect("open").data, changed.data);
        assert_eq!(sweep(&test.core).await.expect("sweep"), 0);
        test.clock.advance(Duration::from_secs(60));
        assert!(!is_open(&test, "a").await);
        assert_eq!(sweep(&test.core).await.expect("sweep"), 1);
    }

    #[tokio::test]
    async fn an_ended_session_is_not_revived_by_a_late_save() {
        let test = Test::new().await;
        create(&test.core, &session(&test, "a", None)).await.expect("create");
        delete(&test.core, "a").await.expect("delete");
        save(&test.core, &session(&test, "a", None)).await.expect("save");
        assert!(!is_open(&test, "a").await);
    }

    #[tokio::test]
    async fn the_database_does_not_hold_what_the_cookie_holds() {
        let test = Test::new().await;
        create(&test.core, &session(&test, "cookie", None)).await.expect("create");
        let rows = Entity::find().all(test.core.db.read()).await.expect("rows");
        assert!(rows.iter().all(|row| !row.id.contains("cookie")));
    }
}
