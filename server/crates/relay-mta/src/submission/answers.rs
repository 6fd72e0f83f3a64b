//! The one place where rejections and errors of the use cases become SMTP replies.
//!
//! Codes are those of the reply table in `server/docs/specifications.md`. The client hears which address and which
//! rule, and where it is mended; causes go to the log only.

use relay_core::{Error, policy::Rejection, queue::Heard, service_accounts::AuthFailure};
use relay_types::{
    refusal::Rule,
    reply::{EnhancedCode, Reply},
};

/// A rejection by policy, with the page that mends it.
pub(super) fn rejection(rejection: &Rejection, url: &str) -> Reply {
    let address = rejection.address.as_deref().unwrap_or("The address");
    let detail = rejection.detail.as_deref();
    let (code, enhanced, text) = match rejection.rule {
        Rule::AuthenticationRequired => return authentication_required(),
        Rule::CredentialsInvalid => {
            let why = detail.unwrap_or("it was disabled, has expired, or may not send from here");
            (550, (5, 7, 1), format!("This account may not send any more: {why}"))
        }
        Rule::Throttled => return throttled(rejection.wait.unwrap_or(60)),
        Rule::ReversePathNotVerified => {
            (550, (5, 7, 1), format!("Reverse-path {address} is not a verified sender of this project"))
        }
        Rule::ReversePathNotAllowed => {
            (550, (5, 7, 1), format!("Reverse-path {address} is not among the senders this account may use"))
        }
        Rule::NullReversePath => {
            (550, (5, 7, 1), "The null reverse-path is only for accounts that may send notifications".to_owned())
        }
        Rule::FromNotVerified => (550, (5, 7, 1), format!("From {address} is not a verified sender of this project")),
        Rule::FromNotAllowed => {
            (550, (5, 7, 1), format!("From {address} is not among the senders this account may use"))
        }
        Rule::SenderNotVerified => {
            (550, (5, 7, 1), format!("Sender {address} is not a verified sender of this project"))
        }
        Rule::SenderNotAllowed => {
            (550, (5, 7, 1), format!("Sender {address} is not among the senders this account may use"))
        }
        Rule::HeaderAmbiguous => {
            let what = detail.unwrap_or("From or Sender cannot be read with certainty");
            (550, (5, 7, 1), what.to_owned())
        }
        Rule::Sandbox => (
            550,
            (5, 7, 1),
            format!(
                "Recipient {address} refused: this project is in the sandbox and sends to verified recipients only"
            ),
        ),
        Rule::SuppressedRecipient => {
            (550, (5, 1, 1), format!("{address} is suppressed {}", detail.unwrap_or("by this project")))
        }
        Rule::Limit => {
            let what = detail.unwrap_or("Over the limit of this project or account");
            (451, (4, 7, 1), format!("{what}; wait {} seconds", rejection.wait.unwrap_or(60)))
        }
        Rule::Suspended => match detail {
            Some(reason) => (550, (5, 7, 1), format!("This project is suspended: {reason}")),
            None => (550, (5, 7, 1), "This project is suspended".to_owned()),
        },
        Rule::Paused => (421, (4, 3, 2), format!("No mail is taken now: {}", detail.unwrap_or("the relay is paused"))),
        Rule::Loop => (554, (5, 4, 6), "Too many Received fields: the message goes in a circle".to_owned()),
        Rule::BareLineEnd => {
            (554, (5, 6, 0), "Lines end with CR LF; a bare CR, a bare LF or a NUL is refused".to_owned())
        }
        Rule::TooLarge => (552, (5, 3, 4), detail.unwrap_or("The message is too large").to_owned()),
    };
    Reply::new(code, enhanced, format!("{}; see {url}", text.trim_end_matches('.')))
}

/// Neither signed in nor in a trusted network.
pub(super) fn authentication_required() -> Reply {
    Reply::new(530, (5, 7, 0), "Authentication required")
}

/// No verdict at MAIL, RCPT or end of data: nothing was kept, the client tries again.
pub(super) fn no_verdict(error: &Error) -> Reply {
    match error {
        Error::TooMany { seconds } => Reply::new(451, (4, 7, 1), format!("Over a limit; wait {seconds} seconds")),
        Error::Full { cause } => {
            tracing::error!(cause, "the disk of the database is full");
            no_room()
        }
        error => {
            tracing::error!(cause = %error, "no verdict");
            no_answer()
        }
    }
}

/// Nobody can say in time.
pub(super) fn no_answer() -> Reply {
    Reply::new(451, (4, 3, 0), "The relay cannot judge this now, try again later")
}

/// Nobody can say who signs in (RFC 4954 §4.7).
pub(super) fn no_authentication() -> Reply {
    Reply::new(454, (4, 7, 0), "Temporary authentication failure, try again later")
}

/// A refusal that the session gave by itself, with the page that mends it. Those before there is a session to speak of
/// are left as every client knows them.
pub(super) fn with_page(mut reply: Reply, rule: Rule, url: &str) -> Reply {
    let plain = matches!(rule, Rule::AuthenticationRequired | Rule::CredentialsInvalid | Rule::Throttled);
    if let Some(last) = reply.lines.last_mut().filter(|_| !plain) {
        last.push_str(&format!("; see {url}"));
    }
    reply
}

/// What a failed AUTH is told, and for a refusal to be kept its rule and the cause, which the client never hears.
pub(super) fn authentication(failure: &AuthFailure) -> (Reply, Option<Rule>, Option<&'static str>) {
    match failure {
        AuthFailure::Invalid(cause) => {
            tracing::info!(cause, "authentication failed");
            let reply = Reply::new(535, (5, 7, 8), "Authentication credentials invalid");
            (reply, Some(Rule::CredentialsInvalid), Some(cause))
        }
        AuthFailure::Throttled { seconds } => (throttled(*seconds), Some(Rule::Throttled), None),
        AuthFailure::Unavailable => {
            tracing::error!("no verdict about credentials");
            (no_authentication(), None, None)
        }
    }
}

/// A 421, so that the session ends with it.
fn throttled(seconds: u64) -> Reply {
    Reply::new(421, (4, 7, 0), format!("Too many failed authentications; wait {seconds} seconds"))
}

/// All sessions together hold as much content as they may, or the disk of the database is full.
pub(super) fn no_room() -> Reply {
    Reply::new(452, (4, 3, 1), "No room for a message now, try again later")
}

/// Too many sessions, in all or from one address.
pub(super) fn too_many_sessions(hostname: &str) -> Reply {
    Reply::new(421, (4, 7, 0), format!("{hostname} too many sessions, try again later"))
}

/// The grace time of the relay's stop is over.
pub(super) fn stopping(hostname: &str) -> Reply {
    Reply::new(421, (4, 3, 2), format!("{hostname} is shutting down, try again later"))
}

/// What a program hears that waited for its next hop: words behind the queue id of its `250`, or the reply in its stead.
pub(super) fn heard(heard: Heard) -> Result<String, Reply> {
    let said = |reply: &Reply| reply.to_string();
    Ok(match heard {
        Heard::Delivered(reply) => format!("; the next hop said {}", said(&reply)),
        Heard::Captured => "; captured, nothing left this machine".to_owned(),
        Heard::Later(reply) => format!("; not delivered yet, it is tried again: {}", said(&reply)),
        Heard::Mixed => "; not all recipients have the same fate".to_owned(),
        Heard::NotInTime => "; the next hop did not answer in time".to_owned(),
        Heard::Several => "; it goes to several destinations, which are not waited for".to_owned(),
        Heard::Refused(mut reply) => {
            // RFC 2034 §4: we offer enhanced codes, whether the next hop does or not.
            reply.enhanced = reply.enhanced.or(Some(EnhancedCode::new(5, 0, 0)));
            return Err(reply);
        }
        Heard::Unknown => {
            return Err(Reply::new(451, (4, 3, 0), "What the next hop said could not be kept; send it again"));
        }
    })
}

/// The rule behind a refusal that the session gave by itself, for the refusals page.
pub(super) fn rule_of(reply: &Reply) -> Option<Rule> {
    let enhanced = reply.enhanced.map(|code| (code.class, code.subject, code.detail));
    match (reply.code, enhanced) {
        (530, _) => Some(Rule::AuthenticationRequired),
        (535, _) => Some(Rule::CredentialsInvalid),
        (554, Some((5, 6, 0))) => Some(Rule::BareLineEnd),
        (552, Some((5, 3, 4))) => Some(Rule::TooLarge),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_has_the_reply_of_the_table() {
        for (rule, starts) in [
            (Rule::AuthenticationRequired, "530 5.7.0 Authentication required"),
            (Rule::CredentialsInvalid, "550 5.7.1 This account may not send any more: the detail; see"),
            (Rule::Throttled, "421 4.7.0 Too many failed authentications; wait 7 seconds"),
            (Rule::ReversePathNotVerified, "550 5.7.1 Reverse-path a@b.example is not a verified sender"),
            (Rule::ReversePathNotAllowed, "550 5.7.1 Reverse-path a@b.example is not among the senders"),
            (Rule::NullReversePath, "550 5.7.1 The null reverse-path"),
            (Rule::FromNotVerified, "550 5.7.1 From a@b.example is not a verified sender"),
            (Rule::FromNotAllowed, "550 5.7.1 From a@b.example is not among the senders"),
            (Rule::SenderNotVerified, "550 5.7.1 Sender a@b.example is not a verified sender"),
            (Rule::SenderNotAllowed, "550 5.7.1 Sender a@b.example is not among the senders"),
            (Rule::HeaderAmbiguous, "550 5.7.1 the detail; see"),
            (Rule::Sandbox, "550 5.7.1 Recipient a@b.example refused: this project is in the sandbox"),
            (Rule::SuppressedRecipient, "550 5.1.1 a@b.example is suppressed the detail; see"),
            (Rule::Limit, "451 4.7.1 the detail; wait 7 seconds; see"),
            (Rule::Suspended, "550 5.7.1 This project is suspended: the detail; see"),
            (Rule::Paused, "421 4.3.2 No mail is taken now: the detail; see"),
            (Rule::Loop, "554 5.4.6 Too many Received"),
            (Rule::BareLineEnd, "554 5.6.0 "),
            (Rule::TooLarge, "552 5.3.4 "),
        ] {
            let (address, detail) = (Some("a@b.example".into()), Some("the detail".into()));
            let rejected = Rejection { rule, address, detail, wait: Some(7) };
            let text = rejection(&rejected, "https://relay.example/s/abc").to_string();
            assert!(text.starts_with(starts), "{rule:?}: {text}");
            let has_url = text.ends_with("; see https://relay.example/s/abc");
            assert_eq!(has_url, !matches!(rule, Rule::AuthenticationRequired | Rule::Throttled), "{rule:?}: {text}");
        }
    }

    #[test]
    fn an_unreachable_store_is_a_temporary_failure() {
        let error = Error::Unavailable { cause: "pool timed out".into() };
        assert!(no_verdict(&error).to_string().starts_with("451 4.3.0 "));
        assert!(!no_verdict(&error).to_string().contains("pool"));
        let full = Error::Full { cause: "database or disk is full".into() };
        assert_eq!(no_verdict(&full).to_string(), "452 4.3.1 No room for a message now, try again later");
        let (reply, rule, _) = authentication(&AuthFailure::Unavailable);
        assert!(reply.to_string().starts_with("454 4.7.0 ") && rule.is_none());
    }

    #[test]
    fn every_failed_authentication_sounds_the_same() {
        for cause in ["unknown", "wrong secret", "disabled", "expired", "not from here"] {
            let (reply, rule, kept) = authentication(&AuthFailure::Invalid(cause));
            assert_eq!(reply.to_string(), "535 5.7.8 Authentication credentials invalid");
            assert_eq!((rule, kept), (Some(Rule::CredentialsInvalid), Some(cause)));
        }
    }
}
