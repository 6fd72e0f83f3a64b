//! The suppression list.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::{page::Page, suppression::Suppression};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::{
    api::{id, slug},
    components::dialog::confirmed,
    ssr::{actor, core, done},
};
#[cfg(feature = "ssr")]
use relay_core::suppressions;
#[cfg(feature = "ssr")]
use relay_types::suppression::SuppressionFilter;

/// What the URL of the list says, as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SuppressionQuery {
    /// Part of the address.
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

/// Suppressed addresses, narrowed by the query.
#[server]
pub async fn load_suppressions(
    slug: String,
    #[server(flatten)] query: SuppressionQuery,
) -> Result<Page<Suppression>, AppError> {
    Ok(suppressions::list(&core()?, &actor().await?, &self::slug(&slug)?, &query.filter()).await?)
}

/// Puts an address onto the list.
#[server]
pub async fn add_suppression(slug: String, address: String, reason: String) -> Result<(), AppError> {
    suppressions::add(&core()?, &actor().await?, &self::slug(&slug)?, &address, &reason).await?;
    done(&format!("/p/{slug}/suppressions"), "suppression-added");
    Ok(())
}

/// Takes an address off the list.
#[server]
pub async fn remove_suppression(slug: String, id: String, confirm: String) -> Result<(), AppError> {
    let (core, actor, project, id) = (core()?, actor().await?, self::slug(&slug)?, self::id(&id)?);
    let suppression = suppressions::get(&core, &actor, &project, id).await?;
    confirmed(&confirm, &suppression.address.to_string())?;
    suppressions::remove(&core, &actor, &project, id).await?;
    done(&format!("/p/{slug}/suppressions"), "suppression-removed");
    Ok(())
}
