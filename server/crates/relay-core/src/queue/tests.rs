//! The queue: claims, leases, results, and what people do to it.

mod attempts;
mod claims;
mod handed;
mod life;
mod people;
mod terms;

use super::*;
use crate::{
    submission::{self, Arrival, Submission, kept::Origin},
    test_support::Test,
};
use relay_types::{
    message::{Cause, EventKind, MessageDetail, MessageFilter},
    reply::Reply,
};

/// A message from `a@d.example` for a project (none: of the platform), as if a service account had sent it.
pub(super) async fn mail(test: &Test, project: Option<ProjectId>, recipients: &[&str]) -> MessageId {
    mail_from(test, project, "a@d.example", recipients).await
}

pub(super) async fn mail_from(test: &Test, project: Option<ProjectId>, from: &str, recipients: &[&str]) -> MessageId {
    let parse = |text: &&str| EmailAddress::parse(text).expect("an address");
    let submission = Submission {
        arrival: Arrival::Portal,
        reverse_path: ReversePath::parse(from).expect("a reverse-path"),
        recipients: recipients.iter().map(parse).collect(),
        terms: Default::default(),
        smtputf8: false,
        content: b"From: a@d.example\r\nSubject: x\r\nMessage-ID: <1@d.example>\r\n\r\nbody\r\n".to_vec().into(),
    };
    let origin = Origin { source: "portal", id: None, label: "test".to_owned() };
    let accepted = submission::accept_judged(&test.core, project, origin, submission).await.expect("a verdict");
    accepted.expect("accepted")
}

/// An attempt with `mx.e.example`.
pub(crate) fn attempt(test: &Test, number: u32) -> Attempt {
    Attempt {
        number,
        started_at: test.core.now(),
        milliseconds: 12,
        host: Some("mx.e.example".to_owned()),
        address: Some("192.0.2.25".to_owned()),
        tls: None,
        passes_reports_on: false,
        dialogue: Vec::new(),
        outcomes: Vec::new(),
    }
}

pub(super) fn delivered() -> Outcome {
    Outcome::Delivered(Reply::new(250, (2, 0, 0), "Ok"))
}

pub(super) fn perm() -> Outcome {
    Outcome::PermFail(Cause::Recipient(Reply::new(550, (5, 1, 1), "No such user")))
}

pub(super) fn temp() -> Outcome {
    Outcome::TempFail(Cause::Reply(Reply::new(451, (4, 7, 1), "Greylisted")))
}

pub(super) async fn take(test: &Test) -> Vec<Claimed> {
    claim(&test.core, 1_000, 1_000, &[]).await.expect("claims")
}

/// Records one attempt for all `claims` of one message.
pub(super) async fn tell(test: &Test, claims: Vec<Claimed>, outcome: impl Fn(&Claimed) -> Outcome) {
    let first = claims.first().expect("a claim").clone();
    let outcomes = claims.into_iter().map(|claim| (claim.clone(), outcome(&claim))).collect();
    record(&test.core, first.message_id, attempt(test, first.attempts + 1), outcomes).await.expect("recorded");
}

pub(super) async fn detail(test: &Test, project: &Slug, id: MessageId) -> MessageDetail {
    crate::messages::get(&test.core, &Actor::System, project, id).await.expect("a message")
}

/// States of recipients by address: `due`, `bounced`, …
pub(super) fn states(detail: &MessageDetail) -> Vec<(String, &'static str)> {
    detail.recipients.iter().map(|one| (one.address.to_string(), one.state.as_str())).collect()
}

/// The words of the story.
pub(super) fn story(detail: &MessageDetail) -> Vec<&'static str> {
    let word = |kind: &EventKind| match kind {
        EventKind::Accepted { .. } => "accepted",
        EventKind::Signed { .. } => "signed",
        EventKind::NotSigned { .. } => "not signed",
        EventKind::Verified(_) => "verified",
        EventKind::Attempt(_) => "attempt",
        EventKind::DelayNotified { .. } => "delay notified",
        EventKind::FailureNotified { .. } => "failure notified",
        EventKind::SuccessNotified { .. } => "success notified",
        EventKind::NotNotified { .. } => "not notified",
        EventKind::Suppressed { .. } => "suppressed",
        EventKind::Complained { .. } => "complained",
        EventKind::Held { .. } => "held",
        EventKind::Released { .. } => "released",
        EventKind::RetryAsked { .. } => "retry asked",
        EventKind::Cancelled { .. } => "cancelled",
        EventKind::ContentRemoved { .. } => "content removed",
    };
    detail.events.iter().map(|event| word(&event.kind)).collect()
}

/// How many messages the project has.
pub(super) async fn messages(test: &Test, project: &Slug) -> usize {
    let page = crate::messages::list(&test.core, &Actor::System, project, &MessageFilter::default()).await;
    page.expect("a list").items.len()
}
