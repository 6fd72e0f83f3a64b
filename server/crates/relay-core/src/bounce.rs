//! What follows from a failure or a delay: who is told, by which notification, or why nobody is.
//!
//! Failures of one attempt are told together, by one DSN to the reverse-path, written in the transaction that records
//! them. Never about a null reverse-path (RFC 5321 §4.5.5), never about a report: of those the project's bounce contact
//! hears by a digest.

pub(crate) mod digest;
pub mod explain;

pub use digest::tell_contacts;

use crate::{
    Core, Result,
    dsn::{Action, Fate, Notification},
    projects,
    queue::{self, Claimed, outgoing},
    routes,
    submission::{
        header::HeaderSection,
        kept::{self, NewMessage, Origin},
        prefix, signing,
    },
    tables::message,
};
use relay_types::{
    EmailAddress, ReversePath, Timestamp,
    message::{Attempt, Cause, EventKind, MessageId},
    project::ProjectId,
};
use sea_orm::{DatabaseTransaction, EntityTrait};

/// What a notification needs besides the failure; gathered before the transaction, so that nothing waits inside it.
pub(crate) struct Material {
    /// The destination of the reverse-path's domain.
    destination: String,
    /// The original's header section as sent.
    headers: Vec<u8>,
    /// The original's page in the portal.
    link: Option<String>,
    /// Signs in the name of this host, when its domain has a key.
    signature: signing::Plan,
}

/// To whom failures of a message are told, or why to nobody.
pub(crate) fn recipient(original: &message::Model) -> std::result::Result<EmailAddress, &'static str> {
    if original.about.is_some() {
        return Err("The message is itself a notification");
    }
    match ReversePath::parse(&original.reverse_path) {
        Ok(ReversePath::Address(address)) => Ok(address),
        Ok(ReversePath::Null) => Err("The reverse-path is null"),
        Err(_) => Err("The reverse-path cannot be read"),
    }
}

/// Gathers what a notification about `id` needs; `None` when nobody would be told.
pub(crate) async fn material(core: &Core, id: MessageId) -> Result<Option<Material>> {
    let Some(original) = message::Entity::find_by_id(id.uuid()).one(core.db.read()).await? else {
        return Ok(None);
    };
    let Ok(to) = recipient(&original) else {
        return Ok(None);
    };
    let project = original.project_id.map(ProjectId::from_uuid);
    let link = match project {
        Some(project) => {
            let slug = projects::slug(core, project).await?;
            Some(format!("{}/p/{slug}/messages/{id}", core.config.public_url))
        }
        None => None,
    };
    let way = routes::way(core, project, to.domain()).await?;
    Ok(Some(Material {
        destination: queue::destination(&way, to.domain()),
        headers: outgoing::headers(core, &original).await?,
        link,
        signature: signing::plan(core, project, &core.config.hostname).await?,
    }))
}

/// The facts of one recipient's failure.
pub(crate) fn fate(claimed: &Claimed, cause: &Cause, attempt: &Attempt, now: Timestamp) -> Fate {
    Fate {
        address: claimed.address.clone(),
        reply: cause.reply().clone(),
        theirs: cause.is_theirs(),
        host: attempt.host.clone(),
        at: now,
        until: claimed.expires_at,
    }
}

/// Tells of failures inside their transaction; returns the line for the original's story.
pub(crate) async fn of_failure(
    core: &Core,
    transaction: &DatabaseTransaction,
    original: &message::Model,
    failed: &[Fate],
    material: Option<&Material>,
    now: Timestamp,
) -> Result<EventKind> {
    let reason = match (recipient(original), material) {
        (Ok(to), Some(material)) => {
            let notification = tell(core, transaction, original, Action::Failed, &to, failed, material, now).await?;
            return Ok(EventKind::FailureNotified { notification });
        }
        (Ok(_), None) => "What a notification needs was not at hand",
        (Err(reason), _) => reason,
    };
    let noted = digest::note(transaction, original, now).await?;
    let who = if noted { "the project's bounce contact hears of it within an hour or so" } else { "nobody is told" };
    Ok(EventKind::NotNotified { reason: format!("{reason}; {who}") })
}

/// Keeps a notification to `to`, due now.
#[expect(clippy::too_many_arguments, reason = "each is another fact of the notification")]
pub(crate) async fn tell(
    core: &Core,
    transaction: &DatabaseTransaction,
    original: &message::Model,
    action: Action,
    to: &EmailAddress,
    fates: &[Fate],
    material: &Material,
    now: Timestamp,
) -> Result<MessageId> {
    let notification = Notification {
        id: core.new_id(),
        action,
        hostname: &core.config.hostname,
        to,
        now,
        about: MessageId::from_uuid(original.id),
        message_id: &original.message_id,
        arrived: Timestamp(original.accepted_at),
        link: material.link.as_deref(),
        fates,
        headers: &material.headers,
    };
    let content = notification.write().into_bytes();
    let (fields, event) = match HeaderSection::scan(&content) {
        Ok(section) => {
            let body = || signing::BodyHash::of(&content[section.body..]);
            material.signature.sign("", &section, &content[..section.body], body)
        }
        Err(why) => (String::new(), EventKind::NotSigned { reason: why.0 }),
    };
    let arrived = EventKind::Accepted {
        tls: None,
        mechanism: None,
        listener: "notification".to_owned(),
        client: None,
        helo: None,
    };
    let arrival = crate::submission::Arrival::System;
    let received = prefix::received(
        &arrival,
        core.config.hostname.as_str(),
        notification.id,
        std::slice::from_ref(to),
        false,
        now,
    );
    let new = NewMessage {
        id: notification.id,
        project: original.project_id.map(ProjectId::from_uuid),
        accepted_at: now,
        lifetime: core.config.queue_lifetime,
        origin: Origin::system(),
        reverse_path: ReversePath::Null,
        header_from: notification.from(),
        subject: notification.subject().to_owned(),
        message_id: format!("<{}@{}>", notification.id, core.config.hostname),
        recipients: vec![(to.clone(), material.destination.clone())],
        smtputf8: to.needs_smtputf8(),
        prefix: format!("{received}{fields}").into_bytes(),
        content,
        about: Some(notification.about),
        events: vec![arrived, event],
        claims: Vec::new(),
        body: None,
    };
    kept::insert(core, transaction, &[&new]).await?;
    Ok(new.id)
}
