//! A state as a dot and a word. The dot's shape says the same as its colour, so colour alone says nothing.

use leptos::prelude::*;
use relay_types::{
    domain::DkimKeyState,
    egress::Egress,
    finding::Severity,
    message::{MessageState, RecipientState},
    project::ProjectState,
    reverse::Fcrdns,
    sender::Verification,
    service_account::AccountState,
    ticket::TicketState,
};

/// How good a state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be: a round dot.
    Good,
    /// Will be mended or wants a look: a diamond.
    Warn,
    /// Failed: a square.
    Bad,
    /// Under way: a ring in the colour of information.
    Info,
    /// Nothing is known or nothing happens: a grey ring.
    Unknown,
}

impl Tone {
    /// The class in the style sheet.
    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Info => "info",
            Self::Unknown => "unknown",
        }
    }
}

/// A dot and a word: `<Status state=message_state(row.state)/>`.
#[component]
pub fn Status(state: (Tone, &'static str)) -> impl IntoView {
    view! { <span class=format!("status {}", state.0.class())>{state.1}</span> }
}

/// A dot without a word, where the text beside it says it.
#[component]
pub fn Dot(tone: Tone) -> impl IntoView {
    view! { <span class=format!("status {}", tone.class()) aria-hidden="true"></span> }
}

/// A state beside a title.
#[component]
pub fn Pill(tone: Tone, #[prop(into)] text: String) -> impl IntoView {
    view! { <span class=format!("pill {}", tone.class())>{text}</span> }
}

/// Words and dots of a message.
pub fn message_state(state: MessageState) -> (Tone, &'static str) {
    match state {
        MessageState::Queued => (Tone::Info, "Queued"),
        MessageState::Deferred => (Tone::Warn, "Deferred"),
        MessageState::Held => (Tone::Unknown, "Held"),
        MessageState::Delivered => (Tone::Good, "Delivered"),
        MessageState::Bounced => (Tone::Bad, "Bounced"),
        MessageState::Cancelled => (Tone::Unknown, "Cancelled"),
    }
}

/// Words and dots of one recipient.
pub fn recipient_state(state: RecipientState) -> (Tone, &'static str) {
    match state {
        RecipientState::Due => (Tone::Info, "Due"),
        RecipientState::InFlight => (Tone::Info, "In flight"),
        RecipientState::Held => (Tone::Unknown, "Held"),
        RecipientState::Delivered => (Tone::Good, "Delivered"),
        RecipientState::Bounced => (Tone::Bad, "Bounced"),
        RecipientState::Cancelled => (Tone::Unknown, "Cancelled"),
    }
}

/// Words and dots of a sender or domain.
pub fn verification(state: Verification) -> (Tone, &'static str) {
    match state {
        Verification::Pending => (Tone::Warn, "Pending"),
        Verification::Verified => (Tone::Good, "Verified"),
        Verification::Lost => (Tone::Bad, "Lost"),
    }
}

/// Words and dots of a DKIM key.
pub fn dkim_key_state(state: DkimKeyState) -> (Tone, &'static str) {
    match state {
        DkimKeyState::Pending => (Tone::Warn, "Pending"),
        DkimKeyState::Active => (Tone::Good, "Active"),
        DkimKeyState::Missing => (Tone::Bad, "Missing"),
        DkimKeyState::Retiring => (Tone::Info, "Retiring"),
    }
}

/// Words and dots of a finding.
pub fn severity(severity: Severity) -> (Tone, &'static str) {
    match severity {
        Severity::Good => (Tone::Good, "Good"),
        Severity::Note => (Tone::Info, "Note"),
        Severity::Unknown => (Tone::Unknown, "Unknown"),
        Severity::Warning => (Tone::Warn, "Warning"),
        Severity::Error => (Tone::Bad, "Error"),
    }
}

/// The worst finding of the last check in a list: the number of findings to mend, when there are any.
#[component]
pub fn Health(
    /// None before the first check.
    worst: Option<Severity>,
    /// How many findings are to be mended.
    to_mend: u32,
) -> impl IntoView {
    let (tone, text) = match worst {
        None => (Tone::Unknown, "Not checked yet".to_owned()),
        Some(worst) if to_mend > 0 => (severity(worst).0, format!("{to_mend} to mend")),
        Some(Severity::Unknown) => (Tone::Unknown, "Unknown".to_owned()),
        Some(_) => (Tone::Good, "Good".to_owned()),
    };
    view! { <span class=format!("status {}", tone.class())>{text}</span> }
}

/// Words and dots of whether mail may be expected to arrive from an egress address.
pub fn readiness(egress: &Egress) -> (Tone, &'static str) {
    match (egress.is_ready(), &egress.override_reason, egress.worst) {
        (true, Some(_), _) => (Tone::Info, "Called ready"),
        (true, None, _) => (Tone::Good, "Ready"),
        (false, _, None) => (Tone::Unknown, "Not checked yet"),
        (false, ..) => (Tone::Bad, "Not ready"),
    }
}

/// Words and dots of a project.
pub fn project_state(state: ProjectState) -> (Tone, &'static str) {
    match state {
        ProjectState::Active => (Tone::Good, "Active"),
        ProjectState::Sandbox => (Tone::Warn, "Sandbox"),
        ProjectState::Suspended => (Tone::Bad, "Suspended"),
    }
}

/// Words and dots of a service account.
pub fn account_state(state: AccountState) -> (Tone, &'static str) {
    match state {
        AccountState::Enabled => (Tone::Good, "Enabled"),
        AccountState::Disabled => (Tone::Unknown, "Disabled"),
        AccountState::Expired => (Tone::Bad, "Expired"),
    }
}

/// Words and dots of a ticket.
pub fn ticket_state(state: TicketState) -> (Tone, &'static str) {
    let tone = match state {
        TicketState::Waiting => Tone::Warn,
        TicketState::Done => Tone::Good,
        TicketState::Refused | TicketState::Failed => Tone::Bad,
        TicketState::Draft | TicketState::Withdrawn => Tone::Unknown,
        _ => Tone::Info,
    };
    (tone, state.words())
}

/// Words and dots of whether name and address agree.
pub fn fcrdns_state(result: Fcrdns) -> (Tone, &'static str) {
    match result {
        Fcrdns::Pass => (Tone::Good, "Pass"),
        Fcrdns::Fail => (Tone::Bad, "Fail"),
        Fcrdns::Temperror => (Tone::Unknown, "Temperror"),
        Fcrdns::Permerror => (Tone::Warn, "Permerror"),
    }
}
