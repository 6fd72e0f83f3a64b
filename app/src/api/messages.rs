//! Messages: lists, the page of one, and what people do to waiting mail.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::{
    message::{MessageDetail, MessageList},
    service_account::ServiceAccount,
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
use relay_core::{messages, queue, queue::Wish, service_accounts};
#[cfg(feature = "ssr")]
use relay_types::{
    Timestamp,
    message::{MessageFilter, MessageId, MessageState},
};

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

impl MessageQuery {
    /// From the parameters of the page's URL.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            state: get("state"),
            search: get("q"),
            account: get("account"),
            period: get("period"),
            after: get("after"),
        }
    }

    /// What the use case narrows to; words nobody knows narrow nothing.
    #[cfg(feature = "ssr")]
    pub fn filter(&self, now: Timestamp) -> MessageFilter {
        MessageFilter {
            state: self.state.as_deref().and_then(MessageState::parse),
            search: self.search.clone(),
            service_account: self.account.as_deref().and_then(|text| text.parse().ok()),
            since: typed::since(self.period.as_deref(), now),
            after: self.after.clone(),
            ..MessageFilter::default()
        }
    }
}

/// The page of messages.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MessagesPage {
    /// Rows, counts, and how far a search went.
    pub list: MessageList,
    /// Accounts to narrow to.
    pub accounts: Vec<ServiceAccount>,
    /// Whether the query narrows the list by more than its state.
    pub narrowed: bool,
}

/// A list of messages, narrowed by the query.
#[server]
pub async fn load_messages(slug: String, #[server(flatten)] query: MessageQuery) -> Result<MessagesPage, AppError> {
    let (core, actor, slug) = (core()?, actor().await?, self::slug(&slug)?);
    let filter = query.filter(core.now());
    Ok(MessagesPage {
        list: messages::overview(&core, &actor, &slug, &filter).await?,
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

/// Does what the button `wish` says to the chosen messages; `back` is the list with its filters.
#[server]
pub async fn change_messages(
    slug: String,
    #[server(default)] ids: Vec<String>,
    wish: String,
    back: String,
) -> Result<(), AppError> {
    let (core, actor, project) = (core()?, actor().await?, self::slug(&slug)?);
    let wish = Wish::parse(&wish).ok_or_else(|| AppError::invalid("wish", "Choose one of the buttons"))?;
    let ids = ids.iter().map(|text| self::id(text)).collect::<Result<Vec<MessageId>, AppError>>()?;
    if queue::change(&core, &actor, &project, &ids, wish).await? == 0 {
        let reason = "None of the chosen messages is in a state for that any more. The list below is as it stands now.";
        return Err(AppError::Conflict { reason: reason.to_owned() });
    }
    done(&back, told(wish));
    Ok(())
}

/// The code of the toast.
#[cfg(feature = "ssr")]
fn told(wish: Wish) -> &'static str {
    match wish {
        Wish::Hold => "messages-held",
        Wish::Release => "messages-released",
        Wish::RetryNow => "messages-retried",
        Wish::Cancel => "messages-cancelled",
    }
}

/// Submits a test message and goes to its page.
#[server]
pub async fn send_test_message(slug: String, from: String, to: String) -> Result<(), AppError> {
    let id = messages::send_test(&core()?, &actor().await?, &self::slug(&slug)?, &from, &to).await?;
    done(&format!("/p/{slug}/messages/{id}"), "test-sent");
    Ok(())
}
