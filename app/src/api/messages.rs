//! Messages: lists, the page of one, and what people do to waiting mail.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::{
    message::{MessageCounts, MessageDetail, MessageRow},
    page::Page,
    service_account::ServiceAccount,
};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::{
    api::{id, slug},
    components::dialog::confirmed,
    ssr::{actor, core, done},
};
#[cfg(feature = "ssr")]
use relay_core::{messages, queue, service_accounts};
#[cfg(feature = "ssr")]
use relay_types::message::{MessageFilter, MessageId, MessageState};

/// What the URL of the list says, as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MessageQuery {
    /// Word of a state.
    pub state: Option<String>,
    /// Free text.
    pub search: Option<String>,
    /// A service account's id.
    pub account: Option<String>,
    /// `1h`, `24h`, `7d` or `30d`.
    pub period: Option<String>,
    /// Cursor.
    pub after: Option<String>,
}

/// The page of messages.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MessagesPage {
    /// Rows.
    pub rows: Page<MessageRow>,
    /// Numbers on the tabs.
    pub counts: MessageCounts,
    /// Accounts to narrow to.
    pub accounts: Vec<ServiceAccount>,
    /// Whether the project has any message at all.
    pub narrowed: bool,
}

/// The hours of a period's word.
#[cfg(feature = "ssr")]
fn hours(period: &str) -> Option<u64> {
    [("1h", 1), ("24h", 24), ("7d", 7 * 24), ("30d", 30 * 24)]
        .into_iter()
        .find(|(word, _)| *word == period)
        .map(|(_, hours)| hours)
}

/// A list of messages, narrowed by the query. Words nobody knows narrow nothing.
#[server]
pub async fn load_messages(slug: String, #[server(flatten)] query: MessageQuery) -> Result<MessagesPage, AppError> {
    let (core, actor, slug) = (core()?, actor().await?, self::slug(&slug)?);
    let since = query.period.as_deref().and_then(hours);
    let filter = MessageFilter {
        state: query.state.as_deref().and_then(MessageState::parse),
        search: query.search.clone(),
        service_account: query.account.as_deref().and_then(|text| text.parse().ok()),
        since: since.map(|hours| core.now().minus(std::time::Duration::from_secs(hours * 3600))),
        until: None,
        after: query.after.clone(),
    };
    Ok(MessagesPage {
        rows: messages::list(&core, &actor, &slug, &filter).await?,
        counts: messages::counts(&core, &actor, &slug, &filter).await?,
        accounts: service_accounts::list(&core, &actor, &slug).await?,
        narrowed: MessageQuery { state: None, after: None, ..query } != MessageQuery::default(),
    })
}

/// One message with its story.
#[server]
pub async fn load_message(slug: String, id: String) -> Result<MessageDetail, AppError> {
    Ok(messages::get(&core()?, &actor().await?, &self::slug(&slug)?, self::id(&id)?).await?)
}

/// The end of a queue id, which names a message well enough to be typed.
pub fn end_of(id: &str) -> &str {
    id.get(id.len().saturating_sub(6)..).unwrap_or(id)
}

#[cfg(feature = "ssr")]
fn changed(slug: &str, id: MessageId, how_many: u64, code: &str) -> Result<(), AppError> {
    if how_many == 0 {
        let reason =
            "No recipient of this message is in a state for that any more. Reload the page to see where it stands.";
        return Err(AppError::Conflict { reason: reason.to_owned() });
    }
    done(&format!("/p/{slug}/messages/{id}"), code);
    Ok(())
}

/// Tries the waiting recipients now.
#[server]
pub async fn retry_message(slug: String, id: String) -> Result<(), AppError> {
    let id: MessageId = self::id(&id)?;
    let count = queue::retry_now(&core()?, &actor().await?, &self::slug(&slug)?, id).await?;
    changed(&slug, id, count, "message-retried")
}

/// Holds the waiting recipients.
#[server]
pub async fn hold_message(slug: String, id: String) -> Result<(), AppError> {
    let id: MessageId = self::id(&id)?;
    let count = queue::hold(&core()?, &actor().await?, &self::slug(&slug)?, id).await?;
    changed(&slug, id, count, "message-held")
}

/// Releases the held recipients.
#[server]
pub async fn release_message(slug: String, id: String) -> Result<(), AppError> {
    let id: MessageId = self::id(&id)?;
    let count = queue::release(&core()?, &actor().await?, &self::slug(&slug)?, id).await?;
    changed(&slug, id, count, "message-released")
}

/// Cancels what waits or is held; `confirm` is the end of the queue id.
#[server]
pub async fn cancel_message(slug: String, id: String, confirm: String) -> Result<(), AppError> {
    let id: MessageId = self::id(&id)?;
    confirmed(&confirm, end_of(&id.to_string()))?;
    let count = queue::cancel(&core()?, &actor().await?, &self::slug(&slug)?, id).await?;
    changed(&slug, id, count, "message-cancelled")
}

/// Submits a test message and goes to its page.
#[server]
pub async fn send_test_message(slug: String, from: String, to: String) -> Result<(), AppError> {
    let id = messages::send_test(&core()?, &actor().await?, &self::slug(&slug)?, &from, &to).await?;
    done(&format!("/p/{slug}/messages/{id}"), "test-sent");
    Ok(())
}
