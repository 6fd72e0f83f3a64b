//! Ranges of the inventory, and what is assigned in them.

use crate::{api::addresses::AddressQuery, error::AppError};
use leptos::prelude::*;
use relay_types::{
    address::Address,
    dns_backend::DnsBackend,
    job::Job,
    page::Page,
    range::{Range, RangeInput},
};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::{
    api::id,
    components::dialog::confirmed,
    ssr::{actor, core, done},
};
#[cfg(feature = "ssr")]
use relay_core::{addresses, dns_backends, jobs, ranges};
#[cfg(feature = "ssr")]
use relay_types::{address::AssignInput, range::RangeId};

/// The page of all ranges.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RangesPage {
    /// The ranges, by address.
    pub ranges: Vec<Range>,
    /// What can write their zones.
    pub backends: Vec<DnsBackend>,
}

/// The page of one range.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RangePage {
    /// The range.
    pub range: Range,
    /// Its addresses, narrowed.
    pub addresses: Page<Address>,
    /// What can write its zone.
    pub backends: Vec<DnsBackend>,
    /// The import that is shown.
    pub job: Option<Job>,
}

/// All ranges.
#[server]
pub async fn load_ranges() -> Result<RangesPage, AppError> {
    let (core, actor) = (core()?, actor().await?);
    Ok(RangesPage { ranges: ranges::list(&core, &actor).await?, backends: dns_backends::list(&core, &actor).await? })
}

/// One range with its addresses; `job` is the import to show.
#[server]
pub async fn load_range(
    id: String,
    job: Option<String>,
    #[server(flatten)] query: AddressQuery,
) -> Result<RangePage, AppError> {
    let (core, actor, id) = (core()?, actor().await?, self::id(&id)?);
    let job = match job {
        Some(job) => Some(jobs::get(&core, &actor, self::id(&job)?).await?),
        None => None,
    };
    Ok(RangePage {
        range: ranges::get(&core, &actor, id).await?,
        addresses: addresses::list_of_range(&core, &actor, id, &query.filter()).await?,
        backends: dns_backends::list(&core, &actor).await?,
        job,
    })
}

/// Adds a range.
#[server]
pub async fn add_range(#[server(flatten)] range: RangeInput) -> Result<(), AppError> {
    let id = ranges::add(&core()?, &actor().await?, &range).await?;
    done(&format!("/admin/ranges/{id}"), "range-added");
    Ok(())
}

/// Changes a range.
#[server]
pub async fn edit_range(id: String, #[server(flatten)] range: RangeInput) -> Result<(), AppError> {
    ranges::edit(&core()?, &actor().await?, self::id(&id)?, &range).await?;
    done(&format!("/admin/ranges/{id}"), "saved");
    Ok(())
}

/// Removes a range; `confirm` is its block.
#[server]
pub async fn remove_range(id: String, confirm: String) -> Result<(), AppError> {
    let (core, actor, id): (_, _, RangeId) = (core()?, actor().await?, self::id(&id)?);
    confirmed(&confirm, &ranges::get(&core, &actor, id).await?.block.to_string())?;
    ranges::remove(&core, &actor, id).await?;
    done("/admin/ranges", "range-removed");
    Ok(())
}

/// Gives an address or prefix to a project by hand; `range` is the page the form is on.
#[server]
pub async fn assign_address(
    range: String,
    project: String,
    block: String,
    note: String,
    egress: Option<String>,
) -> Result<(), AppError> {
    let input = AssignInput { project, block, note, egress: egress.is_some() };
    addresses::assign(&core()?, &actor().await?, &input).await?;
    done(&format!("/admin/ranges/{range}"), "address-assigned");
    Ok(())
}

/// Takes addresses from CSV; the page then shows how far it got and what was refused.
#[server]
pub async fn import_addresses(range: String, csv: String) -> Result<(), AppError> {
    let job = addresses::import(&core()?, &actor().await?, Some(self::id(&range)?), csv).await?;
    done(&format!("/admin/ranges/{range}?job={job}"), "import-started");
    Ok(())
}
