//! What a reply, or its absence, means for a recipient. Pure.

use relay_types::{
    message::{Cause, Outcome},
    reply::{EnhancedCode, Reply},
};
use std::time::Duration;

/// A negative reply: 4yz is tried again, 5yz is not (RFC 5321 §4.2.1).
pub fn refused(reply: &Reply) -> Outcome {
    ended(reply, Cause::Reply(reply.clone()))
}

/// A negative reply to RCPT. A 552 there used to say "too many recipients" and is then temporary
/// (RFC 5321 §4.5.3.1.10); with another enhanced code it says what it says, mostly that the mailbox is full.
pub fn recipient_refused(reply: &Reply) -> Outcome {
    if reply.code == 552 && reply.enhanced.is_none_or(|code| code == EnhancedCode::new(5, 5, 3)) {
        return Outcome::TempFail(Cause::Recipient(reply.clone()));
    }
    ended(reply, Cause::Recipient(reply.clone()))
}

fn ended(reply: &Reply, cause: Cause) -> Outcome {
    if reply.is_permanent() { Outcome::PermFail(cause) } else { Outcome::TempFail(cause) }
}

/// The connection ended.
pub fn lost(why: &str) -> Cause {
    Cause::Network(Reply::new(451, (4, 4, 2), format!("Connection lost: {why}")))
}

/// No answer came.
pub fn silent(what: &str, limit: Duration) -> Cause {
    Cause::Network(Reply::new(451, (4, 4, 2), format!("No answer to {what} in {} seconds", limit.as_secs())))
}

/// What came is no SMTP, or comes at the wrong moment.
pub fn broken(what: &str) -> Cause {
    Cause::Network(Reply::new(451, (4, 5, 0), format!("Protocol error of the next hop: {what}")))
}

/// TLS is a condition and cannot be had.
pub fn no_tls(why: &str) -> Cause {
    Cause::Network(Reply::new(451, (4, 7, 10), why))
}

/// We cannot authenticate. Temporary: the operator mends it, the mail waits.
pub fn not_authenticated(why: &str) -> Cause {
    Cause::Local(Reply::new(454, (4, 7, 0), why))
}

/// RFC 6531 §3.2: permanent at once, since the next hop will not learn it within days.
pub fn no_smtputf8() -> Outcome {
    let text = "The message needs SMTPUTF8, which the next hop does not offer";
    Outcome::PermFail(Cause::Local(Reply::new(553, (5, 6, 7), text)))
}

/// RFC 3030 §3, RFC 3463 X.6.3: a conversion would break what the sender signed, and the next hop will not learn it.
pub fn no_binary() -> Outcome {
    let text = "The message is binary (BODY=BINARYMIME), which the next hop does not offer; it is not converted, because \
                that would break its signatures";
    Outcome::PermFail(Cause::Local(Reply::new(554, (5, 6, 3), text)))
}

/// RFC 8689 §4.2.1: this host cannot have the message.
pub fn no_require_tls(verified: bool) -> Cause {
    let text = if verified {
        "REQUIRETLS support required: the sender asked for TLS on the whole way, which the next hop does not promise"
    } else {
        "REQUIRETLS support required: the sender asked for verified TLS, which the next hop does not have"
    };
    Cause::Local(Reply::new(550, (5, 7, 30), text))
}

/// RFC 1870 §6.1: declared too large, so it is not even tried.
pub fn too_large(size: u64, limit: u64) -> Outcome {
    let text = format!("The message has {size} octets, the next hop takes {limit}");
    Outcome::PermFail(Cause::Local(Reply::new(552, (5, 3, 4), text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_552_to_rcpt_is_temporary_when_it_says_too_many() {
        for (reply, permanent) in [
            (Reply::plain(552, "Too many recipients"), false),
            (Reply::new(552, (5, 5, 3), "Too many recipients"), false),
            (Reply::new(552, (5, 2, 2), "Mailbox full"), true),
            (Reply::new(550, (5, 1, 1), "No such user"), true),
            (Reply::new(452, (4, 5, 3), "Too many recipients"), false),
        ] {
            assert_eq!(matches!(recipient_refused(&reply), Outcome::PermFail(_)), permanent, "{reply}");
        }
    }
}
