//! The suppression list.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::{job::Job, page::Page, suppression::Suppression};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::{
    api::{id, slug},
    components::dialog::confirmed,
    ssr::{actor, core, done},
    typed,
};
#[cfg(feature = "ssr")]
use relay_core::suppressions;
#[cfg(feature = "ssr")]
use relay_types::suppression::{SuppressionFilter, SuppressionId};

/// What the URL of the list says, as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SuppressionQuery {
    /// The beginning of addresses, or `@domain`.
    pub search: Option<String>,
    /// Cursor.
    pub after: Option<String>,
}

impl SuppressionQuery {
    /// From the parameters of the page's URL.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        Self { search: get("q"), after: get("after") }
    }

    /// What the use case narrows to.
    #[cfg(feature = "ssr")]
    pub fn filter(&self) -> SuppressionFilter {
        SuppressionFilter { search: self.search.clone(), after: self.after.clone(), ..SuppressionFilter::default() }
    }
}

/// The page of suppressions.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SuppressionsPage {
    /// Rows.
    pub list: Page<Suppression>,
    /// How many match, counted to a little more than 10,000.
    pub matching: u64,
    /// The import that is shown.
    pub job: Option<Job>,
}

/// Where a file is sent to, which may be larger than other forms.
#[cfg(feature = "ssr")]
pub fn import_path() -> &'static str {
    <ImportSuppressions as server_fn::ServerFn>::PATH
}

/// Suppressed addresses, narrowed by the query; `job` is the import to show, else the one that goes on.
#[server]
pub async fn load_suppressions(
    slug: String,
    job: Option<String>,
    #[server(flatten)] query: SuppressionQuery,
) -> Result<SuppressionsPage, AppError> {
    let (core, actor, project) = (core()?, actor().await?, self::slug(&slug)?);
    let job = job.map(|job| self::id(&job)).transpose()?;
    let filter = query.filter();
    Ok(SuppressionsPage {
        list: suppressions::list(&core, &actor, &project, &filter).await?,
        matching: suppressions::count(&core, &actor, &project, &filter).await?,
        job: suppressions::job(&core, &actor, &project, job).await?,
    })
}

/// Puts an address onto the list.
#[server]
pub async fn add_suppression(
    slug: String,
    address: String,
    reason: String,
    #[server(default)] expires_at: String,
) -> Result<(), AppError> {
    let until = typed::end_of_day("expires_at", &expires_at)?;
    suppressions::add(&core()?, &actor().await?, &self::slug(&slug)?, &address, &reason, until).await?;
    done(&format!("/p/{slug}/suppressions"), "suppression-added");
    Ok(())
}

/// Takes the chosen addresses off the list; `back` is the list with its filters.
#[server]
pub async fn remove_suppressions(
    slug: String,
    #[server(default)] ids: Vec<String>,
    back: String,
) -> Result<(), AppError> {
    let ids = ids.iter().map(|text| self::id(text)).collect::<Result<Vec<SuppressionId>, AppError>>()?;
    if suppressions::remove_chosen(&core()?, &actor().await?, &self::slug(&slug)?, &ids).await? == 0 {
        let reason = "None of the chosen addresses is on the list any more. The list below is as it stands now.";
        return Err(AppError::Conflict { reason: reason.to_owned() });
    }
    done(&back, "suppressions-removed");
    Ok(())
}

/// Takes all that a search finds off the list; `confirm` is the project's place in URLs.
#[server]
pub async fn remove_matching_suppressions(
    slug: String,
    #[server(default)] search: String,
    confirm: String,
) -> Result<(), AppError> {
    confirmed(&confirm, &slug)?;
    let filter = SuppressionFilter { search: Some(search), ..SuppressionFilter::default() };
    suppressions::remove_matching(&core()?, &actor().await?, &self::slug(&slug)?, &filter).await?;
    done(&format!("/p/{slug}/suppressions"), "suppressions-removed");
    Ok(())
}

/// Begins to take addresses in from CSV.
#[server]
pub async fn import_suppressions(slug: String, csv: String) -> Result<(), AppError> {
    let job = suppressions::begin_import(&core()?, &actor().await?, &self::slug(&slug)?, csv).await?;
    done(&format!("/p/{slug}/suppressions?job={job}"), "suppressions-importing");
    Ok(())
}
