//! The history of messages: lists by keyset, the page of one message.

use crate::{Actor, Core, Result};
use relay_types::{
    message::{MessageCounts, MessageDetail, MessageFilter, MessageId, MessageRow},
    page::Page,
    project::Slug,
};

/// A project's messages, newest first, 50 a page. Any member.
pub async fn list(core: &Core, actor: &Actor, project: &Slug, filter: &MessageFilter) -> Result<Page<MessageRow>> {
    todo!()
}
/// Counts for tabs, under the filter without its state. Any member.
pub async fn counts(core: &Core, actor: &Actor, project: &Slug, filter: &MessageFilter) -> Result<MessageCounts> {
    todo!()
}
/// One message with its story. Any member.
pub async fn get(core: &Core, actor: &Actor, project: &Slug, id: MessageId) -> Result<MessageDetail> {
    todo!()
}
/// The message as sent, for download. Member (a viewer does not read content).
pub async fn raw(core: &Core, actor: &Actor, project: &Slug, id: MessageId) -> Result<Vec<u8>> {
    todo!()
}
/// Submits a test message from a verified sender to the person who asks, from a page of the portal. Member. Field: `from`.
pub async fn send_test(core: &Core, actor: &Actor, project: &Slug, from: &str, to: &str) -> Result<MessageId> {
    todo!()
}
