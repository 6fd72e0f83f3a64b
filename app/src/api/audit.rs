//! Who changed what.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::{audit::AuditEntry, page::Page};

#[cfg(feature = "ssr")]
use crate::{
    api::slug,
    ssr::{actor, core},
};
#[cfg(feature = "ssr")]
use relay_core::audit;

/// Entries of a project, newest first.
#[server]
pub async fn load_activity(slug: String, after: Option<String>) -> Result<Page<AuditEntry>, AppError> {
    Ok(audit::list(&core()?, &actor().await?, &self::slug(&slug)?, after.as_deref()).await?)
}

/// All entries of the platform, newest first.
#[server]
pub async fn load_all_activity(after: Option<String>) -> Result<Page<AuditEntry>, AppError> {
    Ok(audit::list_all(&core()?, &actor().await?, after.as_deref()).await?)
}
