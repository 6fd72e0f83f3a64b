//! Invitations as the invited see them.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::{EmailAddress, member::InvitationOffer};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::{
    api::session::load_door,
    ssr::{self, actor, client, core, done},
};
#[cfg(feature = "ssr")]
use relay_core::{Error, members};

/// An invitation, and who looks at it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Invited {
    /// What it offers.
    pub offer: InvitationOffer,
    /// Who is signed in.
    pub me: Option<EmailAddress>,
}

/// What an invitation link offers; none when it is used, withdrawn or too old.
#[server]
pub async fn load_invitation(token: String) -> Result<Option<Invited>, AppError> {
    match members::invitation_offer(&core()?, &token).await {
        Ok(offer) => Ok(Some(Invited { offer, me: load_door().await?.email })),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Joins the project. A new user gives a name and a password and is signed in.
#[server]
pub async fn accept_invitation(token: String, name: Option<String>, password: Option<String>) -> Result<(), AppError> {
    let (core, actor) = (core()?, actor().await?);
    let (name, password) = (name.unwrap_or_default(), password.unwrap_or_default().into());
    let (user, slug) = members::accept_invitation(&core, &actor, client(), &token, &name, password).await?;
    if actor.user_id().ok() != Some(user) {
        ssr::start_session(user).await?;
    }
    done(&format!("/p/{slug}"), "invitation-accepted");
    Ok(())
}
