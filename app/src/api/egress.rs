//! Egress addresses.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::{
    egress::{EgressDetail, EgressList},
    tls::TlsOverview,
};

#[cfg(feature = "ssr")]
use crate::{
    api::id,
    components::dialog::confirmed,
    ssr::{actor, core, done},
};
#[cfg(feature = "ssr")]
use relay_core::{egress, tls_sessions};

/// All of them, the certificates of listeners, and how TLS with other servers goes.
#[server]
pub async fn load_egress_list() -> Result<(EgressList, TlsOverview), AppError> {
    let (core, actor) = (core()?, actor().await?);
    Ok((egress::list(&core, &actor).await?, tls_sessions::overview(&core, &actor).await?))
}

/// One, with its report.
#[server]
pub async fn load_egress(id: String) -> Result<EgressDetail, AppError> {
    Ok(egress::get(&core()?, &actor().await?, self::id(&id)?).await?)
}

/// Lists an address; it is checked at once.
#[server]
pub async fn add_egress(address: String, #[server(default)] ehlo: String) -> Result<(), AppError> {
    let id = egress::add(&core()?, &actor().await?, &address, &ehlo).await?;
    done(&format!("/admin/egress/{id}"), "egress-added");
    Ok(())
}

/// Changes the name it says in EHLO.
#[server]
pub async fn set_ehlo(id: String, #[server(default)] ehlo: String) -> Result<(), AppError> {
    egress::set_ehlo(&core()?, &actor().await?, self::id(&id)?, &ehlo).await?;
    done(&format!("/admin/egress/{id}"), "saved");
    Ok(())
}

/// Calls it ready in spite of its findings.
#[server]
pub async fn override_ready(id: String, #[server(default)] reason: String) -> Result<(), AppError> {
    if reason.trim().is_empty() {
        return Err(AppError::invalid("reason", "Say why"));
    }
    egress::override_ready(&core()?, &actor().await?, self::id(&id)?, &reason).await?;
    done(&format!("/admin/egress/{id}"), "saved");
    Ok(())
}

/// Takes that back.
#[server]
pub async fn ready_by_findings(id: String) -> Result<(), AppError> {
    egress::override_ready(&core()?, &actor().await?, self::id(&id)?, "").await?;
    done(&format!("/admin/egress/{id}"), "saved");
    Ok(())
}

/// Checks it now.
#[server]
pub async fn check_egress(id: String) -> Result<(), AppError> {
    egress::check_now(&core()?, &actor().await?, self::id(&id)?).await?;
    done(&format!("/admin/egress/{id}"), "egress-asked");
    Ok(())
}

/// Takes it from the list; `confirm` is the address.
#[server]
pub async fn remove_egress(id: String, confirm: String) -> Result<(), AppError> {
    let (core, actor) = (core()?, actor().await?);
    let id = self::id(&id)?;
    confirmed(&confirm, &egress::get(&core, &actor, id).await?.egress.address.to_string())?;
    egress::remove(&core, &actor, id).await?;
    done("/admin/egress", "egress-removed");
    Ok(())
}
