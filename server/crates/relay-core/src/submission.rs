//! The door for what is handed in: by SMTP and by portal mail ([`accept`]), and test messages, which their page has
//! judged ([`accept_judged`]). Notifications are written by `bounce`, inside the transaction that records the failure.

pub(crate) mod authors;
pub mod content;
mod draft;
pub(crate) mod header;
pub(crate) mod kept;
mod mailboxes;
pub(crate) mod prefix;
pub(crate) mod signing;

pub use content::{Arriving, Content, remove_abandoned};
pub(crate) use draft::Draft;

use crate::{
    Actor, Core, Error, Result,
    commit::{self, Done, Work},
    limits::kept::Subject,
    policy::{self, Rejection},
    queue::{self, Heard, cut_through, handover, outgoing},
    routes::{self, Way},
};
use authors::Authors;
use content::Fault;
use header::{Ambiguous, HeaderSection};
use kept::{NewMessage, Origin};
use relay_types::{
    EmailAddress, ReversePath,
    message::MessageId,
    project::ProjectId,
    refusal::Rule,
    terms::{Hold, MessageTerms, RecipientTerms},
};
use std::{net::IpAddr, time::Duration};

/// How a message came in, for Received and the timeline.
#[derive(Debug, Clone)]
pub enum Arrival {
    /// By SMTP.
    Smtp {
        /// Name of the listener.
        listener: String,
        /// Its host name (the `by` of Received).
        hostname: String,
        /// The client's address.
        client: IpAddr,
        /// HELO or EHLO name.
        helo: String,
        /// EHLO was used, not HELO.
        esmtp: bool,
        /// `TLS 1.3`, when encrypted.
        tls: Option<String>,
        /// SASL mechanism, when authenticated.
        mechanism: Option<String>,
    },
    /// From a page of the portal.
    Portal,
    /// Made here.
    System,
}

/// What was asked for beside the envelope; the default for most mail.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// Of the message as a whole.
    pub message: MessageTerms,
    /// Of each recipient, in their order; none when nothing was asked of any.
    pub recipients: Vec<RecipientTerms>,
    /// How long it shall wait here.
    pub hold: Option<Hold>,
}

/// A message as handed in: envelope and content, dots unstuffed. Lines end with CRLF; only the body of one whose terms
/// say `binary` may have others.
#[derive(Debug, Clone)]
pub struct Submission {
    /// How it came.
    pub arrival: Arrival,
    /// Reverse-path.
    pub reverse_path: ReversePath,
    /// Forward-paths, at least one.
    pub recipients: Vec<EmailAddress>,
    /// What was asked for.
    pub terms: Terms,
    /// SMTPUTF8 was declared.
    pub smtputf8: bool,
    /// Header section and body.
    pub content: Content,
}

/// More Received lines are taken for a loop (RFC 5321 §6.3).
const HOPS: usize = 100;

/// Judges the header, adds what is missing, signs, and keeps it durably with its recipients due now.
///
/// When it returns the id, the message is on disk (one commit, shared with others that wait). `Err(Unavailable)`:
/// nothing was kept.
pub async fn accept(
    core: &Core,
    actor: &Actor,
    submission: Submission,
) -> Result<std::result::Result<MessageId, Rejection>> {
    let kept = accept_awaited(core, actor, submission, Patience::None).await?;
    Ok(kept.map(|(id, _)| id))
}

/// As [`accept`], and when the actor's account is one whose programs wait for the next hop (cut-through), what that
/// says within `patience`; none for every other account.
///
/// The message is on disk before the wait begins: a crash in it loses nothing.
pub async fn accept_through(
    core: &Core,
    actor: &Actor,
    submission: Submission,
    patience: Duration,
) -> Result<std::result::Result<(MessageId, Option<Heard>), Rejection>> {
    // What is to be released later is not waited for.
    let waits = submission.terms.hold.is_none() && policy::waits_for_next_hop(core, actor).await?;
    let patience = if waits { Patience::For(patience) } else { Patience::None };
    accept_awaited(core, actor, submission, patience).await
}

/// How long a session waits for the next hop.
#[derive(Clone, Copy)]
enum Patience {
    None,
    For(Duration),
}

async fn accept_awaited(
    core: &Core,
    actor: &Actor,
    submission: Submission,
    patience: Patience,
) -> Result<std::result::Result<(MessageId, Option<Heard>), Rejection>> {
    let (project, origin) = match actor {
        Actor::ServiceAccount { id, project_id, label, .. } => {
            (Some(*project_id), Origin { source: "service_account", id: Some(id.uuid()), label: label.clone() })
        }
        Actor::TrustedNetwork { id, project_id, label } => {
            (Some(*project_id), Origin { source: "network", id: Some(id.uuid()), label: label.clone() })
        }
        Actor::System => (None, Origin::system()),
        // People submit from pages, by `messages::send_test`, for one of their projects.
        Actor::User { .. } | Actor::ApiToken { .. } => return Err(Error::Forbidden),
        Actor::Anonymous { .. } => return Err(Error::SignedOut),
    };
    let authors = match read(core, &submission) {
        Ok(authors) => authors,
        Err(rejection) => return Ok(Err(rejection)),
    };
    if let Err(rejection) = policy::judge_header(core, actor, &authors.from, authors.sender.as_ref()).await? {
        return Ok(Err(rejection));
    }
    let limits = policy::limited(core, actor).await?;
    keep(core, project, origin, limits, &authors, submission, patience).await
}

/// As [`accept`], for a message whose project, origin and addresses the caller has judged.
pub(crate) async fn accept_judged(
    core: &Core,
    project: Option<ProjectId>,
    origin: Origin,
    submission: Submission,
) -> Result<std::result::Result<MessageId, Rejection>> {
    let limits = match project.filter(|_| origin != Origin::system()) {
        Some(project) => policy::limited_of_project(core, project).await?,
        None => Vec::new(),
    };
    match read(core, &submission) {
        Ok(authors) => {
            let kept = keep(core, project, origin, limits, &authors, submission, Patience::None).await?;
            Ok(kept.map(|(id, _)| id))
        }
        Err(rejection) => Ok(Err(rejection)),
    }
}

async fn keep(
    core: &Core,
    project: Option<ProjectId>,
    origin: Origin,
    limits: Vec<Subject>,
    authors: &Authors,
    submission: Submission,
    patience: Patience,
) -> Result<std::result::Result<(MessageId, Option<Heard>), Rejection>> {
    let plan = match authors.from.first() {
        Some(first) => signing::plan(core, project, first.domain()).await?,
        None => signing::Plan::Not("The message has no From".to_owned()),
    };
    let recipients = with_destinations(core, project, &submission.recipients).await?;
    // What is in the store already has its id.
    let id = submission.content.body.as_ref().map_or_else(|| core.new_id(), |body| body.message());
    let draft = Draft { id, project, origin, plan, recipients, submission };
    let mut new = draft.finish(core).await?;
    new.limits = limits;
    let (id, count) = (new.id, new.recipients.len());
    // Before it is kept: the workers may have it at once.
    if let Some(outgoing) = outgoing::of_accepted(&new) {
        core.contents.keep(id, &outgoing);
    }
    // Before it is kept, too: its outcome may be there before this goes on.
    let waiting = match patience {
        Patience::None => None,
        Patience::For(patience) => {
            Some((is_one_destination(&new).then(|| cut_through::begin(core, id, count)), patience))
        }
    };
    let place = handover::place(core, &new).map(|(place, claims)| {
        new.claims = claims;
        place
    });
    let is_handed_over = place.is_some();
    if let Done::Over(over) = commit::commit(core, Work::Accept(Box::new(new), place)).await? {
        return Ok(Err(policy::over_limit(over.wait, over.whose)));
    }
    if !is_handed_over {
        core.queue_wake.notify_one();
    }
    metrics::counter!("relaykeep_accepted_total").increment(count as u64);
    let heard = match waiting {
        None => None,
        Some((None, _)) => Some(Heard::Several),
        Some((Some(waiting), patience)) => Some(waiting.heard(patience).await),
    };
    Ok(Ok((id, heard)))
}

/// Whether one next hop speaks for all recipients.
fn is_one_destination(new: &NewMessage) -> bool {
    new.recipients.windows(2).all(|two| two[0].1 == two[1].1)
}

/// What the platform submits to one person. Nobody reads bounces of these; the null reverse-path also ends loops
/// (RFC 3834 §3.3).
pub(crate) fn from_platform(to: &EmailAddress, content: Vec<u8>) -> Submission {
    Submission {
        arrival: Arrival::System,
        reverse_path: ReversePath::Null,
        recipients: vec![to.clone()],
        terms: Terms::default(),
        smtputf8: to.needs_smtputf8(),
        content: content.into(),
    }
}

/// A message of the platform to one person, whose content is written later, in the transaction that keeps it: what can
/// wait is asked before that begins.
pub(crate) async fn of_platform(core: &Core, to: &EmailAddress) -> Result<Draft> {
    let submission = from_platform(to, Vec::new());
    let plan = signing::plan(core, None, core.config.mail_from.domain()).await?;
    let recipients = with_destinations(core, None, &submission.recipients).await?;
    Ok(Draft { id: core.new_id(), project: None, origin: Origin::system(), plan, recipients, submission })
}

/// What can be judged of a message by itself: line ends, size, hops, and from whom it claims to be.
fn read(core: &Core, submission: &Submission) -> std::result::Result<Authors, Rejection> {
    let reject = |rule, detail: Option<String>| Rejection { rule, address: None, detail, wait: None };
    match submission.content.fault(core.config.message_size, submission.terms.message.binary) {
        None => {}
        Some(Fault::TooLarge) => return Err(reject(Rule::TooLarge, None)),
        Some(Fault::HeaderTooLarge) => {
            return Err(reject(Rule::TooLarge, Some("The header is larger than 1 MB".to_owned())));
        }
        Some(Fault::Spoiled) => return Err(reject(Rule::BareLineEnd, None)),
    }
    let ambiguous = |why: Ambiguous| reject(Rule::HeaderAmbiguous, Some(why.0));
    let section = HeaderSection::scan(&submission.content.at_hand).map_err(ambiguous)?;
    if section.named("Received").count() > HOPS {
        return Err(reject(Rule::Loop, None));
    }
    Authors::of(&section).map_err(ambiguous)
}

async fn with_destinations(
    core: &Core,
    project: Option<ProjectId>,
    recipients: &[EmailAddress],
) -> Result<Vec<(EmailAddress, String)>> {
    let simulator = &core.config.simulator_domain;
    let sent = recipients.iter().find(|address| address.domain() != simulator);
    let Some(first) = sent.or(recipients.first()) else {
        return Err(Error::internal("a message without recipients"));
    };
    // Only mail exchangers depend on the recipient's domain; a project's other ways are one for all, but never for
    // simulated recipients.
    let way = routes::way(core, project, first.domain()).await?;
    let of = |address: &EmailAddress| match &way {
        _ if address.domain() == simulator => queue::destination(&Way::Simulator, simulator),
        Way::Mx(_) => queue::destination(&Way::Mx(address.domain().clone()), address.domain()),
        other => queue::destination(other, address.domain()),
    };
    Ok(recipients.iter().map(|address| (address.clone(), of(address))).collect())
}

#[cfg(test)]
mod tests;
