//! Which addresses an actor may put in reverse-path, From and Sender, and to whom it may send. The one place that decides.
//!
//! What is stored is read through `rules`: what this node changed holds for the next command, what another one changed a
//! second later at most. That a suppression list is empty is remembered, too; one with
//! anybody on it is asked for every recipient: one read by its unique index.
//!
//! The null reverse-path (RFC 5321 §4.5.5): a service account needs leave to use it; a trusted network does not, because
//! behind it is a mail server that must be able to pass on its notifications.

mod sender;
mod submitter;

use crate::{
    Actor, Core, Result,
    limits::{
        self,
        kept::Subject,
        new_recipients::{self, Room},
    },
    members, platform, suppressions,
    uses::Used,
};
use relay_types::{
    EmailAddress, ReversePath, limit::Limits, project::ProjectId, refusal::Rule, service_account::AllowedSenders,
    simulator::Simulated,
};

pub use crate::limits::new_recipients::NewSoFar;
pub(crate) use sender::{SenderStanding, VerifiedNames, judge_sender};
pub(crate) use submitter::Submitters;
use submitter::{Submitter, Who};

/// A refusal by policy, before it is a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The rule that refuses.
    pub rule: Rule,
    /// The address it is about, when there is one.
    pub address: Option<String>,
    /// More in words: the suspension's reason, what is ambiguous in the header.
    pub detail: Option<String>,
    /// Seconds to wait, for limits.
    pub wait: Option<u64>,
}

impl Rejection {
    /// By `rule` alone.
    pub(crate) fn new(rule: Rule) -> Self {
        Self { rule, address: None, detail: None, wait: None }
    }

    /// With more in words.
    pub(crate) fn detail(self, words: impl Into<String>) -> Self {
        Self { detail: Some(words.into()), ..self }
    }

    /// About an address.
    pub(crate) fn about(self, address: &EmailAddress) -> Self {
        Self { address: Some(address.to_string()), ..self }
    }
}

/// A verdict of policy: `Ok(Err(…))` is a refusal, `Err(…)` is no verdict (the store cannot be reached).
pub type Verdict<T> = Result<std::result::Result<T, Rejection>>;

/// At MAIL: is the project active, the actor still allowed in, the platform not paused, the reverse-path verified and
/// allowed?
pub async fn judge_mail(core: &Core, actor: &Actor, reverse_path: &ReversePath) -> Verdict<()> {
    let submitter = match submitter::of(core, actor).await? {
        Who::Relaykeep => return Ok(Ok(())),
        Who::Nobody => return Ok(Err(Rejection::new(Rule::AuthenticationRequired))),
        Who::Barred(rejection) => return Ok(Err(rejection)),
        Who::Submitter(submitter) => submitter,
    };
    if let Err(rejection) = judge_platform(core).await? {
        return Ok(Err(rejection));
    }
    judge_reverse_path(core, &submitter, reverse_path).await
}

/// Whether sessions of this actor wait for what the next hop says: the cut-through of its account.
pub(crate) async fn waits_for_next_hop(core: &Core, actor: &Actor) -> Result<bool> {
    Ok(matches!(submitter::of(core, actor).await?, Who::Submitter(submitter) if submitter.cut_through))
}

/// At RCPT, the `already`-th recipient of the transaction (0 for the first): sandbox, suppression list, limits. Those of
/// its recipients that are new to the project are gathered in `new`.
pub async fn judge_rcpt(
    core: &Core,
    actor: &Actor,
    recipient: &EmailAddress,
    already: usize,
    new: &mut NewSoFar,
) -> Verdict<()> {
    match submitter::of(core, actor).await? {
        Who::Relaykeep => Ok(Ok(())),
        Who::Nobody => Ok(Err(Rejection::new(Rule::AuthenticationRequired))),
        Who::Barred(rejection) => Ok(Err(rejection)),
        Who::Submitter(submitter) => judge_recipient(core, &submitter, recipient, already, new).await,
    }
}

/// At end of data: every mailbox of From, and Sender.
pub async fn judge_header(
    core: &Core,
    actor: &Actor,
    from: &[EmailAddress],
    sender: Option<&EmailAddress>,
) -> Verdict<()> {
    let submitter = match submitter::of(core, actor).await? {
        Who::Relaykeep => return Ok(Ok(())),
        Who::Nobody => return Ok(Err(Rejection::new(Rule::AuthenticationRequired))),
        Who::Barred(rejection) => return Ok(Err(rejection)),
        Who::Submitter(submitter) => submitter,
    };
    if let Err(rejection) = judge_mailboxes(core, &submitter, from, sender).await? {
        return Ok(Err(rejection));
    }
    if let Actor::TrustedNetwork { id, .. } = actor {
        core.uses.note(Used::Network(id.uuid()), core.now());
    }
    Ok(Ok(()))
}

/// All of the above for a message that a member sends from the portal: reverse-path and From are the same address, and
/// every verified sender of the project is allowed. Who asks was authorized before.
pub(crate) async fn judge_portal(
    core: &Core,
    project: ProjectId,
    from: &EmailAddress,
    recipients: &[EmailAddress],
) -> Verdict<()> {
    let submitter = submitter::of_project(core, project).await?;
    if let Err(rejection) = submitter.admitted() {
        return Ok(Err(rejection));
    }
    if let Err(rejection) = judge_platform(core).await? {
        return Ok(Err(rejection));
    }
    if let Err(rejection) = judge_reverse_path(core, &submitter, &ReversePath::Address(from.clone())).await? {
        return Ok(Err(rejection));
    }
    let mut new = NewSoFar::default();
    for (already, recipient) in recipients.iter().enumerate() {
        if let Err(rejection) = judge_recipient(core, &submitter, recipient, already, &mut new).await? {
            return Ok(Err(rejection));
        }
    }
    Ok(Ok(()))
}

/// While the platform is paused it takes no mail of any project.
async fn judge_platform(core: &Core) -> Verdict<()> {
    let pause = platform::pause_of_now(core).await?;
    Ok(pause.map_or(Ok(()), |pause| Err(Rejection::new(Rule::Paused).detail(pause.reason))))
}

async fn judge_reverse_path(core: &Core, submitter: &Submitter, reverse_path: &ReversePath) -> Verdict<()> {
    match reverse_path {
        ReversePath::Null if submitter.may_notify => Ok(Ok(())),
        ReversePath::Null => Ok(Err(Rejection::new(Rule::NullReversePath))),
        ReversePath::Address(address) => {
            let standing = judge_sender(core, submitter.project, &submitter.allowed_senders, address).await?;
            Ok(verdict(standing, address, Rule::ReversePathNotVerified, Rule::ReversePathNotAllowed))
        }
    }
}

async fn judge_recipient(
    core: &Core,
    submitter: &Submitter,
    recipient: &EmailAddress,
    already: usize,
    new: &mut NewSoFar,
) -> Verdict<()> {
    // Mail to the simulator leaves nowhere, so anyone may send it.
    if recipient.domain() == &core.config.simulator_domain {
        if Simulated::of(recipient, &core.config.simulator_domain) == Some(Simulated::Suppressed) {
            let detail = suppressions::simulated_words(core.now());
            return Ok(Err(Rejection::new(Rule::SuppressedRecipient).about(recipient).detail(detail)));
        }
        return judge_limits(core, submitter, recipient, already, new).await;
    }
    if submitter.sandbox && !is_verified_recipient(core, submitter.project, recipient).await? {
        return Ok(Err(Rejection::new(Rule::Sandbox).about(recipient)));
    }
    if let Some(found) = suppressions::of_address(core, submitter.project, recipient).await? {
        let detail = suppressions::words(&found);
        return Ok(Err(Rejection::new(Rule::SuppressedRecipient).about(recipient).detail(detail)));
    }
    judge_limits(core, submitter, recipient, already, new).await
}

async fn judge_limits(
    core: &Core,
    submitter: &Submitter,
    recipient: &EmailAddress,
    already: usize,
    new: &mut NewSoFar,
) -> Verdict<()> {
    let more = already as u64 + 1;
    let platform = limits::platform::platform_limits(core).await?;
    let (mut waits, mut is_new) = (Vec::new(), None);
    for subject in limited_by(submitter, platform) {
        waits.push((limits::wait(core, subject.id, subject.limits, more).await?, subject.over));
        match new_recipients::room(core, subject.id, subject.limits.new_per_day, recipient, new).await? {
            Room::NotNeeded => {}
            Room::For(recipient) => is_new = Some(recipient),
            Room::After(wait) => waits.push((Some(wait), limits::OVER_NEW)),
        }
    }
    waits.push((limits::platform::platform_wait(core, platform, more).await?, "Over the limit of the platform"));
    // The longest wait is the one that helps; of equal ones the first is said.
    let worst = waits.into_iter().rev().filter_map(|(wait, whose)| Some((wait?, whose))).max_by_key(|(wait, _)| *wait);
    if let Some((wait, whose)) = worst {
        return Ok(Err(over_limit(wait, whose).about(recipient)));
    }
    if let Some(recipient) = is_new {
        new.add(recipient);
    }
    Ok(Ok(()))
}

/// Over a limit, with the wait in seconds.
pub(crate) fn over_limit(wait: u64, whose: &str) -> Rejection {
    Rejection { wait: Some(wait), ..Rejection::new(Rule::Limit).detail(whose) }
}

/// Who must have room for what the actor hands in, when it is kept.
pub(crate) async fn limited(core: &Core, actor: &Actor) -> Result<Vec<Subject>> {
    Ok(match submitter::of(core, actor).await? {
        Who::Submitter(submitter) => limited_by(&submitter, limits::platform::platform_limits(core).await?),
        Who::Relaykeep | Who::Nobody | Who::Barred(_) => Vec::new(),
    })
}

/// As [`limited`], of what is handed in for a project in the portal.
pub(crate) async fn limited_of_project(core: &Core, project: ProjectId) -> Result<Vec<Subject>> {
    let submitter = submitter::of_project(core, project).await?;
    Ok(limited_by(&submitter, limits::platform::platform_limits(core).await?))
}

/// The project and the account, as far as they have limits.
fn limited_by(submitter: &Submitter, platform: Limits) -> Vec<Subject> {
    let mut of_project = submitter.limits;
    of_project.new_per_day = of_project.new_per_day.or(platform.new_per_day);
    let project = Subject { id: submitter.project.uuid(), limits: of_project, over: "Over the limit of the project" };
    let account = submitter.account.map(|(id, limits)| {
        let over = "Over the limit of the service account";
        Subject { id: id.uuid(), limits, over }
    });
    [Some(project), account].into_iter().flatten().filter(|one| one.limits != Limits::default()).collect()
}

/// In the sandbox: the project's own verified addresses and domains, and its members.
async fn is_verified_recipient(core: &Core, project: ProjectId, recipient: &EmailAddress) -> Result<bool> {
    if judge_sender(core, project, &AllowedSenders::All, recipient).await? == SenderStanding::Allowed {
        return Ok(true);
    }
    members::is_member_address(core, project, recipient).await
}

async fn judge_mailboxes(
    core: &Core,
    submitter: &Submitter,
    from: &[EmailAddress],
    sender: Option<&EmailAddress>,
) -> Verdict<()> {
    if from.is_empty() {
        return Ok(Err(Rejection::new(Rule::HeaderAmbiguous).detail("There is no address in From")));
    }
    let all: Vec<&EmailAddress> = from.iter().chain(sender).collect();
    let verified = sender::verified(core, submitter.project, &all).await?;
    let judge = |address: &EmailAddress, not_verified, not_allowed| {
        let standing = sender::standing(&verified, &submitter.allowed_senders, address);
        verdict(standing, address, not_verified, not_allowed)
    };
    for address in from {
        if let Err(rejection) = judge(address, Rule::FromNotVerified, Rule::FromNotAllowed) {
            return Ok(Err(rejection));
        }
    }
    Ok(sender.map_or(Ok(()), |address| judge(address, Rule::SenderNotVerified, Rule::SenderNotAllowed)))
}

fn verdict(
    standing: SenderStanding,
    address: &EmailAddress,
    not_verified: Rule,
    not_allowed: Rule,
) -> std::result::Result<(), Rejection> {
    match standing {
        SenderStanding::Allowed => Ok(()),
        SenderStanding::NotVerified => Err(Rejection::new(not_verified).about(address)),
        SenderStanding::NotAllowed => Err(Rejection::new(not_allowed).about(address)),
    }
}

#[cfg(test)]
mod tests;
