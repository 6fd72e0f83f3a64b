//! Members and invitations.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::member::{Invitation, Member};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::{
    api::{id, slug},
    components::dialog::confirmed,
    ssr::{actor, core, done},
    typed,
};
#[cfg(feature = "ssr")]
use relay_core::members;
#[cfg(feature = "ssr")]
use relay_types::member::Role;

/// The page of members.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MembersPage {
    /// By name.
    pub members: Vec<Member>,
    /// Not accepted yet, oldest first.
    pub invitations: Vec<Invitation>,
}

/// Everyone who belongs to the project, and who is invited.
#[server]
pub async fn load_members(slug: String) -> Result<MembersPage, AppError> {
    let (members, invitations) = members::list(&core()?, &actor().await?, &self::slug(&slug)?).await?;
    Ok(MembersPage { members, invitations })
}

/// Mails an invitation, or mails it again.
#[server]
pub async fn invite_member(slug: String, email: String, role: String) -> Result<(), AppError> {
    let role = self::role(&role)?;
    members::invite(&core()?, &actor().await?, &self::slug(&slug)?, &email, role).await?;
    done(&format!("/p/{slug}/members"), "member-invited");
    Ok(())
}

/// Mails an open invitation again; the older link dies.
#[server]
pub async fn resend_invitation(slug: String, id: String) -> Result<(), AppError> {
    members::resend(&core()?, &actor().await?, &self::slug(&slug)?, self::id(&id)?).await?;
    done(&format!("/p/{slug}/members"), "member-invited");
    Ok(())
}

/// Changes a role.
#[server]
pub async fn set_role(slug: String, id: String, role: String) -> Result<(), AppError> {
    let role = self::role(&role)?;
    members::set_role(&core()?, &actor().await?, &self::slug(&slug)?, self::id(&id)?, role).await?;
    done(&format!("/p/{slug}/members"), "member-changed");
    Ok(())
}

/// Removes a member; who removes oneself goes to the other projects.
#[server]
pub async fn remove_member(slug: String, id: String, confirm: String) -> Result<(), AppError> {
    let (core, actor, project, user) = (core()?, actor().await?, self::slug(&slug)?, self::id(&id)?);
    let (all, _) = members::list(&core, &actor, &project).await?;
    let member = all.iter().find(|member| member.user_id == user).ok_or(AppError::NotFound)?;
    confirmed(&confirm, &member.email.to_string())?;
    members::remove(&core, &actor, &project, user).await?;
    done(&if member.is_me { "/".to_owned() } else { format!("/p/{slug}/members") }, "member-removed");
    Ok(())
}

/// Withdraws an invitation; `confirm` is its address.
#[server]
pub async fn withdraw_invitation(slug: String, id: String, confirm: String) -> Result<(), AppError> {
    let (core, actor, project, id) = (core()?, actor().await?, self::slug(&slug)?, self::id(&id)?);
    let (_, open) = members::list(&core, &actor, &project).await?;
    let invitation = open.iter().find(|invitation| invitation.id == id).ok_or(AppError::NotFound)?;
    confirmed(&confirm, &invitation.email.to_string())?;
    members::withdraw_invitation(&core, &actor, &project, id).await?;
    done(&format!("/p/{slug}/members"), "invitation-withdrawn");
    Ok(())
}

#[cfg(feature = "ssr")]
fn role(text: &str) -> Result<Role, AppError> {
    typed::one("role", text, |text| Role::parse(text).ok_or("Choose one of the roles"))
}
