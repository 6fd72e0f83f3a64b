//! Addresses of the inventory: a project's own, and the desk's view of any.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::{
    address::{Address, AddressDetail},
    page::Page,
};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::{
    api::{id, slug},
    components::dialog::confirmed,
    ssr::{actor, core, done},
};
#[cfg(feature = "ssr")]
use relay_core::addresses;
#[cfg(feature = "ssr")]
use relay_types::address::{AddressFilter, AddressId, AddressState};

/// What the URL of a list says, as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AddressQuery {
    /// Word of a state.
    pub state: Option<String>,
    /// Part of an address or a name.
    pub search: Option<String>,
    /// Cursor.
    pub after: Option<String>,
}

impl AddressQuery {
    /// From the parameters of the page's URL.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        Self { state: get("state"), search: get("q"), after: get("after") }
    }

    /// What the use case narrows to; words nobody knows narrow nothing.
    #[cfg(feature = "ssr")]
    pub fn filter(&self) -> AddressFilter {
        AddressFilter {
            state: self.state.as_deref().and_then(AddressState::parse),
            search: self.search.clone(),
            after: self.after.clone(),
            ..AddressFilter::default()
        }
    }
}

/// A project's addresses, narrowed by the query.
#[server]
pub async fn load_addresses(slug: String, #[server(flatten)] query: AddressQuery) -> Result<Page<Address>, AppError> {
    Ok(addresses::list(&core()?, &actor().await?, &self::slug(&slug)?, &query.filter()).await?)
}

/// One address of a project.
#[server]
pub async fn load_address(slug: String, id: String) -> Result<AddressDetail, AppError> {
    Ok(addresses::get(&core()?, &actor().await?, &self::slug(&slug)?, self::id(&id)?).await?)
}

/// One address of any project or none.
#[server]
pub async fn load_desk_address(id: String) -> Result<AddressDetail, AppError> {
    Ok(addresses::get_for_desk(&core()?, &actor().await?, self::id(&id)?).await?)
}

/// Asks DNS about an address of a project now.
#[server]
pub async fn check_address(slug: String, id: String) -> Result<(), AppError> {
    let (project, address): (_, AddressId) = (self::slug(&slug)?, self::id(&id)?);
    addresses::check(&core()?, &actor().await?, Some(&project), address).await?;
    done(&format!("/p/{slug}/addresses/{id}"), "address-checked");
    Ok(())
}

/// Asks DNS about any address now.
#[server]
pub async fn check_desk_address(id: String) -> Result<(), AppError> {
    let address: AddressId = self::id(&id)?;
    addresses::check(&core()?, &actor().await?, None, address).await?;
    done(&format!("/admin/addresses/{id}"), "address-checked");
    Ok(())
}

/// Says what an address is for.
#[server]
pub async fn note_address(id: String, note: String) -> Result<(), AppError> {
    addresses::set_note(&core()?, &actor().await?, self::id(&id)?, &note).await?;
    done(&format!("/admin/addresses/{id}"), "saved");
    Ok(())
}

/// Says whether the relay sends from an address.
#[server]
pub async fn mark_egress(id: String, egress: String) -> Result<(), AppError> {
    addresses::set_egress(&core()?, &actor().await?, self::id(&id)?, egress == "yes").await?;
    done(&format!("/admin/addresses/{id}"), "saved");
    Ok(())
}

/// Takes an address or prefix from its project; `confirm` is the address.
#[server]
pub async fn release_address(id: String, confirm: String) -> Result<(), AppError> {
    let (core, actor, address) = (core()?, actor().await?, self::id(&id)?);
    let detail = addresses::get_for_desk(&core, &actor, address).await?;
    confirmed(&confirm, &detail.address.address)?;
    let stays = addresses::release(&core, &actor, address).await?;
    let page =
        if stays { format!("/admin/addresses/{id}") } else { format!("/admin/ranges/{}", detail.address.range.id) };
    done(&page, "address-released");
    Ok(())
}
