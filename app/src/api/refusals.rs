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

/// What the URL of the list says, as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RefusalQuery {
    /// Word of a rule.
    pub rule: Option<String>,
    /// Free text.
    pub search: Option<String>,
    /// Cursor.
    pub after: Option<String>,
}

impl RefusalQuery {
    /// From the parameters of the page's URL.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        Self { rule: get("rule"), search: get("q"), after: get("after") }
    }

    /// What the use case narrows to; words nobody knows narrow nothing.
    #[cfg(feature = "ssr")]
    pub fn filter(&self) -> RefusalFilter {
        RefusalFilter {
            rule: self.rule.as_deref().and_then(Rule::parse),
            search: self.search.clone(),
            after: self.after.clone(),
            ..RefusalFilter::default()
        }
    }
}

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
pub async fn load_refusals(slug: String, #[server(flatten)] query: RefusalQuery) -> Result<RefusalsPage, AppError> {
    let (core, actor, slug) = (core()?, actor().await?, self::slug(&slug)?);
    let rows = refusals::list(&core, &actor, &slug, &query.filter()).await?;
    Ok(RefusalsPage { rows, counts: refusals::counts(&core, &actor, &slug).await? })
}

/// Refusals that belong to no project.
#[server]
pub async fn load_unassigned_refusals(#[server(flatten)] query: RefusalQuery) -> Result<Page<Refusal>, AppError> {
    Ok(refusals::list_unassigned(&core()?, &actor().await?, &query.filter()).await?)
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
