//! Captured mail.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::{
    message::{CapturedMessage, MessageRow},
    page::Page,
};

#[cfg(feature = "ssr")]
use crate::{
    api::{id, slug},
    ssr::{actor, core},
};
#[cfg(feature = "ssr")]
use relay_core::captured;

/// A list of captured messages.
#[server]
pub async fn load_captured(slug: String, after: Option<String>) -> Result<Page<MessageRow>, AppError> {
    Ok(captured::list(&core()?, &actor().await?, &self::slug(&slug)?, after.as_deref()).await?)
}

/// Captured mail of the portal itself.
#[server]
pub async fn load_captured_of_portal(after: Option<String>) -> Result<Page<MessageRow>, AppError> {
    Ok(captured::list_of_portal(&core()?, &actor().await?, after.as_deref()).await?)
}

/// One captured message of the portal itself.
#[server]
pub async fn load_captured_message_of_portal(id: String) -> Result<CapturedMessage, AppError> {
    Ok(captured::get_of_portal(&core()?, &actor().await?, self::id(&id)?).await?)
}

/// One captured message.
#[server]
pub async fn load_captured_message(slug: String, id: String) -> Result<CapturedMessage, AppError> {
    Ok(captured::get(&core()?, &actor().await?, &self::slug(&slug)?, self::id(&id)?).await?)
}
