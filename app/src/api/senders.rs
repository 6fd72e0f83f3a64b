//! Sender addresses, and the list of domains beside them.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::{
    domain::Domain,
    prediction::Prediction,
    sender::{Sender, SenderOffer},
};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::{
    api::{id, slug},
    components::dialog::confirmed,
    ssr::{actor, core, done},
    typed,
};
#[cfg(feature = "ssr")]
use relay_core::senders;
#[cfg(feature = "ssr")]
use relay_types::EmailAddress;

/// The page of senders.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendersPage {
    /// By address.
    pub senders: Vec<Sender>,
    /// By name.
    pub domains: Vec<Domain>,
    /// What would become of mail from the address that was asked about.
    pub predictions: Vec<Prediction>,
}

/// All addresses and domains; with `predict`, what would become of mail from that address.
#[server]
pub async fn load_senders(slug: String, predict: Option<String>) -> Result<SendersPage, AppError> {
    let (core, actor, project) = (core()?, actor().await?, self::slug(&slug)?);
    let senders = senders::list(&core, &actor, &project).await?;
    let domains = relay_core::domains::list(&core, &actor, &project).await?;
    let predictions = match predict {
        Some(from) => relay_core::dns_health::predict(&core, &actor, &project, &from).await?,
        None => Vec::new(),
    };
    Ok(SendersPage { senders, domains, predictions })
}

/// Adds an address and mails its link; with `verified` an operator vouches for it, and neither mail nor DNS is needed.
#[server]
pub async fn add_sender(slug: String, address: String, verified: Option<String>) -> Result<(), AppError> {
    let (core, actor, project) = (core()?, actor().await?, self::slug(&slug)?);
    let address = typed::one("address", &address, EmailAddress::parse)?.to_string();
    if verified.is_some() {
        senders::mark_verified(&core, &actor, &project, &address).await?;
    } else {
        senders::add(&core, &actor, &project, &address).await?;
    }
    done(&format!("/p/{slug}/senders"), if verified.is_some() { "sender-verified" } else { "sender-added" });
    Ok(())
}

/// Mails a new link.
#[server]
pub async fn resend_link(slug: String, id: String) -> Result<(), AppError> {
    senders::resend(&core()?, &actor().await?, &self::slug(&slug)?, self::id(&id)?).await?;
    done(&format!("/p/{slug}/senders"), "link-sent");
    Ok(())
}

/// Marks an address verified without its link.
#[server]
pub async fn verify_sender(slug: String, id: String, address: String) -> Result<(), AppError> {
    let _: relay_types::sender::SenderId = self::id(&id)?;
    senders::mark_verified(&core()?, &actor().await?, &self::slug(&slug)?, &address).await?;
    done(&format!("/p/{slug}/senders"), "sender-verified");
    Ok(())
}

/// Removes an address.
#[server]
pub async fn remove_sender(slug: String, id: String, confirm: String) -> Result<(), AppError> {
    let (core, actor, project, id) = (core()?, actor().await?, self::slug(&slug)?, self::id(&id)?);
    let all = senders::list(&core, &actor, &project).await?;
    let sender = all.iter().find(|sender| sender.id == id).ok_or(AppError::NotFound)?;
    confirmed(&confirm, &sender.address.to_string())?;
    senders::remove(&core, &actor, &project, id).await?;
    done(&format!("/p/{slug}/senders"), "sender-removed");
    Ok(())
}

/// What a link would verify; none when it is used, replaced or too old.
#[server]
pub async fn load_sender_offer(token: String) -> Result<Option<SenderOffer>, AppError> {
    match senders::offer(&core()?, &token).await {
        Ok(offer) => Ok(Some(offer)),
        Err(relay_core::Error::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Verifies by link. Anyone who holds it.
#[server]
pub async fn verify_by_link(token: String) -> Result<SenderOffer, AppError> {
    Ok(senders::verify(&core()?, &token).await?)
}
