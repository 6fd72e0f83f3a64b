//! A project's overview.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::{DomainName, EmailAddress, overview::Overview, route::RouteKind, service_account::ClientAccess};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::{
    api::slug,
    ssr::{actor, core},
};
#[cfg(feature = "ssr")]
use relay_core::{overview, senders, service_accounts};
#[cfg(feature = "ssr")]
use relay_types::overview::Period;

/// The overview page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OverviewPage {
    /// Numbers, steps, refusals.
    pub overview: Overview,
    /// Where programs connect.
    pub access: ClientAccess,
    /// The platform's route: while it captures, nothing leaves the machine.
    pub platform_route: RouteKind,
    /// Whom the test message is from, when the person does not say otherwise.
    pub usual_sender: Option<EmailAddress>,
    /// The domain of simulated recipients.
    pub simulator: DomainName,
}

/// The overview for a period's word; 24 hours for a word nobody knows.
#[server]
pub async fn load_overview(slug: String, period: Option<String>) -> Result<OverviewPage, AppError> {
    let (core, actor) = (core()?, actor().await?);
    let period = period.as_deref().and_then(Period::parse).unwrap_or_default();
    let slug = self::slug(&slug)?;
    let overview = overview::get(&core, &actor, &slug, period).await?;
    let platform_route = core.config().route.kind();
    let usual_sender = senders::first_verified(&core, &actor, &slug).await?;
    let access = service_accounts::client_access(&core);
    let simulator = core.config().simulator_domain.clone();
    Ok(OverviewPage { overview, access, platform_route, usual_sender, simulator })
}
