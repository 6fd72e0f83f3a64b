//! The platform's pause: while it holds, MAIL of every project is answered with `421 4.3.2`, on every node within two
//! seconds.
//!
//! It is a setting of the installation, judged by `policy` at MAIL. Notifications of the relay itself and delivery of
//! what was accepted go on.

use crate::{
    Actor, Core, Result, audit,
    projects::{authorize_operator, reason_of},
    rules::Remembered,
    tables::setting::{ActiveModel, Column, Entity, Model},
};
use relay_types::{Timestamp, platform::Pause};
use sea_orm::{ActiveValue::Set, EntityTrait, sea_query::OnConflict};

/// The name of the setting.
const PAUSED: &str = "paused";

/// Whether it is paused, as read last.
pub(crate) type LastPause = Remembered<(), Option<Pause>>;

/// Whether the platform is paused. Operator only.
pub async fn paused(core: &Core, actor: &Actor) -> Result<Option<Pause>> {
    authorize_operator(actor)?;
    read(core).await
}

/// Takes no more mail from programs, with a reason that they read in the reply. Operator only. Field: `reason`.
pub async fn pause(core: &Core, actor: &Actor, reason: &str) -> Result<()> {
    authorize_operator(actor)?;
    let reason = reason_of(reason)?;
    let transaction = core.db.begin().await?;
    let before = Entity::find_by_id(PAUSED).one(&transaction).await?.map(|row| row.value);
    if before.as_ref() == Some(&reason) {
        return Ok(());
    }
    let row = ActiveModel { name: Set(PAUSED.to_owned()), value: Set(reason.clone()), updated_at: Set(core.now().0) };
    // A pause that is said again keeps the moment it began.
    let mut again = OnConflict::column(Column::Name);
    again.update_column(Column::Value);
    Entity::insert(row).on_conflict(again).exec_without_returning(&transaction).await?;
    let changes = vec![audit::field("paused", before, Some(reason))];
    audit::record(core, &transaction, actor, None, "platform.pause", "platform", changes).await?;
    transaction.commit().await?;
    Ok(())
}

/// Takes mail again. Operator only.
pub async fn resume(core: &Core, actor: &Actor) -> Result<()> {
    authorize_operator(actor)?;
    let transaction = core.db.begin().await?;
    let Some(before) = Entity::find_by_id(PAUSED).one(&transaction).await? else { return Ok(()) };
    Entity::delete_by_id(PAUSED).exec(&transaction).await?;
    let changes = vec![audit::field("paused", Some(before.value), None::<String>)];
    audit::record(core, &transaction, actor, None, "platform.resume", "platform", changes).await?;
    transaction.commit().await?;
    Ok(())
}

/// The pause as it stood at most a second ago.
pub(crate) async fn pause_of_now(core: &Core) -> Result<Option<Pause>> {
    core.last_pause.get_or(core, (), Option::is_none, read(core)).await
}

async fn read(core: &Core) -> Result<Option<Pause>> {
    let found = Entity::find_by_id(PAUSED).one(core.db.read()).await?;
    Ok(found.map(|Model { value, updated_at, .. }| Pause { reason: value, since: Timestamp(updated_at) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Access,
        test_support::{Test, word},
    };
    use std::time::Duration;

    #[tokio::test]
    async fn operators_pause_and_resume() {
        let test = Test::new().await;
        let core = &test.core;
        let operator = test.operator("op@lab.example").await;
        assert_eq!(paused(core, &operator).await.expect("read"), None);
        pause(core, &operator, " new disks ").await.expect("paused");
        let began = core.now();
        let now = paused(core, &operator).await.expect("read").expect("a pause");
        assert_eq!((now.reason.as_str(), now.since), ("new disks", began));
        test.clock.advance(Duration::from_secs(60));
        pause(core, &operator, "newer disks").await.expect("said again");
        let now = paused(core, &operator).await.expect("read").expect("a pause");
        assert_eq!((now.reason.as_str(), now.since), ("newer disks", began));
        resume(core, &operator).await.expect("resumed");
        resume(core, &operator).await.expect("twice is harmless");
        assert_eq!(pause_of_now(core).await.expect("read"), None);
        let who = "op@lab.example platform";
        let expected = ["resume", "pause", "pause"].map(|verb| format!("{who}.{verb} platform"));
        assert_eq!(test.audited().await[..3], expected);
    }

    #[tokio::test]
    async fn nobody_but_operators_sees_or_changes_the_pause() {
        let test = Test::new().await;
        let (id, slug) = test.project("bio").await;
        let cast = test.cast(id, &slug).await;
        for (actor, refusal) in cast.refused(Access::Operate) {
            // The platform is no secret, so a stranger to the project is refused, not sent away.
            let refusal = if refusal == "NotFound" { "Forbidden" } else { refusal };
            assert_eq!(word(&paused(&test.core, actor).await), refusal, "{actor:?}");
            assert_eq!(word(&pause(&test.core, actor, "mine").await), refusal, "{actor:?}");
            assert_eq!(word(&resume(&test.core, actor).await), refusal, "{actor:?}");
        }
    }
}
