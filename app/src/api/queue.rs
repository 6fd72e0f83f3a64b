//! The queue by destination.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::queue::{QueueDestination, QueueTotals};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::{
    components::dialog::confirmed,
    ssr::{actor, core, done},
};
#[cfg(feature = "ssr")]
use relay_core::queue;

/// The queue page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct QueuePage {
    /// All destinations together.
    pub totals: QueueTotals,
    /// Most first, 200 at most.
    pub destinations: Vec<QueueDestination>,
}

/// What waits.
#[server]
pub async fn load_queue() -> Result<QueuePage, AppError> {
    let (totals, destinations) = queue::destinations(&core()?, &actor().await?).await?;
    Ok(QueuePage { totals, destinations })
}

/// Makes everything for a destination due now.
#[server]
pub async fn retry_destination(destination: String) -> Result<(), AppError> {
    queue::retry_destination(&core()?, &actor().await?, &destination).await?;
    done("/admin/queue", "destination-retried");
    Ok(())
}

/// Holds everything for a destination, whose name is in `confirm`.
#[server]
pub async fn hold_destination(destination: String, confirm: String) -> Result<(), AppError> {
    confirmed(&confirm, &destination)?;
    queue::hold_destination(&core()?, &actor().await?, &destination).await?;
    done("/admin/queue", "destination-held");
    Ok(())
}

/// Releases everything held for a destination.
#[server]
pub async fn release_destination(destination: String) -> Result<(), AppError> {
    queue::release_destination(&core()?, &actor().await?, &destination).await?;
    done("/admin/queue", "destination-released");
    Ok(())
}
