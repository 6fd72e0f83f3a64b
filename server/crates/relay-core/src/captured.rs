//! Captured mail: what the capture route kept on this machine, parsed for reading.

use crate::{Actor, Core, Result};
use relay_types::{
    message::{CapturedMessage, MessageId, MessageRow},
    page::Page,
    project::Slug,
};

/// Captured messages, newest first, 50 a page. Any member.
pub async fn list(core: &Core, actor: &Actor, project: &Slug, after: Option<&str>) -> Result<Page<MessageRow>> {
    todo!()
}
/// One captured message. Member.
pub async fn get(core: &Core, actor: &Actor, project: &Slug, id: MessageId) -> Result<CapturedMessage> {
    todo!()
}
/// Its HTML part as written (to be served in a sandbox). Member.
pub async fn html(core: &Core, actor: &Actor, project: &Slug, id: MessageId) -> Result<String> {
    todo!()
}
/// An attachment by its place (from 0): safe name, media type, octets. Member.
pub async fn attachment(
    core: &Core,
    actor: &Actor,
    project: &Slug,
    id: MessageId,
    place: usize,
) -> Result<(String, String, Vec<u8>)> {
    todo!()
}
