//! Captured mail: what the capture route kept on this machine, parsed for reading.
//!
//! The content is hostile: names are made safe here; HTML is given as written and must be served in a sandbox.

use crate::{
    Access, Actor, Core, Error, Result, messages, projects,
    queue::outgoing,
    tables::{message, recipient},
};
use mail_parser::{Message, MessageParser, MimeHeaders};
use relay_types::{
    EmailAddress, ReversePath, Timestamp,
    message::{Attachment, CapturedMessage, MessageId, MessageRow},
    page::{Page, PageSize},
    project::Slug,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// Characters of a text part that are shown.
const TEXT_MOST: usize = 200_000;
/// Recipients that are shown.
const RECIPIENTS_MOST: u64 = 1_000;

/// Captured messages, newest first, 50 a page. Any member. Field: `after`.
pub async fn list(core: &Core, actor: &Actor, project: &Slug, after: Option<&str>) -> Result<Page<MessageRow>> {
    let project = projects::authorize(core, actor, project, Access::View).await?;
    let select = message::Entity::find()
        .filter(message::Column::ProjectId.eq(project.uuid()))
        .filter(message::Column::Captured.eq(true));
    messages::page(core, select, after, PageSize::Screen).await
}

/// Captured mail of the portal itself (invitations, links to verify and to reset), newest first. Operator only: its
/// links work for whoever opens them. Field: `after`.
pub async fn list_of_portal(core: &Core, actor: &Actor, after: Option<&str>) -> Result<Page<MessageRow>> {
    projects::authorize_operator(actor)?;
    let select =
        message::Entity::find().filter(message::Column::ProjectId.is_null()).filter(message::Column::Captured.eq(true));
    messages::page(core, select, after, PageSize::Screen).await
}

/// One captured message of the portal itself. Operator only.
pub async fn get_of_portal(core: &Core, actor: &Actor, id: MessageId) -> Result<CapturedMessage> {
    let (row, raw) = open_of_portal(core, actor, id).await?;
    read(core, row, raw).await
}

/// The HTML part of a captured message of the portal itself. Operator only.
pub async fn html_of_portal(core: &Core, actor: &Actor, id: MessageId) -> Result<String> {
    let (_, raw) = open_of_portal(core, actor, id).await?;
    parsed(raw, html_part).await
}

/// An attachment of a captured message of the portal itself, as [`attachment`] gives it. Operator only.
pub async fn attachment_of_portal(
    core: &Core,
    actor: &Actor,
    id: MessageId,
    place: usize,
) -> Result<(String, String, Vec<u8>)> {
    let (_, raw) = open_of_portal(core, actor, id).await?;
    parsed(raw, move |message| attachment_in(message, place)).await
}

/// One captured message. Member.
pub async fn get(core: &Core, actor: &Actor, project: &Slug, id: MessageId) -> Result<CapturedMessage> {
    let (row, raw) = open(core, actor, project, id).await?;
    read(core, row, raw).await
}

async fn read(core: &Core, row: message::Model, raw: Vec<u8>) -> Result<CapturedMessage> {
    let parts = |message: &Message<'_>| {
        let text = message.text_body.iter().filter_map(|&part| message.parts.get(part as usize)).find_map(plain_text);
        let attachments = message.attachments().enumerate().map(|(place, part)| attached(place, part));
        Some((as_written(message, "To"), text, html_part(message).is_some(), attachments.collect::<Vec<_>>()))
    };
    let (to, text, has_html, attachments) = parsed(raw, parts).await?;
    let recipients: Vec<String> = recipient::Entity::find()
        .select_only()
        .column(recipient::Column::Address)
        .filter(recipient::Column::MessageId.eq(row.id))
        .order_by_asc(recipient::Column::Id)
        .limit(RECIPIENTS_MOST)
        .into_tuple()
        .all(core.db.read())
        .await?;
    Ok(CapturedMessage {
        id: MessageId::from_uuid(row.id),
        accepted_at: Timestamp(row.accepted_at),
        reverse_path: ReversePath::parse(&row.reverse_path).map_err(Error::internal)?,
        recipients: recipients.iter().filter_map(|address| EmailAddress::parse(address).ok()).collect(),
        to,
        subject: row.subject.clone(),
        text,
        has_html,
        attachments,
        headers: messages::headers(core, &row).await?,
        from: row.header_from,
    })
}

/// Its HTML part as written (to be served in a sandbox). Member.
pub async fn html(core: &Core, actor: &Actor, project: &Slug, id: MessageId) -> Result<String> {
    let (_, raw) = open(core, actor, project, id).await?;
    parsed(raw, html_part).await
}

/// An attachment by its place (from 0): safe name, media type, octets. Member.
pub async fn attachment(
    core: &Core,
    actor: &Actor,
    project: &Slug,
    id: MessageId,
    place: usize,
) -> Result<(String, String, Vec<u8>)> {
    let (_, raw) = open(core, actor, project, id).await?;
    parsed(raw, move |message| attachment_in(message, place)).await
}

fn attachment_in(message: &Message<'_>, place: usize) -> Option<(String, String, Vec<u8>)> {
    let part = message.attachments().nth(place)?;
    let Attachment { name, media_type, .. } = attached(place, part);
    Some((name, media_type, part.contents().to_vec()))
}

async fn open(core: &Core, actor: &Actor, project: &Slug, id: MessageId) -> Result<(message::Model, Vec<u8>)> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    let row = messages::find(core, project, id).await?;
    if !row.captured {
        return Err(Error::NotFound);
    }
    let raw = outgoing::whole(core, &row).await?;
    Ok((row, raw))
}

async fn open_of_portal(core: &Core, actor: &Actor, id: MessageId) -> Result<(message::Model, Vec<u8>)> {
    projects::authorize_operator(actor)?;
    let select = message::Entity::find_by_id(id.uuid())
        .filter(message::Column::ProjectId.is_null())
        .filter(message::Column::Captured.eq(true));
    let row = select.one(core.db.read()).await?.ok_or(Error::NotFound)?;
    let raw = outgoing::whole(core, &row).await?;
    Ok((row, raw))
}

/// Parses a message and reads something of it; `NotFound` when that is not there. Who wrote the message decides how
/// long this takes, so it is done on a thread that serves nobody else.
async fn parsed<T: Send + 'static>(
    raw: Vec<u8>,
    read: impl FnOnce(&Message<'_>) -> Option<T> + Send + 'static,
) -> Result<T> {
    let parse = move || {
        let message = MessageParser::default().parse(&raw);
        let message = message.ok_or_else(|| Error::internal("a kept message cannot be parsed"))?;
        read(&message).ok_or(Error::NotFound)
    };
    tokio::task::spawn_blocking(parse).await.map_err(Error::internal)?
}

/// Text that was sent as text; HTML is not turned into it.
fn plain_text(part: &mail_parser::MessagePart<'_>) -> Option<String> {
    if part.is_text_html() {
        return None;
    }
    part.text_contents().map(|text| text.chars().take(TEXT_MOST).collect())
}

fn html_part(parsed: &Message<'_>) -> Option<String> {
    let parts = parsed.html_body.iter().filter_map(|&part| parsed.parts.get(part as usize));
    parts.filter(|part| part.is_text_html()).find_map(|part| part.text_contents()).map(str::to_owned)
}

fn as_written(parsed: &Message<'_>, name: &str) -> String {
    parsed.header_raw(name).map(|value| value.replace("\r\n", "").trim().to_owned()).unwrap_or_default()
}

fn attached(place: usize, part: &mail_parser::MessagePart<'_>) -> Attachment {
    Attachment {
        name: safe_name(part.attachment_name().unwrap_or_default(), place),
        media_type: media_type(part),
        size: part.contents().len() as u64,
    }
}

/// A file name for a download: letters, digits and `-_. ` alone, never a path, never hidden, 100 characters.
fn safe_name(name: &str, place: usize) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let harmless = |c: char| if c.is_alphanumeric() || "-_. ".contains(c) { c } else { '_' };
    let name: String = last.chars().map(harmless).take(100).collect();
    let name = name.trim_matches([' ', '.']);
    if name.is_empty() { format!("attachment-{}", place + 1) } else { name.to_owned() }
}

/// The declared media type when it is made of tokens (RFC 2045 §5.1), else `application/octet-stream`.
fn media_type(part: &mail_parser::MessagePart<'_>) -> String {
    let token = |text: &str| {
        !text.is_empty() && text.len() <= 80 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-+._".contains(&b))
    };
    let declared = part.content_type().map(|kind| (kind.ctype(), kind.subtype().unwrap_or_default()));
    match declared {
        Some((kind, sub)) if token(kind) && token(sub) => format!("{kind}/{sub}").to_lowercase(),
        _ => "application/octet-stream".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        queue,
        submission::{self, Arrival, Submission},
        test_support::{Test, word},
    };
    use relay_types::message::{Attempt, Outcome};

    /// Mail of the portal with an HTML part and an attachment, captured.
    async fn mail_of_portal(test: &Test) -> MessageId {
        let content = "From: relaykeep@example.org\r\nTo: a@e.example\r\nSubject: parts\r\nMIME-Version: 1.0\r\n\
            Content-Type: multipart/mixed; boundary=b\r\n\r\n\
            --b\r\nContent-Type: text/html\r\n\r\n<p>hello</p>\r\n\
            --b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=a.csv\r\n\r\n1,2\r\n--b--\r\n";
        let submission = Submission {
            arrival: Arrival::System,
            reverse_path: ReversePath::Null,
            recipients: vec![EmailAddress::parse("a@e.example").expect("an address")],
            terms: Default::default(),
            smtputf8: false,
            content: content.as_bytes().to_vec().into(),
        };
        let accepted = submission::accept(&test.core, &Actor::System, submission).await.expect("an answer");
        for claim in queue::claim(&test.core, 10, 10, &[]).await.expect("claims") {
            let attempt = Attempt {
                number: 1,
                started_at: test.core.now(),
                milliseconds: 0,
                host: None,
                address: None,
                tls: None,
                passes_reports_on: false,
                dialogue: Vec::new(),
                outcomes: Vec::new(),
            };
            queue::record(&test.core, claim.message_id, attempt, vec![(claim, Outcome::Captured)]).await.expect("kept");
        }
        accepted.expect("accepted")
    }

    #[tokio::test]
    async fn operators_alone_read_the_parts_of_portal_mail() {
        let test = Test::with(|config| config.route = crate::config::PlatformRoute::Capture).await;
        let (project, slug) = test.project("physics").await;
        let (core, id) = (&test.core, mail_of_portal(&test).await);
        assert_eq!(html_of_portal(core, &Actor::System, id).await.expect("the HTML").trim(), "<p>hello</p>");
        let (name, kind, content) = attachment_of_portal(core, &Actor::System, id, 0).await.expect("the attachment");
        assert_eq!((name.as_str(), kind.as_str(), content.trim_ascii()), ("a.csv", "text/csv", &b"1,2"[..]));
        assert_eq!(word(&attachment_of_portal(core, &Actor::System, id, 1).await), "NotFound");
        let cast = test.cast(project, &slug).await;
        for (actor, _) in cast.refused(Access::Operate) {
            let expected = if matches!(actor, Actor::Anonymous { .. }) { "SignedOut" } else { "Forbidden" };
            assert_eq!(word(&html_of_portal(core, actor, id).await), expected, "{actor:?}");
            assert_eq!(word(&attachment_of_portal(core, actor, id, 0).await), expected, "{actor:?}");
        }
    }

    #[tokio::test]
    async fn a_message_is_parsed_aside() {
        let thread = || std::thread::current().id();
        let parsing = parsed(b"Subject: x\r\n\r\nbody\r\n".to_vec(), move |_| Some(thread())).await;
        assert_ne!(parsing.expect("parsed"), thread());
    }

    #[test]
    fn names_of_attachments_are_safe() {
        for (name, safe) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\temp\\x.exe", "x.exe"),
            (".bashrc", "bashrc"),
            ("a\r\nSet-Cookie: x", "a__Set-Cookie_ x"),
            ("\"><script>", "___script_"),
            ("", "attachment-3"),
            ("..", "attachment-3"),
            ("Übersicht 1.pdf", "Übersicht 1.pdf"),
        ] {
            assert_eq!(safe_name(name, 2), safe, "{name:?}");
        }
    }
}
