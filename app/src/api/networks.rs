//! Trusted networks.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::{network::Network, service_account::ClientAccess};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::{
    api::{id, slug},
    components::dialog::confirmed,
    ssr::{actor, core, done},
    typed,
};
#[cfg(feature = "ssr")]
use relay_core::networks;
#[cfg(feature = "ssr")]
use relay_types::Cidr;

/// The page of networks.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NetworksPage {
    /// By address.
    pub networks: Vec<Network>,
    /// Where their machines connect.
    pub access: ClientAccess,
}

/// All networks, and where their machines connect.
#[server]
pub async fn load_networks(slug: String) -> Result<NetworksPage, AppError> {
    let core = core()?;
    let networks = networks::list(&core, &actor().await?, &self::slug(&slug)?).await?;
    Ok(NetworksPage { networks, access: relay_core::service_accounts::client_access(&core) })
}

/// Adds a block.
#[server]
pub async fn add_network(slug: String, cidr: String, label: String) -> Result<(), AppError> {
    let cidr = typed::one("cidr", &cidr, Cidr::parse)?;
    networks::add(&core()?, &actor().await?, &self::slug(&slug)?, cidr, &label).await?;
    done(&format!("/p/{slug}/networks"), "network-added");
    Ok(())
}

/// Changes what a block is called.
#[server]
pub async fn rename_network(slug: String, id: String, label: String) -> Result<(), AppError> {
    networks::rename(&core()?, &actor().await?, &self::slug(&slug)?, self::id(&id)?, &label).await?;
    done(&format!("/p/{slug}/networks"), "network-renamed");
    Ok(())
}

/// Removes a block.
#[server]
pub async fn remove_network(slug: String, id: String, confirm: String) -> Result<(), AppError> {
    let (core, actor, project, id) = (core()?, actor().await?, self::slug(&slug)?, self::id(&id)?);
    let all = networks::list(&core, &actor, &project).await?;
    let network = all.iter().find(|network| network.id == id).ok_or(AppError::NotFound)?;
    confirmed(&confirm, &network.cidr.to_string())?;
    networks::remove(&core, &actor, &project, id).await?;
    done(&format!("/p/{slug}/networks"), "network-removed");
    Ok(())
}
