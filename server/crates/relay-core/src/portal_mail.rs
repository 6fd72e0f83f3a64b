//! Mail from the portal: composed with lettre (plain text, links inside), submitted as any other message.
//!
//! The words are in [`texts`]. It decides nothing: who may cause a mail, and how often, is the caller's to judge.

pub(crate) mod health;
pub(crate) mod names;
pub(crate) mod nodes;
mod texts;
pub(crate) mod tickets;

use crate::{
    Actor, Core, Error, Result,
    bounce::digest::Digest,
    one_time_links::Link,
    projects,
    submission::{self, Draft, kept},
    users,
};
use lettre::{
    Address,
    address::Envelope,
    message::{
        Body, Mailbox, Message,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0},
    },
};
use relay_types::{EmailAddress, Timestamp, domain::DomainId, limit::NearLimit, member::Role, project::ProjectId};
use sea_orm::DatabaseTransaction;
use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};
use texts::Text;

/// A link to join a project.
pub(crate) async fn invitation(
    core: &Core,
    to: &EmailAddress,
    by: &Actor,
    project: &str,
    role: Role,
    link: &Link,
) -> Result<()> {
    send(core, to, texts::invitation(&core.config.public_url, by, project, role, &link.url(core))).await
}

/// A link to set a new password, asked for from `client`.
pub(crate) async fn password_reset(core: &Core, to: &EmailAddress, client: Option<IpAddr>, link: &Link) -> Result<()> {
    send(core, to, texts::password_reset(&core.config.public_url, to, client, &link.url(core))).await
}

/// A notice that the password was changed.
pub(crate) async fn password_changed(core: &Core, to: &EmailAddress) -> Result<()> {
    send(core, to, texts::password_changed(&core.config.public_url, to, core.now())).await
}

/// A link to verify a sender address of a project, asked for by `by`.
pub(crate) async fn sender_link(core: &Core, to: &EmailAddress, by: &Actor, project: &str, link: &Link) -> Result<()> {
    send(core, to, texts::sender_link(&core.config.public_url, to, by, project, &link.url(core))).await
}

/// Mails that are written with the transaction of what they tell of.
pub(crate) struct Prepared {
    to: Vec<(EmailAddress, Draft)>,
    text: Text,
}

impl Prepared {
    /// Keeps them.
    pub(crate) async fn keep(self, core: &Core, transaction: &DatabaseTransaction) -> Result<()> {
        keep(core, transaction, self.to, &self.text).await
    }
}

/// The warning to the project's contacts that a verified domain lost its proof, and may be used until then.
pub(crate) async fn domain_unproven(
    core: &Core,
    project: ProjectId,
    domain: &str,
    id: DomainId,
    until: Timestamp,
) -> Result<Prepared> {
    let (name, slug) = (projects::name(core, project).await?, projects::slug(core, project).await?);
    let page = format!("{}/p/{slug}/domains/{id}", core.config.public_url);
    let to = drafts(core, projects::contacts(core, project).await?).await?;
    Ok(Prepared { to, text: texts::domain_unproven(&name, domain, until, &page) })
}

/// The warning that a limit is nearly or wholly used: to the project's contacts, or without a project to operators.
pub(crate) async fn limit_near(core: &Core, project: Option<ProjectId>, near: &NearLimit) -> Result<Prepared> {
    let (whose, page, to) = match project {
        Some(id) => {
            let (name, slug) = (projects::name(core, id).await?, projects::slug(core, id).await?);
            let page = format!("{}/p/{slug}/settings", core.config.public_url);
            (format!("the project {name}"), page, projects::contacts(core, id).await?)
        }
        None => {
            let page = format!("{}/admin/settings", core.config.public_url);
            ("the platform".to_owned(), page, users::operators(core).await?)
        }
    };
    Ok(Prepared { to: drafts(core, to).await?, text: texts::limit_near(&whose, near, &page) })
}

/// A digest of bounces for each contact, kept in the transaction that marks them told.
pub(crate) async fn bounces(
    core: &Core,
    transaction: &DatabaseTransaction,
    to: Vec<(EmailAddress, Draft)>,
    digest: &Digest,
) -> Result<()> {
    keep(core, transaction, to, &texts::bounces(digest)).await
}

/// Composes and submits a plain text mail from the platform to one person.
async fn send(core: &Core, to: &EmailAddress, text: Text) -> Result<()> {
    let content = composed(core, to, &text)?;
    match submission::accept(core, &Actor::System, submission::from_platform(to, content)).await? {
        Ok(_) => Ok(()),
        Err(rejection) => Err(Error::internal(format!("portal mail was refused by {:?}", rejection.rule))),
    }
}

/// A mail to each of these, as it would go out now, to be kept with the transaction of what it tells of.
pub(crate) async fn drafts(core: &Core, to: Vec<EmailAddress>) -> Result<Vec<(EmailAddress, Draft)>> {
    let mut drafts = Vec::with_capacity(to.len());
    for to in to {
        let draft = submission::of_platform(core, &to).await?;
        drafts.push((to, draft));
    }
    Ok(drafts)
}

/// Keeps a mail of these words for each of them.
async fn keep(
    core: &Core,
    transaction: &DatabaseTransaction,
    to: Vec<(EmailAddress, Draft)>,
    text: &Text,
) -> Result<()> {
    for (to, draft) in to {
        let content = composed(core, &to, text)?;
        kept::insert(core, transaction, &[&draft.with_content(core, content)?]).await?;
    }
    Ok(())
}

fn composed(core: &Core, to: &EmailAddress, text: &Text) -> Result<Vec<u8>> {
    let from: Address = core.config.mail_from.to_string().parse().map_err(Error::internal)?;
    // `accept` takes the envelope beside the content; the one lettre insists on goes nowhere.
    let unused = Envelope::new(None, vec![from.clone()]).map_err(Error::internal)?;
    let moment = Duration::from_millis(u64::try_from(core.now().0).unwrap_or_default());
    let message = Message::builder()
        .envelope(unused)
        .from(Mailbox::new(Some("Relaykeep".to_owned()), from))
        .raw_header(to_field(to))
        .subject(&text.subject)
        .date(SystemTime::UNIX_EPOCH + moment)
        .message_id(Some(format!("<{}@{}>", core.new_id::<()>(), core.config.hostname)))
        // No answering machine answers (RFC 3834 §5).
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
        .header(MIME_VERSION_1_0)
        .header(ContentType::TEXT_PLAIN)
        .body(body_of(&text.body));
    Ok(message.map_err(Error::internal)?.formatted())
}

/// Unencoded when it may be (RFC 5322 §2.1.1), so that a link stays whole where mail is read as it is; lettre would
/// break lines of more than 76 octets.
fn body_of(text: &str) -> Body {
    if text.is_ascii() && text.lines().all(|line| line.len() <= 998) {
        let octets = text.replace('\n', "\r\n").into_bytes();
        return Body::dangerous_pre_encoded(octets, ContentTransferEncoding::SevenBit);
    }
    Body::new(text.to_owned())
}

/// `To` as the address is written: lettre knows no quoted local parts, and would encode what SMTPUTF8 leaves as it is
/// (RFC 6532 §3.2). An [`EmailAddress`] has no control characters and at most 320 octets, so it is one line.
fn to_field(to: &EmailAddress) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str("To"), to.to_string(), to.to_string())
}

#[cfg(test)]
mod tests;
