//! Refusals at the door are kept, grouped by minute, written behind the session (never in its way).

use crate::{Actor, Core, Result};
use relay_types::{
    page::Page,
    project::Slug,
    refusal::{Refusal, RefusalFilter, RefusalId, Rule},
};
use std::net::IpAddr;

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
    /// The exact reply, on one line.
    pub reply: String,
    /// The code in the reply's URL, from [`new_code`].
    pub code: String,
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
}

/// A fresh code for a reply's URL: 8 characters without look-alikes.
pub fn new_code() -> String {
    todo!()
}
/// The short URL printed in a reply.
pub fn short_url(core: &Core, code: &str) -> String {
    todo!()
}
/// Notes a refusal; returns at once, the row is written within a second. Bounded: a flood is counted, not stored.
pub fn record(core: &Core, refusal: NewRefusal) {
    todo!()
}
/// Writes what [`record`] gathered until `stop` is cancelled, then the rest.
pub async fn run_writer(core: Core, stop: tokio_util::sync::CancellationToken) {
    todo!()
}
/// A project's refusals, newest first, 50 a page. Any member.
pub async fn list(core: &Core, actor: &Actor, project: &Slug, filter: &RefusalFilter) -> Result<Page<Refusal>> {
    todo!()
}
/// Number of refusals of each rule in the last 7 days, for tabs. Any member.
pub async fn counts(core: &Core, actor: &Actor, project: &Slug) -> Result<Vec<(Rule, u64)>> {
    todo!()
}
/// Refusals that belong to no project. Operator only.
pub async fn list_unassigned(core: &Core, actor: &Actor, filter: &RefusalFilter) -> Result<Page<Refusal>> {
    todo!()
}
/// What is behind a short URL; `NotFound` for those who may not see it.
pub async fn fix(core: &Core, actor: &Actor, code: &str) -> Result<Fix> {
    todo!()
}
