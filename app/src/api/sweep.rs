//! The sweep: what the next one would do, and starting one.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::sweep::SweepPlan;

#[cfg(feature = "ssr")]
use crate::{
    api::id,
    ssr::{actor, core, done},
};
#[cfg(feature = "ssr")]
use relay_core::sweep;

/// The page the forms are on.
#[cfg(feature = "ssr")]
const PAGE: &str = "/admin/sweep";

/// Names that are in question, and the last sweep.
#[server]
pub async fn load_sweep() -> Result<SweepPlan, AppError> {
    Ok(sweep::plan(&core()?, &actor().await?).await?)
}

/// Begins a sweep now.
#[server]
pub async fn start_sweep() -> Result<(), AppError> {
    sweep::start(&core()?, &actor().await?).await?;
    done(PAGE, "sweep-started");
    Ok(())
}

/// Keeps a name although its forward record is missing, or lets it go again.
#[server]
pub async fn keep_name(id: String, kept: String) -> Result<(), AppError> {
    let kept = kept == "yes";
    sweep::keep(&core()?, &actor().await?, self::id(&id)?, kept).await?;
    done(PAGE, if kept { "name-kept" } else { "name-not-kept" });
    Ok(())
}
