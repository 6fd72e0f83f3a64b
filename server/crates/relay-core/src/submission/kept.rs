//! A message about to be kept, and its rows: message, content, recipients, first events.
//!
//! It judges nothing. What accepts a message ([`super::accept`]) and what makes one (`bounce`) hand it over complete;
//! the rows are written inside the caller's transaction, many messages at a time.

use crate::{
    Core, Error, Result, db,
    limits::kept::Subject,
    nodes,
    queue::Claimed,
    submission::content::{self, STORED_FROM, StoredBody},
    tables::{event, message, message_content, recipient},
};
use relay_types::{
    EmailAddress, ReversePath, Timestamp,
    message::{EventKind, MessageId, MessageState, RecipientState},
    project::ProjectId,
    terms::{MessageTerms, RecipientTerms},
};
use sea_orm::{ActiveValue::Set, DatabaseTransaction, EntityTrait};
use std::time::Duration;
use uuid::Uuid;

/// Octets of a part of the content: small enough to be read and written without a second copy of a large message.
pub(crate) const PART: usize = 256 * 1024;
/// Octets of content in one statement.
const OCTETS: usize = 4 * 1024 * 1024;

/// Who handed a message in, as stored beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// `service_account`, `network`, `portal`, `system`.
    pub(crate) source: &'static str,
    /// Which account or network.
    pub(crate) id: Option<Uuid>,
    /// Its label at this time.
    pub(crate) label: String,
}

impl Origin {
    /// Relaykeep itself.
    pub(crate) fn system() -> Self {
        Self { source: "system", id: None, label: "Relaykeep".to_owned() }
    }

    /// Whose counts the message adds to: its project and its account. What Relaykeep itself sends counts for nobody.
    pub(crate) fn subjects(&self, project: Option<ProjectId>) -> Vec<Uuid> {
        subjects(self.source, self.id, project.map(ProjectId::uuid))
    }
}

/// As [`Origin::subjects`], from what is stored.
pub(crate) fn subjects(source: &str, source_id: Option<Uuid>, project: Option<Uuid>) -> Vec<Uuid> {
    let account = source_id.filter(|_| source == "service_account");
    if source == "system" { Vec::new() } else { project.into_iter().chain(account).collect() }
}

/// Everything that is kept of a message.
#[derive(Debug, Clone)]
pub(crate) struct NewMessage {
    pub(crate) id: MessageId,
    pub(crate) project: Option<ProjectId>,
    pub(crate) accepted_at: Timestamp,
    pub(crate) lifetime: Duration,
    pub(crate) origin: Origin,
    pub(crate) reverse_path: ReversePath,
    /// Header From as written.
    pub(crate) header_from: String,
    pub(crate) subject: String,
    /// Message-ID with its brackets.
    pub(crate) message_id: String,
    /// Forward-paths with their destinations, at least one.
    pub(crate) recipients: Vec<(EmailAddress, String)>,
    pub(crate) smtputf8: bool,
    pub(crate) prefix: Vec<u8>,
    /// As submitted; the header section alone when the body is in the store.
    pub(crate) content: Vec<u8>,
    pub(crate) body: Option<StoredBody>,
    /// What was asked about it, and about each recipient (none: nothing of any).
    pub(crate) terms: MessageTerms,
    pub(crate) recipient_terms: Vec<RecipientTerms>,
    pub(crate) about: Option<MessageId>,
    /// The beginning of its story.
    pub(crate) events: Vec<EventKind>,
    /// One for each recipient when the workers get it at once, else none.
    pub(crate) claims: Vec<Claimed>,
    /// Who must have room for it when it is kept.
    pub(crate) limits: Vec<Subject>,
}

impl NewMessage {
    /// Octets as sent.
    pub(crate) fn size(&self) -> u64 {
        self.at_hand() as u64 + self.body.as_ref().map_or(0, |body| body.octets)
    }

    /// Octets in memory.
    pub(crate) fn at_hand(&self) -> usize {
        self.prefix.len() + self.content.len()
    }

    /// Whether it has octets above 127.
    pub(crate) fn is_eight_bit(&self) -> bool {
        let stored = self.body.as_ref().is_some_and(|body| body.eight_bit);
        stored || !(self.prefix.is_ascii() && self.content.is_ascii())
    }

    /// When its life in the queue begins: when it was accepted, or when it is released.
    pub(crate) fn begins_at(&self) -> Timestamp {
        self.terms.release_at.unwrap_or(self.accepted_at)
    }

    /// The terms of the recipient at this place.
    pub(crate) fn terms_of(&self, place: usize) -> RecipientTerms {
        self.recipient_terms.get(place).cloned().unwrap_or_default()
    }

    fn row(&self) -> Result<message::ActiveModel> {
        Ok(message::ActiveModel {
            id: Set(self.id.uuid()),
            project_id: Set(self.project.map(ProjectId::uuid)),
            accepted_at: Set(self.accepted_at.0),
            source: Set(self.origin.source.to_owned()),
            source_id: Set(self.origin.id),
            source_label: Set(self.origin.label.clone()),
            reverse_path: Set(self.reverse_path.to_string()),
            header_from: Set(line(&self.header_from, 200)),
            subject: Set(line(&self.subject, 500)),
            // By octets: the index of PostgreSQL takes so many, and RFC 5322 allows no more on a line.
            message_id: Set(line(&self.message_id[..self.message_id.floor_char_boundary(998)], 998)),
            first_recipient: Set(self.recipients.first().map(|(address, _)| address.to_string()).unwrap_or_default()),
            recipients: Set(i32::try_from(self.recipients.len()).unwrap_or(i32::MAX)),
            size: Set(i64::try_from(self.size()).unwrap_or(i64::MAX)),
            eight_bit: Set(self.is_eight_bit()),
            smtputf8: Set(self.smtputf8),
            prefix: Set(self.prefix.clone()),
            state: Set(MessageState::Queued.as_str().to_owned()),
            last_reply: Set(None),
            about: Set(self.about.map(MessageId::uuid)),
            captured: Set(false),
            terms: Set(json((!self.terms.are_usual()).then_some(&self.terms))?),
        })
    }

    fn recipient_rows(&self, core: &Core) -> impl Iterator<Item = Result<recipient::ActiveModel>> {
        let claims = self.claims.iter().map(Some).chain(std::iter::repeat(None));
        let terms = self.recipient_terms.iter().map(Some).chain(std::iter::repeat(None));
        let begins_at = self.begins_at();
        self.recipients.iter().zip(claims).zip(terms).map(move |(((address, destination), claim), terms)| {
            Ok(recipient::ActiveModel {
                id: Set(claim.map_or_else(|| core.new_id::<()>().uuid(), |claim| claim.recipient_id.uuid())),
                message_id: Set(self.id.uuid()),
                project_id: Set(self.project.map(ProjectId::uuid)),
                address: Set(address.to_string()),
                address_key: Set(address.key()),
                destination: Set(destination.clone()),
                state: Set(claim.map_or(RecipientState::Due, |_| RecipientState::InFlight).as_str().to_owned()),
                due_at: Set(claim.is_none().then_some(begins_at.0)),
                attempts: Set(claim.map_or(0, |_| 1)),
                lease: Set(claim.map(|claim| claim.lease.0)),
                lease_until: Set(claim.map(|_| nodes::common_now(core).plus(core.config.lease).0)),
                leased_by: Set(claim.map(|_| core.node.run)),
                accepted_at: Set(begins_at.0),
                expires_at: Set(begins_at.plus(self.lifetime).0),
                delay_notified: Set(false),
                last_reply: Set(None),
                terms: Set(json(terms.filter(|terms| !terms.are_usual()))?),
            })
        })
    }
}

/// Terms for their column; what was not asked is null.
fn json<T: serde::Serialize>(terms: Option<&T>) -> Result<Option<String>> {
    terms.map(serde_json::to_string).transpose().map_err(Error::internal)
}

/// Terms from their column. What cannot be read was not asked: mail goes on without it.
pub(crate) fn terms<T: serde::de::DeserializeOwned + Default>(column: Option<&str>) -> T {
    let read = column.map(serde_json::from_str).transpose();
    read.inspect_err(|error| tracing::error!(%error, "kept terms cannot be read")).ok().flatten().unwrap_or_default()
}

/// Writes the rows of all `messages`.
pub(crate) async fn insert(core: &Core, transaction: &DatabaseTransaction, messages: &[&NewMessage]) -> Result<()> {
    let mut events = Vec::new();
    insert_rows(core, transaction, messages, &mut events).await?;
    insert_events(transaction, events).await
}

/// As [`insert`], but the lines of their stories go to `events`, to be written with others.
pub(crate) async fn insert_rows(
    core: &Core,
    transaction: &DatabaseTransaction,
    messages: &[&NewMessage],
    events: &mut Vec<event::ActiveModel>,
) -> Result<()> {
    let rows = messages.iter().map(|message| message.row()).collect::<Result<Vec<_>>>()?;
    for rows in db::pieces(rows) {
        message::Entity::insert_many(rows).exec_without_returning(transaction).await?;
    }
    insert_content(transaction, messages).await?;
    let rows = messages.iter().flat_map(|message| message.recipient_rows(core)).collect::<Result<Vec<_>>>()?;
    for rows in db::pieces(rows) {
        recipient::Entity::insert_many(rows).exec_without_returning(transaction).await?;
    }
    for message in messages {
        for kind in &message.events {
            events.push(event_row(core, message.id.uuid(), message.accepted_at, kind)?);
        }
    }
    Ok(())
}

async fn insert_content(transaction: &DatabaseTransaction, messages: &[&NewMessage]) -> Result<()> {
    let mut rows = Vec::new();
    let mut octets = 0;
    for message in messages {
        if message.body.is_some() {
            content::keep(transaction, message.id).await?;
        }
        for (part, bytes) in message.content.chunks(PART).enumerate() {
            octets += bytes.len();
            let part = i32::try_from(part).map_err(Error::internal)?;
            // Else the body would come before the end of the header.
            debug_assert!(part < STORED_FROM || message.body.is_none());
            rows.push(message_content::ActiveModel {
                message_id: Set(message.id.uuid()),
                part: Set(part),
                bytes: Set(bytes.to_vec()),
            });
            if octets >= OCTETS {
                insert_parts(transaction, std::mem::take(&mut rows)).await?;
                octets = 0;
            }
        }
    }
    insert_parts(transaction, rows).await
}

async fn insert_parts(transaction: &DatabaseTransaction, rows: Vec<message_content::ActiveModel>) -> Result<()> {
    for rows in db::pieces(rows) {
        message_content::Entity::insert_many(rows).exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// A line of a message's story.
pub(crate) fn event_row(core: &Core, message: Uuid, at: Timestamp, kind: &EventKind) -> Result<event::ActiveModel> {
    Ok(event::ActiveModel {
        id: Set(core.new_id::<()>().uuid()),
        message_id: Set(message),
        at: Set(at.0),
        kind: Set(serde_json::to_string(kind).map_err(Error::internal)?),
    })
}

/// Writes lines of stories.
pub(crate) async fn insert_events(transaction: &DatabaseTransaction, rows: Vec<event::ActiveModel>) -> Result<()> {
    for rows in db::pieces(rows) {
        event::Entity::insert_many(rows).exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// Text for a column that is shown on one line: no control characters (PostgreSQL has no NUL), cut.
pub(crate) fn line(text: &str, most: usize) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().take(most).map(printable).collect::<String>().trim().to_owned()
}
