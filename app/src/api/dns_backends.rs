//! DNS back ends: what writes reverse zones. A secret goes in and never comes out.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::dns_backend::DnsBackend;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::{
    api::id,
    components::dialog::confirmed,
    ssr::{actor, actor_with, core, done},
};
#[cfg(feature = "ssr")]
use relay_core::dns_backends;
#[cfg(feature = "ssr")]
use relay_types::dns_backend::DnsBackendId;

/// The page the forms are on.
#[cfg(feature = "ssr")]
const PAGE: &str = "/admin/dns-backends";

/// What a person types to describe a back end, but for its secret.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BackendForm {
    /// What it is called.
    pub label: String,
    /// A word of `BackendKind`.
    pub kind: String,
    /// `HOST` or `HOST:PORT` (update).
    #[serde(default)]
    pub server: String,
    /// Name of the TSIG key (update).
    #[serde(default)]
    pub key_name: String,
    /// A word of `TsigAlgorithm` (update).
    #[serde(default)]
    pub algorithm: String,
    /// Base of the API (PowerDNS).
    #[serde(default)]
    pub url: String,
    /// The server's id in the API (PowerDNS).
    #[serde(default)]
    pub server_id: String,
}

#[cfg(feature = "ssr")]
impl BackendForm {
    fn with_secret(self, secret: String) -> dns_backends::DnsBackendInput {
        let Self { label, kind, server, key_name, algorithm, url, server_id } = self;
        let secret = secret.into();
        dns_backends::DnsBackendInput { label, kind, server, key_name, algorithm, url, server_id, secret }
    }
}

/// All back ends, by label.
#[server]
pub async fn load_dns_backends() -> Result<Vec<DnsBackend>, AppError> {
    Ok(dns_backends::list(&core()?, &actor().await?).await?)
}

/// Adds a back end; `password` is one's own when it was typed long ago.
#[server]
pub async fn add_dns_backend(
    #[server(default)] secret: String,
    password: Option<String>,
    #[server(flatten)] backend: BackendForm,
) -> Result<(), AppError> {
    dns_backends::add(&core()?, &actor_with(password).await?, backend.with_secret(secret)).await?;
    done(PAGE, "backend-added");
    Ok(())
}

/// Changes a back end; an empty secret keeps the one there is.
#[server]
pub async fn edit_dns_backend(
    id: String,
    #[server(default)] secret: String,
    password: Option<String>,
    #[server(flatten)] backend: BackendForm,
) -> Result<(), AppError> {
    let id = self::id(&id)?;
    dns_backends::edit(&core()?, &actor_with(password).await?, id, backend.with_secret(secret)).await?;
    done(PAGE, "saved");
    Ok(())
}

/// Removes a back end; `confirm` is its label.
#[server]
pub async fn remove_dns_backend(id: String, confirm: String) -> Result<(), AppError> {
    let (core, actor, id): (_, _, DnsBackendId) = (core()?, actor().await?, self::id(&id)?);
    confirmed(&confirm, &dns_backends::get(&core, &actor, id).await?.label)?;
    dns_backends::remove(&core, &actor, id).await?;
    done(PAGE, "backend-removed");
    Ok(())
}

/// Proves that a back end can write a zone, without changing it; what was seen stands on the page.
#[server]
pub async fn test_dns_backend(id: String, zone: String) -> Result<(), AppError> {
    dns_backends::test(&core()?, &actor().await?, self::id(&id)?, &zone).await?;
    done(PAGE, "backend-tested");
    Ok(())
}

/// The exact change that would give an address this name, or with an empty one remove its names. Writes nothing.
#[server]
pub async fn try_name(id: String, #[server(default)] name: String) -> Result<String, AppError> {
    Ok(dns_backends::dry_run(&core()?, &actor().await?, self::id(&id)?, Some(name)).await?)
}
