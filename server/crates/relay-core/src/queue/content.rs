//! The octets of a message on their way out. A small message is in memory; a large one is read part by part, so that
//! sending takes the same memory whatever its size.

use crate::{
    Core, Error, Result,
    tables::{message, message_content},
};
use bytes::Bytes;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

/// Our header prefix, then the content as submitted; CRLF line ends, not dot-stuffed.
#[derive(Debug, Clone)]
pub enum Content {
    /// All of it.
    InMemory(Bytes),
    /// In the store.
    Stored(StoredContent),
}

/// Where a large message is.
#[derive(Clone)]
pub struct StoredContent {
    core: Core,
    message: Uuid,
    prefix: Bytes,
    octets: u64,
}

impl std::fmt::Debug for StoredContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredContent").field("message", &self.message).field("octets", &self.octets).finish()
    }
}

impl Content {
    /// The content of `row`, which has so many octets.
    pub(crate) fn stored(core: &Core, row: &message::Model, octets: u64) -> Self {
        Self::Stored(StoredContent { core: core.clone(), message: row.id, prefix: row.prefix.clone().into(), octets })
    }

    /// How many octets it has.
    pub fn octets(&self) -> u64 {
        match self {
            Self::InMemory(content) => content.len() as u64,
            Self::Stored(content) => content.octets,
        }
    }

    /// Reads it from its beginning.
    pub fn read(&self) -> ContentReader {
        let (first, stored) = match self {
            Self::InMemory(content) => (content.clone(), None),
            Self::Stored(content) => (content.prefix.clone(), Some(content.clone())),
        };
        ContentReader { at_hand: first, left: self.octets(), stored, part: None }
    }
}

/// Reads a message from its beginning to its end.
#[derive(Debug)]
pub struct ContentReader {
    at_hand: Bytes,
    /// Octets that were not given out.
    left: u64,
    stored: Option<StoredContent>,
    /// The part that was read last.
    part: Option<i32>,
}

impl ContentReader {
    /// Octets that are still to come; 0 at the end.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// The next octets, `most` at most; empty at the end. `NotFound` when the store has less or more than was kept:
    /// half a message is never passed off as a whole one.
    pub async fn next(&mut self, most: usize) -> Result<Bytes> {
        while self.at_hand.is_empty() && self.left > 0 {
            let Some(stored) = &self.stored else { return Err(Error::NotFound) };
            let (part, octets) = stored.part_after(self.part).await?.ok_or(Error::NotFound)?;
            self.part = Some(part);
            self.at_hand = octets.into();
        }
        let piece = self.at_hand.split_to(self.at_hand.len().min(most));
        self.left = self.left.checked_sub(piece.len() as u64).ok_or(Error::NotFound)?;
        Ok(piece)
    }
}

impl StoredContent {
    async fn part_after(&self, part: Option<i32>) -> Result<Option<(i32, Vec<u8>)>> {
        let found = message_content::Entity::find()
            .select_only()
            .column(message_content::Column::Part)
            .column(message_content::Column::Bytes)
            .filter(message_content::Column::MessageId.eq(self.message))
            .filter(message_content::Column::Part.gt(part.unwrap_or(-1)))
            .order_by_asc(message_content::Column::Part)
            .limit(1)
            .into_tuple()
            .one(self.core.db.read())
            .await?;
        Ok(found)
    }
}

#[cfg(test)]
impl super::Outgoing {
    /// All of it, read in small pieces.
    pub(crate) async fn text(&self) -> String {
        let mut reader = self.content.read();
        let mut whole = Vec::new();
        while reader.left() > 0 {
            whole.extend_from_slice(&reader.next(1_000).await.expect("content"));
        }
        String::from_utf8_lossy(&whole).into_owned()
    }
}
