//! What the failures of a message mean, for its page: the causes are in its story, the rest is looked up here.

use crate::{
    Actor, Core, Result,
    bounce::explain::{self, Context, SenderDomain},
    domains, egress, projects,
    tables::message,
};
use relay_types::{
    DomainName,
    message::{Cause, Event, EventKind, Outcome, Recipient, RecipientState},
    project::{ProjectId, Slug},
};

/// Explains each recipient that failed or waits after a failure.
pub(super) async fn explain(
    core: &Core,
    actor: &Actor,
    slug: &Slug,
    row: &message::Model,
    events: &[Event],
    recipients: &mut [Recipient],
) -> Result<()> {
    let failed = |one: &Recipient| {
        one.last_reply.is_some()
            && matches!(one.state, RecipientState::Bounced | RecipientState::Due | RecipientState::Held)
    };
    if !recipients.iter().any(failed) {
        return Ok(());
    }
    let mut context = Context {
        slug: slug.clone(),
        operator: projects::authorize_operator(actor).is_ok(),
        recipient: None,
        domain: sender_domain(core, row).await?,
        egress: egress::addresses(core.db.read()).await?,
    };
    for one in recipients.iter_mut().filter(|one| failed(one)) {
        context.recipient = Some(one.address.clone());
        one.explained = match (last_cause(events, one), &one.last_reply) {
            (Some(cause), _) => Some(explain::explain(cause, &context)),
            (None, Some(line)) => Some(explain::explain_line(line, &context)),
            (None, None) => None,
        };
    }
    Ok(())
}

/// Of the last attempt for this recipient, when the story has it.
fn last_cause<'a>(events: &'a [Event], one: &Recipient) -> Option<&'a Cause> {
    let attempts = events.iter().rev().filter_map(|event| match &event.kind {
        EventKind::Attempt(attempt) => Some(attempt),
        _ => None,
    });
    let outcome = attempts.flat_map(|attempt| &attempt.outcomes).find(|outcome| outcome.address == one.address)?;
    match &outcome.outcome {
        Outcome::TempFail(cause) | Outcome::PermFail(cause) => Some(cause),
        Outcome::Delivered(_) | Outcome::Captured => None,
    }
}

/// The project's domain that mail from this header From is proven by: its own, or the nearest above it.
async fn sender_domain(core: &Core, row: &message::Model) -> Result<Option<SenderDomain>> {
    let written = row.header_from.rsplit_once('@').map_or("", |(_, domain)| domain);
    let end = written.find(|c: char| c == '>' || c.is_whitespace() || c == ',').unwrap_or(written.len());
    let Ok(name) = DomainName::parse(&written[..end]) else { return Ok(None) };
    let Some(project) = row.project_id.map(ProjectId::from_uuid) else { return Ok(None) };
    let Some((id, report)) = domains::nearest(core, project, &name).await? else { return Ok(None) };
    let mut bad = report.map_or_else(Vec::new, |report| report.findings);
    bad.retain(|finding| finding.severity.is_bad());
    bad.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let to_mend = bad.into_iter().map(|finding| (finding.subject, finding.check)).collect();
    Ok(Some(SenderDomain { id, to_mend }))
}
