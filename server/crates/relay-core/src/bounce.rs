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
    message::{Attempt, Cause, EventKind, MessageId, Outcome},
    project::ProjectId,
    reply::Reply,
    terms::{MessageTerms, Report, Ret, TlsTerm},
};
use sea_orm::{DatabaseTransaction, EntityTrait};

/// What a notification needs besides the failure; gathered before the transaction, so that nothing waits inside it.
pub(crate) struct Material {
    /// The destination of the reverse-path's domain.
    destination: String,
    /// The original's header section as sent.
    headers: Vec<u8>,
    /// The whole of it, when a failure shall return that.
    whole: Option<Vec<u8>>,
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
    let headers = outgoing::headers(core, &original).await?;
    let whole = if returns_whole(&original, &headers) { Some(outgoing::whole(core, &original).await?) } else { None };
    Ok(Some(Material {
        destination: queue::destination(&way, to.domain()),
        headers,
        whole,
        link,
        signature: signing::plan(core, project, &core.config.hostname).await?,
    }))
}

/// Octets of a message that is returned whole; of a larger one, and of one that cannot stand in a report as it is, the
/// header is (RFC 3461 §6.2).
const WHOLE_MOST: i64 = 256 * 1024;

fn returns_whole(original: &message::Model, headers: &[u8]) -> bool {
    let terms: MessageTerms = kept::terms(original.terms.as_deref());
    let fits = original.size <= WHOLE_MOST && headers.is_ascii() && !terms.binary;
    // RFC 8689 §5: what was to go in secret is not sent back.
    fits && terms.ret == Some(Ret::Full) && terms.tls != TlsTerm::Required
}

/// The facts of one recipient's success, and how it is told; none when the sender did not ask, or when the next hop
/// was asked to tell.
pub(crate) fn success(
    claimed: &Claimed,
    outcome: &Outcome,
    attempt: &Attempt,
    now: Timestamp,
) -> Option<(Action, Fate)> {
    let (action, reply, theirs) = match outcome {
        _ if !claimed.terms.wants(Report::Success) => return None,
        Outcome::Delivered(_) if attempt.passes_reports_on => return None,
        Outcome::Delivered(reply) => (Action::Relayed, reply.clone(), true),
        Outcome::Captured => (Action::Delivered, Reply::new(250, (2, 1, 5), "Captured on this machine"), false),
        Outcome::TempFail(_) | Outcome::PermFail(_) => return None,
    };
    let host = attempt.host.clone();
    let original = claimed.terms.orcpt.clone();
    let address = claimed.address.clone();
    Some((action, Fate { address, original, reply, theirs, host, at: now, until: claimed.expires_at }))
}

/// Tells of successes inside their transaction; returns the line for the original's story. Nobody is told where there
/// is nobody to tell: a sender that wants to hear has a reverse-path.
pub(crate) async fn of_success(
    core: &Core,
    transaction: &DatabaseTransaction,
    original: &message::Model,
    action: Action,
    fates: &[Fate],
    material: Option<&Material>,
    now: Timestamp,
) -> Result<Option<EventKind>> {
    let (Ok(to), Some(material)) = (recipient(original), material) else { return Ok(None) };
    let notification = tell(core, transaction, original, action, &to, fates, material, now).await?;
    Ok(Some(EventKind::SuccessNotified { notification }))
}

/// The facts of one recipient's failure.
pub(crate) fn fate(claimed: &Claimed, cause: &Cause, attempt: &Attempt, now: Timestamp) -> Fate {
    Fate {
        address: claimed.address.clone(),
        original: claimed.terms.orcpt.clone(),
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
    let terms: MessageTerms = kept::terms(original.terms.as_deref());
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
        envid: terms.envid.as_ref(),
        headers: &material.headers,
        // RFC 3461 §4.3: of a failure alone.
        whole: material.whole.as_deref().filter(|_| action == Action::Failed),
    };
    let content = notification.write();
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
        limits: Vec::new(),
        body: None,
        // RFC 8689 §5: a report goes no less protected than what it is about.
        terms: MessageTerms {
            tls: if terms.tls == TlsTerm::Required { TlsTerm::Required } else { TlsTerm::Usual },
            ..MessageTerms::default()
        },
        recipient_terms: Vec::new(),
    };
    kept::insert(core, transaction, &[&new]).await?;
    Ok(new.id)
}
