//! What receivers do with mail, by the rules they publish (named in `prediction`).

use crate::dmarc::Request;
use relay_types::{
    prediction::{DkimPrediction, DmarcPrediction, Fate, ReceiverPrediction},
    spf::SpfResult,
};

/// What a receiver finds out about a message.
#[derive(Clone, Copy)]
pub(super) struct Outcome {
    pub spf: SpfResult,
    /// Whether SPF was evaluated at all.
    pub spf_known: bool,
    pub dkim: DkimPrediction,
    pub dmarc: DmarcPrediction,
    /// What the domain's policy asks for, now; none without one.
    pub request: Option<Request>,
    pub has_policy: bool,
}

type Said = (Fate, &'static str);

/// The large ones, who find out something of their own, and everybody else.
pub(super) fn all(large: &Outcome, outcome: &Outcome) -> Vec<ReceiverPrediction> {
    let all =
        [("Gmail", gmail(large)), ("Yahoo", yahoo(large)), ("Outlook", outlook(large)), ("Others", others(outcome))];
    all.into_iter()
        .map(|(receiver, (fate, because))| ReceiverPrediction {
            receiver: receiver.to_owned(),
            fate,
            because: because.to_owned(),
        })
        .collect()
}

const UNKNOWN: Said = (Fate::Unknown, "Nothing can be said, because DNS did not answer everything.");

impl Outcome {
    fn spf_passes(&self) -> bool {
        self.spf == SpfResult::Pass
    }

    fn signed(&self) -> bool {
        self.dkim == DkimPrediction::Pass
    }

    /// Whether something is missing without which a verdict would be a guess.
    fn is_unknown(&self) -> bool {
        let spf = self.spf == SpfResult::TempError || !self.spf_known;
        // A signature that verifies is enough for most; without one, all the rest must be known.
        self.dmarc == DmarcPrediction::Unknown || (!self.signed() && (spf || self.dkim == DkimPrediction::Unknown))
    }

    fn fails_dmarc(&self) -> Option<Request> {
        (self.dmarc == DmarcPrediction::Fail).then_some(self.request.unwrap_or_default())
    }

    /// Whether it is good enough for senders of many messages.
    fn is_complete(&self) -> bool {
        self.spf_passes() && self.signed() && self.dmarc == DmarcPrediction::Pass
    }
}

fn gmail(outcome: &Outcome) -> Said {
    if outcome.is_unknown() {
        return UNKNOWN;
    }
    match outcome.fails_dmarc() {
        Some(Request::Reject) => {
            return (
                Fate::Refused,
                "Refuses it (550 5.7.26), because DMARC fails and the domain asks to refuse such mail.",
            );
        }
        Some(Request::Quarantine | Request::None) | None => {}
    }
    match (outcome.spf_passes(), outcome.signed()) {
        (false, false) => {
            (Fate::Refused, "Refuses it (550 5.7.26), because it takes no mail without SPF or a signature.")
        }
        _ if outcome.fails_dmarc() == Some(Request::Quarantine) => {
            (Fate::Doubtful, "Puts it with the spam, because DMARC fails and the domain asks for that.")
        }
        _ if outcome.fails_dmarc().is_some() => (
            Fate::Doubtful,
            "May put it with the spam, because DMARC fails; from senders of 5,000 messages a day and more it is slowed down \
             or refused (5.7.32).",
        ),
        (true, true) if outcome.is_complete() => {
            (Fate::Accepted, "Takes it, also from senders of 5,000 messages a day and more.")
        }
        (true, true) => {
            (Fate::Accepted, "Takes it; senders of 5,000 messages a day and more need a DMARC record as well.")
        }
        (true, false) if outcome.has_policy => (
            Fate::Accepted,
            "Takes it; senders of 5,000 messages a day and more need a signature as well, and forwarded mail may be refused.",
        ),
        (true, false) => (
            Fate::Accepted,
            "Takes it; senders of 5,000 messages a day and more need a signature and a DMARC record as well, and forwarded \
             mail may be refused.",
        ),
        (false, true) if outcome.has_policy => {
            (Fate::Accepted, "Takes it; senders of 5,000 messages a day and more need SPF to pass as well.")
        }
        (false, true) => (
            Fate::Accepted,
            "Takes it; senders of 5,000 messages a day and more need SPF to pass and a DMARC record as well.",
        ),
    }
}

fn yahoo(outcome: &Outcome) -> Said {
    if outcome.is_unknown() {
        return UNKNOWN;
    }
    match (outcome.fails_dmarc(), outcome.spf_passes() || outcome.signed()) {
        (Some(Request::Reject), _) => {
            (Fate::Refused, "Refuses it (554 5.7.9), because DMARC fails and the domain asks to refuse such mail.")
        }
        (_, false) => (Fate::Refused, "Refuses it (550 5.7.9), because it takes no mail without SPF or a signature."),
        (Some(Request::Quarantine), _) => {
            (Fate::Doubtful, "Puts it with the spam, because DMARC fails and the domain asks for that.")
        }
        (Some(Request::None), _) => {
            (Fate::Doubtful, "May put it with the spam, because DMARC fails; from bulk senders it may be refused.")
        }
        _ if outcome.is_complete() => (Fate::Accepted, "Takes it, also from bulk senders."),
        _ => (Fate::Accepted, "Takes it; of bulk senders it wants SPF, a signature and DMARC."),
    }
}

fn outlook(outcome: &Outcome) -> Said {
    if outcome.is_unknown() {
        return UNKNOWN;
    }
    match outcome.fails_dmarc() {
        Some(Request::Reject) => {
            return (
                Fate::Refused,
                "Refuses it (550 5.7.509), because DMARC fails and the domain asks to refuse such mail.",
            );
        }
        Some(Request::Quarantine) => {
            return (Fate::Doubtful, "Puts it with the junk, because DMARC fails and the domain asks for that.");
        }
        Some(Request::None) => {
            return (
                Fate::Doubtful,
                "May put it with the junk, because DMARC fails; from senders of more than 5,000 messages a day it is \
                 refused (550 5.7.515).",
            );
        }
        None => {}
    }
    match (outcome.spf_passes(), outcome.signed()) {
        (false, false) => (
            Fate::Doubtful,
            "May put it with the junk; from senders of more than 5,000 messages a day it is refused (550 5.7.515).",
        ),
        _ if outcome.is_complete() => {
            (Fate::Accepted, "Takes it, also from senders of more than 5,000 messages a day.")
        }
        _ => (
            Fate::Accepted,
            "Takes it; from senders of more than 5,000 messages a day it wants SPF, a signature and DMARC, or refuses it \
             (550 5.7.515).",
        ),
    }
}

fn others(outcome: &Outcome) -> Said {
    if outcome.is_unknown() {
        return UNKNOWN;
    }
    match (outcome.fails_dmarc(), outcome.spf, outcome.signed()) {
        (Some(Request::Reject), ..) => {
            (Fate::Refused, "Most refuse or hide it, because DMARC fails and the domain asks to refuse such mail.")
        }
        (Some(Request::Quarantine), ..) => {
            (Fate::Doubtful, "Most put it with the spam, because DMARC fails and the domain asks for that.")
        }
        (_, SpfResult::Fail, false) => {
            (Fate::Refused, "Many refuse it, because SPF says that this relay may not send for the domain (-all).")
        }
        (_, SpfResult::Fail, true) => {
            (Fate::Doubtful, "Some refuse it before they look at the signature, because SPF says -all.")
        }
        (_, SpfResult::Pass, false) if outcome.has_policy && outcome.request > Some(Request::None) => {
            (Fate::Accepted, "Take it, unless it is forwarded: without a signature it then fails DMARC.")
        }
        (_, SpfResult::Pass, _) | (.., true) => (Fate::Accepted, "Take it, as far as authentication goes."),
        _ => (Fate::Doubtful, "Some put it with the spam, because nothing vouches for it."),
    }
}
