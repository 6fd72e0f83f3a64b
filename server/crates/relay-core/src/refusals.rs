//! Refusals at the door are kept, grouped by minute, written behind the session (never in its way).
//!
//! A reply prints the group's code, so that a program that tries again and again prints one URL. What is gathered is
//! bounded: past the bound refusals are grouped by project and rule alone.

mod groups;
mod writer;

use crate::{
    Access, Actor, Core, Error, Result, limits, projects, prune,
    search::{self, contains},
    service_accounts,
    tables::refusal,
};
use relay_types::{
    Timestamp,
    page::Page,
    project::{ProjectId, Slug},
    refusal::{Refusal, RefusalFilter, RefusalId, Rule},
    service_account::ServiceAccountId,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr,
};
use std::{collections::BTreeSet, net::IpAddr, time::Duration};
use uuid::Uuid;

pub(crate) use groups::Groups;
pub use writer::run_writer;

/// Refusals are kept this long.
const KEPT: Duration = Duration::from_secs(30 * 86_400);

/// A refusal as the relay tells it.
#[derive(Debug, Clone)]
pub struct NewRefusal {
    /// Who was refused; `Anonymous` before AUTH.
    pub actor: Actor,
    /// Which rule.
    pub rule: Rule,
    /// The client's address.
    pub client: IpAddr,
    /// HELO or EHLO name.
    pub helo: Option<String>,
    /// Name of the listener.
    pub listener: String,
    /// User name that was tried, when there is no actor.
    pub username: Option<String>,
    /// The address it was about.
    pub address: Option<String>,
    /// What the reply does not say: why an AUTH failed. For the pages of the project (or the operator) alone.
    pub cause: Option<&'static str>,
}

/// Where `/s/<code>` leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// The project, when the refusal belongs to one.
    pub project: Option<Slug>,
    /// The rule, which knows its page.
    pub rule: Rule,
    /// The address it was about.
    pub address: Option<String>,
    /// The refusal, for its row on the refusals page.
    pub id: RefusalId,
    /// The service account it was about, while there is one.
    pub account: Option<ServiceAccountId>,
    /// Whether who asks may mend it.
    pub may_mend: bool,
}

/// The code for the reply's URL: 8 characters without look-alikes, the same for equal refusals within a minute.
pub fn code_for(core: &Core, refusal: &NewRefusal) -> String {
    core.refusals.code_for(core, refusal)
}

/// The short URL printed in a reply.
pub fn short_url(core: &Core, code: &str) -> String {
    format!("{}/s/{code}", core.config().public_url)
}

/// Notes a refusal with its `code` from [`code_for`] and the exact `reply` on one line. Returns at once; the row is
/// written within a second by [`run_writer`].
pub fn record(core: &Core, refusal: NewRefusal, code: &str, reply: &str) {
    core.refusals.record(core, &refusal, code, reply);
}

/// A project's refusals, newest first. Any member. Field: `after`.
pub async fn list(core: &Core, actor: &Actor, project: &Slug, filter: &RefusalFilter) -> Result<Page<Refusal>> {
    let project = projects::authorize(core, actor, project, Access::View).await?;
    page(core, refusal::Entity::find().filter(refusal::Column::ProjectId.eq(project.uuid())), filter).await
}

/// Number of refusals of each rule in the last 7 days, for tabs; rules without any are left out. Any member.
pub async fn counts(core: &Core, actor: &Actor, project: &Slug) -> Result<Vec<(Rule, u64)>> {
    let project = projects::authorize(core, actor, project, Access::View).await?;
    let since = core.now().minus(Duration::from_secs(7 * 86_400));
    let rows: Vec<(String, i64)> = refusal::Entity::find()
        .select_only()
        .column(refusal::Column::Rule)
        .column_as(Expr::col(refusal::Column::Count).sum(), "number")
        .filter(refusal::Column::ProjectId.eq(project.uuid()))
        .filter(refusal::Column::At.gte(since.0))
        .group_by(refusal::Column::Rule)
        .into_tuple()
        .all(core.db.read())
        .await?;
    let mut counts: Vec<(Rule, u64)> = rows
        .into_iter()
        .filter_map(|(rule, number)| Some((Rule::parse(&rule)?, u64::try_from(number).unwrap_or(0))))
        .collect();
    counts.sort_unstable();
    Ok(counts)
}

/// Refusals that belong to no project. Operator only.
pub async fn list_unassigned(core: &Core, actor: &Actor, filter: &RefusalFilter) -> Result<Page<Refusal>> {
    projects::authorize_operator(actor)?;
    page(core, refusal::Entity::find().filter(refusal::Column::ProjectId.is_null()), filter).await
}

/// What is behind a short URL; `NotFound` for those who may not see it.
pub async fn fix(core: &Core, actor: &Actor, code: &str) -> Result<Fix> {
    if matches!(actor, Actor::Anonymous { .. }) {
        return Err(Error::SignedOut);
    }
    let code = groups::canonical_code(code);
    let row = refusal::Entity::find().filter(refusal::Column::Code.eq(code)).one(core.db.read()).await?;
    let row = row.ok_or(Error::NotFound)?;
    let (project, may_mend) = match row.project_id {
        Some(id) => {
            let slug = projects::slug(core, ProjectId::from_uuid(id)).await?;
            projects::authorize(core, actor, &slug, Access::View).await.map_err(|_| Error::NotFound)?;
            let may_mend = projects::authorize(core, actor, &slug, Access::Manage).await.is_ok();
            (Some(slug), may_mend)
        }
        None => {
            projects::authorize_operator(actor).map_err(|_| Error::NotFound)?;
            (None, true)
        }
    };
    let account = accounts(core, std::slice::from_ref(&row)).await?.first().copied();
    let id = RefusalId::from_uuid(row.id);
    Ok(Fix { project, rule: rule(&row)?, address: row.address, id, account, may_mend })
}

/// Number of refusals of a project in the last 24 hours.
pub(crate) async fn count_day(core: &Core, project: ProjectId) -> Result<u64> {
    let since = core.now().minus(Duration::from_secs(23 * 3_600));
    Ok(limits::hours(core, project.uuid(), since).await?.iter().map(|(_, counts)| counts.refused).sum())
}

/// Removes refusals older than 30 days; returns how many. System only.
pub async fn prune(core: &Core, actor: &Actor) -> Result<u64> {
    projects::authorize_operator(actor)?;
    prune::rows(core, "refusal", "id", "at < $1", core.now().minus(KEPT)).await
}

async fn page(core: &Core, select: Select<refusal::Entity>, filter: &RefusalFilter) -> Result<Page<Refusal>> {
    let mut select = select;
    if let Some(rule) = filter.rule {
        select = select.filter(refusal::Column::Rule.eq(rule.as_str()));
    }
    if let Some(text) = search::words(filter.search.as_deref()) {
        select = select.filter(
            Condition::any()
                .add(contains(refusal::Column::Address, &text))
                .add(contains(refusal::Column::Client, &text))
                .add(contains(refusal::Column::Who, &text)),
        );
    }
    if let Some(after) = &filter.after {
        let after: RefusalId = after.parse().map_err(|_| Error::invalid("after", "Start from the first page again"))?;
        select = select.filter(refusal::Column::Id.lt(after.uuid()));
    }
    let size = filter.size.rows();
    let rows = select.order_by_desc(refusal::Column::Id).limit(size as u64 + 1).all(core.db.read()).await?;
    let accounts = accounts(core, &rows).await?;
    let rows = rows.into_iter().map(|row| view(row, &accounts)).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(rows, size, |row| row.id.to_string()))
}

/// Those sources of the refusals that are service accounts and not removed.
async fn accounts(core: &Core, rows: &[refusal::Model]) -> Result<Vec<ServiceAccountId>> {
    let sources: BTreeSet<Uuid> = rows.iter().filter_map(|row| row.source_id).collect();
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    service_accounts::still_there(core, sources).await
}

fn view(row: refusal::Model, accounts: &[ServiceAccountId]) -> Result<Refusal> {
    Ok(Refusal {
        account: accounts.iter().copied().find(|account| Some(account.uuid()) == row.source_id),
        id: RefusalId::from_uuid(row.id),
        at: Timestamp(row.at),
        count: u32::try_from(row.count).unwrap_or(0),
        rule: rule(&row)?,
        client: row.client,
        helo: row.helo,
        listener: row.listener,
        who: row.who,
        address: row.address,
        reply: row.reply,
        cause: row.cause,
        code: row.code,
    })
}

fn rule(row: &refusal::Model) -> Result<Rule> {
    Rule::parse(&row.rule).ok_or_else(|| Error::internal(format!("refusal {} has no known rule", row.id)))
}

#[cfg(test)]
mod tests;
