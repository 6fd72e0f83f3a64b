//! What was refused at the door, and where a reply's short URL leads.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::{
    page::Page,
    refusal::{Refusal, Rule},
    service_account::ServiceAccountId,
};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::{
    api::slug,
    ssr::{actor, core},
};
#[cfg(feature = "ssr")]
use relay_core::refusals;
#[cfg(feature = "ssr")]
use relay_types::refusal::RefusalFilter;

/// The page of refusals.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefusalsPage {
    /// Rows.
    pub rows: Page<Refusal>,
    /// Refusals of each rule in the last seven days.
    pub counts: Vec<(Rule, u64)>,
}

/// Where a short URL leads.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FixPage {
    /// The project, when the refusal belongs to one.
    pub project: Option<String>,
    /// The rule.
    pub rule: Rule,
    /// The address it was about.
    pub address: Option<String>,
    /// The service account it was about, while there is one.
    pub account: Option<ServiceAccountId>,
    /// Whether this person may mend it.
    pub may_mend: bool,
}

/// A list of refusals, narrowed by the query.
#[server]
pub async fn load_refusals(
    slug: String,
    rule: Option<String>,
    search: Option<String>,
    after: Option<String>,
) -> Result<RefusalsPage, AppError> {
    let (core, actor, slug) = (core()?, actor().await?, self::slug(&slug)?);
    let filter = RefusalFilter { rule: rule.as_deref().and_then(Rule::parse), search, after };
    let rows = refusals::list(&core, &actor, &slug, &filter).await?;
    Ok(RefusalsPage { rows, counts: refusals::counts(&core, &actor, &slug).await? })
}

/// Refusals that belong to no project.
#[server]
pub async fn load_unassigned_refusals(
    search: Option<String>,
    after: Option<String>,
) -> Result<Page<Refusal>, AppError> {
    let filter = RefusalFilter { rule: None, search, after };
    Ok(refusals::list_unassigned(&core()?, &actor().await?, &filter).await?)
}

/// What is behind a short URL.
#[server]
pub async fn load_fix(code: String) -> Result<FixPage, AppError> {
    let fix = refusals::fix(&core()?, &actor().await?, &code).await?;
    Ok(FixPage {
        project: fix.project.map(|slug| slug.to_string()),
        rule: fix.rule,
        address: fix.address,
        account: fix.account,
        may_mend: fix.may_mend,
    })
}
