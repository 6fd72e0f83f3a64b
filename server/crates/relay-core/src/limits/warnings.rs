//! Warnings of limits: at four fifths and at all of one, by mail once in its period, and on the overview.
//!
//! Owns the table `limit_warning`: who was warned of what, and until when nobody is warned of it again. A use that falls
//! and rises around the mark so tells once.

use super::{DAY, HOUR, new_recipients, platform, used};
use crate::{
    Actor, Core, Result, portal_mail,
    projects::{self, Limited},
    service_accounts,
    tables::limit_warning::{ActiveModel, Column, Entity},
};
use relay_types::{
    limit::{LimitPeriod, LimitUse, Limits, NearLimit},
    project::ProjectId,
};
use sea_orm::{
    ActiveValue::Set,
    DatabaseTransaction, EntityTrait, ExprTrait,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

/// The levels, in percent.
const ALL: u8 = 100;
const MOST: u8 = 80;

/// Warns by mail of every limit that is nearly or wholly used: a project's contacts of its limits and its service
/// accounts', operators of the platform's. Returns how many. System only.
pub async fn warn(core: &Core, actor: &Actor) -> Result<u64> {
    projects::authorize_system(actor)?;
    let mut warned = 0;
    for near in platform::usage(core).await?.near() {
        warned += u64::from(tell(core, None, Uuid::nil(), &near).await?);
    }
    for Limited { id, .. } in projects::limited(core).await? {
        for (subject, near) in of_project(core, id).await? {
            warned += u64::from(tell(core, Some(id), subject, &near).await?);
        }
    }
    Ok(warned)
}

/// Limits of a project and of its service accounts of which four fifths are used, or all.
pub(crate) async fn near(core: &Core, project: ProjectId) -> Result<Vec<NearLimit>> {
    Ok(of_project(core, project).await?.into_iter().map(|(_, near)| near).collect())
}

async fn of_project(core: &Core, project: ProjectId) -> Result<Vec<(Uuid, NearLimit)>> {
    let mut all = Vec::new();
    let limits = projects::limits_in_force(core, project).await?;
    all.extend(usage(core, project.uuid(), limits).await?.near().into_iter().map(|near| (project.uuid(), near)));
    for (id, label, limits) in service_accounts::limited(core, project).await? {
        let near = usage(core, id, limits).await?.near();
        all.extend(near.into_iter().map(|near| (id, NearLimit { account: Some(label.clone()), ..near })));
    }
    Ok(all)
}

/// How much of its limits a subject uses.
pub(crate) async fn usage(core: &Core, subject: Uuid, limits: Limits) -> Result<LimitUse> {
    if limits == Limits::default() {
        return Ok(LimitUse { limits, last_hour: 0, last_day: 0, new_day: 0 });
    }
    let (last_hour, last_day) = used(core, subject).await?;
    let new_day = match limits.new_per_day {
        Some(limit) => new_recipients::used(core.db.read(), subject, core.now(), limit.into()).await?,
        None => 0,
    };
    Ok(LimitUse { limits, last_hour, last_day, new_day })
}

/// Mails it, unless it was told within its period; gives whether it was this node's to tell.
async fn tell(core: &Core, project: Option<ProjectId>, subject: Uuid, near: &NearLimit) -> Result<bool> {
    let told = Entity::find_by_id((subject, near.period.as_str().to_owned(), near.level().into()));
    if told.one(core.db.read()).await?.is_some_and(|row| row.until > core.now().0) {
        return Ok(false);
    }
    let mail = portal_mail::limit_near(core, project, near).await?;
    let transaction = core.db.begin_aside().await?;
    let first = claim(core, &transaction, subject, near.period, near.level()).await?;
    if near.level() == ALL {
        // Who heard that nothing is left need not hear that little is.
        claim(core, &transaction, subject, near.period, MOST).await?;
    }
    if first {
        mail.keep(core, &transaction).await?;
    }
    transaction.commit().await?;
    if first {
        core.queue_wake.notify_one();
    }
    Ok(first)
}

/// Whether nobody was warned of it within its period; from now on somebody was.
async fn claim(
    core: &Core,
    transaction: &DatabaseTransaction,
    subject: Uuid,
    period: LimitPeriod,
    level: u8,
) -> Result<bool> {
    let now = core.now();
    let length = if period == LimitPeriod::Hour { HOUR } else { DAY };
    let row = ActiveModel {
        subject_id: Set(subject),
        period: Set(period.as_str().to_owned()),
        level: Set(level.into()),
        until: Set(now.plus(length).0),
    };
    let mut again = OnConflict::columns([Column::SubjectId, Column::Period, Column::Level]);
    again.update_column(Column::Until).action_and_where(Expr::col((Entity, Column::Until)).lte(now.0));
    let written = Entity::insert_many([row]).on_conflict(again).exec_without_returning(transaction).await?;
    Ok(written == 1)
}
