//! What is sent: our prefix, then the content as it was kept. Small messages stay in memory for a while, because most
//! are delivered right after they were accepted, often to several hosts; large ones are read part by part.

use crate::{
    Core, Error, Result,
    queue::{Content, Outgoing},
    submission::{header::HeaderSection, kept},
    tables::{message, message_content},
};
use moka::sync::Cache;
use relay_types::{ReversePath, message::MessageId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::time::Duration;
use uuid::Uuid;

/// Octets kept in memory, of all messages and of one.
const IN_MEMORY: u64 = 32 * 1024 * 1024;
const OF_ONE: u64 = 256 * 1024;
/// A header section is read as far as this.
const HEADERS_MOST: usize = 64 * 1024;

/// Messages in memory.
pub(crate) struct Contents(Cache<Uuid, Outgoing>);

impl Default for Contents {
    fn default() -> Self {
        let weigher =
            |_: &Uuid, outgoing: &Outgoing| u32::try_from(outgoing.content.octets() + 256).unwrap_or(u32::MAX);
        let cache = Cache::builder().max_capacity(IN_MEMORY).weigher(weigher);
        Self(cache.time_to_live(Duration::from_secs(120)).build())
    }
}

impl Contents {
    /// Keeps a small message in memory.
    pub(crate) fn keep(&self, id: MessageId, outgoing: &Outgoing) {
        if matches!(outgoing.content, Content::InMemory(_)) && outgoing.content.octets() <= OF_ONE {
            self.0.insert(id.uuid(), outgoing.clone());
        }
    }

    /// Whether it is there.
    #[cfg(test)]
    pub(crate) fn has(&self, id: MessageId) -> bool {
        self.0.contains_key(&id.uuid())
    }
}

/// What to send. `NotFound` when the message is gone.
pub(crate) async fn outgoing(core: &Core, id: MessageId) -> Result<Outgoing> {
    if let Some(outgoing) = core.contents.0.get(&id.uuid()) {
        return Ok(outgoing);
    }
    let row = message::Entity::find_by_id(id.uuid()).one(core.db.read()).await?.ok_or(Error::NotFound)?;
    let outgoing = Outgoing {
        reverse_path: ReversePath::parse(&row.reverse_path).map_err(Error::internal)?,
        content: match u64::try_from(row.size) {
            Ok(size) if size > OF_ONE => Content::stored(core, &row, size),
            _ => Content::InMemory(whole(core, &row).await?.into()),
        },
        eight_bit: row.eight_bit,
        smtputf8: row.smtputf8,
        terms: kept::terms(row.terms.as_deref()),
    };
    core.contents.keep(id, &outgoing);
    Ok(outgoing)
}

/// Prefix and content of a message.
pub(crate) async fn whole(core: &Core, row: &message::Model) -> Result<Vec<u8>> {
    if let Some(Outgoing { content: Content::InMemory(content), .. }) = core.contents.0.get(&row.id) {
        return Ok(content.to_vec());
    }
    let parts: Vec<Vec<u8>> = message_content::Entity::find()
        .select_only()
        .column(message_content::Column::Bytes)
        .filter(message_content::Column::MessageId.eq(row.id))
        .order_by_asc(message_content::Column::Part)
        .into_tuple()
        .all(core.db.read())
        .await?;
    let whole = parts.into_iter().fold(row.prefix.clone(), |mut whole, part| {
        whole.extend_from_slice(&part);
        whole
    });
    if usize::try_from(row.size).is_ok_and(|size| size == whole.len()) {
        return Ok(whole);
    }
    // Never send half a message.
    Err(Error::NotFound)
}

/// The header section as sent, 64 KiB at most.
pub(crate) async fn headers(core: &Core, row: &message::Model) -> Result<Vec<u8>> {
    let first: Option<Vec<u8>> = message_content::Entity::find_by_id((row.id, 0))
        .select_only()
        .column(message_content::Column::Bytes)
        .into_tuple()
        .one(core.db.read())
        .await?;
    let first = first.unwrap_or_default();
    let start = &first[..first.len().min(HEADERS_MOST)];
    let end = HeaderSection::scan(start).map_or(start.len(), |section| section.end);
    let mut headers = row.prefix.clone();
    headers.extend_from_slice(&start[..end]);
    headers.truncate(HEADERS_MOST);
    Ok(headers)
}

/// What to send of a message that is about to be kept, when it is small enough to stay in memory: a large one is never
/// copied.
pub(crate) fn of_accepted(new: &crate::submission::kept::NewMessage) -> Option<Outgoing> {
    (new.body.is_none() && new.size() <= OF_ONE).then(|| Outgoing {
        reverse_path: new.reverse_path.clone(),
        content: Content::InMemory([&new.prefix[..], &new.content].concat().into()),
        eight_bit: new.is_eight_bit(),
        smtputf8: new.smtputf8,
        terms: new.terms.clone(),
    })
}
