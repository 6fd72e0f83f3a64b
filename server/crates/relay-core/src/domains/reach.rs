//! Whether a domain's own mail exchangers can be reached from here: where not, bounces and answers to its mail are lost.
//!
//! Who runs the relay claims what is due and greets the exchangers; what it finds out is kept here and judged with the
//! next report, which it makes due when that would come out in another way.

use super::watched;
use crate::{
    Actor, Core, Error, Result, due, projects,
    tables::domain::{ActiveModel, Column, Entity, Model},
};
use relay_types::{
    DomainName,
    domain::DomainId,
    finding::{Finding, Severity, Subject},
    sender::Verification,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
/// Begun in one round.
const MOST: u64 = 32;

/// A domain whose exchangers are to be greeted.
#[derive(Debug, Clone)]
pub struct Unreached {
    /// Which.
    pub id: DomainId,
    /// Its name.
    pub name: DomainName,
}

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// This exchanger answers on port 25.
    Greeted(String),
    /// None of these did, though others can be reached from here; and the last one's failure.
    Silent(Vec<String>, String),
    /// It could not be found out, and why, in words.
    Unknown(String),
}

/// Begins with those that are due. System only.
pub async fn claim_unreached(core: &Core, actor: &Actor) -> Result<Vec<Unreached>> {
    projects::authorize_operator(actor)?;
    let of_projects =
        watched().filter(Column::State.eq(Verification::Verified.as_str())).filter(Column::ProjectId.is_not_null());
    let mut claimed = Vec::new();
    for row in due::rows(core, of_projects, Column::ReachNextAt, MOST).await? {
        let this = Entity::update_many().filter(Column::Id.eq(row.id));
        if due::claim(core, this, Column::ReachNextAt, row.reach_next_at, HOUR).await?.is_some() {
            let name = DomainName::parse(&row.name).map_err(Error::internal)?;
            claimed.push(Unreached { id: DomainId::from_uuid(row.id), name });
        }
    }
    Ok(claimed)
}

/// Keeps what was found out: asked again after a day, after an hour while nobody greets. System only.
pub async fn record_reach(core: &Core, actor: &Actor, id: DomainId, reach: &Reach) -> Result<()> {
    projects::authorize_operator(actor)?;
    let Some(row) = Entity::find_by_id(id.uuid()).one(core.db.read()).await? else { return Ok(()) };
    let now = core.now();
    let wait = if matches!(reach, Reach::Greeted(_)) { DAY } else { HOUR };
    let judged = |reach: Option<&Reach>| reach.map(|reach| finding(reach).outcome);
    let mut change = ActiveModel {
        reach: Set(Some(serde_json::to_string(reach).map_err(Error::internal)?)),
        reach_next_at: Set(now.plus(due::spread(wait, id.uuid())).0),
        ..Default::default()
    };
    // What could not be found out hides nothing that was known.
    if matches!(reach, Reach::Unknown(_)) && row.reach.is_some() {
        change.reach = Default::default();
    } else if judged(of(&row)?.as_ref()) != judged(Some(reach)) && row.checked_at.is_some() {
        change.next_check_at = Set(row.next_check_at.min(now.0));
    }
    let transaction = core.db.begin().await?;
    Entity::update_many().set(change).filter(Column::Id.eq(row.id)).exec(&transaction).await?;
    Ok(transaction.commit().await?)
}

/// What is known.
pub(super) fn of(row: &Model) -> Result<Option<Reach>> {
    row.reach.as_deref().map(serde_json::from_str).transpose().map_err(Error::internal)
}

/// `mx.reach`: what it does to mail.
pub(super) fn finding(reach: &Reach) -> Finding {
    let (outcome, severity, title, effect) = match reach {
        Reach::Greeted(host) => (
            "greeted",
            Severity::Good,
            "The domain's mail server answers".to_owned(),
            format!("{host} answers on port 25, so bounces and answers have somewhere to go."),
        ),
        Reach::Silent(hosts, why) => (
            "silent",
            Severity::Warning,
            "No mail server of the domain answers".to_owned(),
            format!(
                "Bounces and answers to the domain's mail wait and are lost after some days: {} did not answer on port \
                 25 ({why}).",
                hosts.join(", ")
            ),
        ),
        Reach::Unknown(why) => (
            "unknown",
            Severity::Unknown,
            "Whether the domain's mail servers answer is not known".to_owned(),
            format!("Nothing counts as bad; it is tried again by itself: {why}."),
        ),
    };
    Finding::new(("mx.reach", outcome), Subject::Mx, severity, title, effect)
}
