//! Who changed what.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::{audit::AuditEntry, page::Page};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::{
    api::slug,
    ssr::{actor, core},
    typed,
};
#[cfg(feature = "ssr")]
use relay_core::audit;
#[cfg(feature = "ssr")]
use relay_types::{Timestamp, audit::AuditFilter};

/// What the URL of the list says, as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ActivityQuery {
    /// Part of a name, or an address they came from.
    pub who: Option<String>,
    /// A noun, or noun and verb.
    pub what: Option<String>,
    /// Word of a period.
    pub period: Option<String>,
    /// Cursor.
    pub after: Option<String>,
}

impl ActivityQuery {
    /// From the parameters of the page's URL.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        Self { who: get("who"), what: get("what"), period: get("period"), after: get("after") }
    }

    /// What the use case narrows to; words nobody knows narrow to nothing they name.
    #[cfg(feature = "ssr")]
    pub fn filter(&self, now: Timestamp) -> AuditFilter {
        AuditFilter {
            actor: self.who.clone(),
            action: self.what.clone(),
            since: typed::since(self.period.as_deref(), now),
            after: self.after.clone(),
            ..AuditFilter::default()
        }
    }
}

/// Entries of a project, newest first.
#[server]
pub async fn load_activity(
    slug: String,
    #[server(flatten)] query: ActivityQuery,
) -> Result<Page<AuditEntry>, AppError> {
    let core = core()?;
    Ok(audit::list(&core, &actor().await?, &self::slug(&slug)?, &query.filter(core.now())).await?)
}

/// All entries of the platform, newest first.
#[server]
pub async fn load_all_activity(#[server(flatten)] query: ActivityQuery) -> Result<Page<AuditEntry>, AppError> {
    let core = core()?;
    Ok(audit::list_all(&core, &actor().await?, &query.filter(core.now())).await?)
}
