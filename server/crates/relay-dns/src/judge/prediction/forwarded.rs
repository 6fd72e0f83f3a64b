//! What becomes of mail that the recipient has forwarded: it comes from an address the domain's record does not name, and
//! the signature alone still speaks for the domain (RFC 7208 §D.1, RFC 7960 §3.2.1, RFC 9989 §7.4).
//!
//! Judged is mail that is forwarded as it is; what a mailing list changes breaks the signature, which the sentence says.

use crate::dmarc::{Policy, Request};
use relay_types::prediction::{DkimPrediction, Fate, ForwardedPrediction};

/// What a hard end of the SPF record adds (RFC 9989 §7.1).
const FAIL: &str = " Some receivers refuse it all the same, before they look at the signature, because the SPF record ends \
                    in -all.";

/// `dkim`: what comes of signatures, and what of them at large receivers. `by_dkim`: whether one passes DMARC; none when DNS did not say. `fail`: whether the SPF record refuses
/// everyone it does not name.
pub(super) fn judge(
    (dkim, large): (DkimPrediction, DkimPrediction),
    by_dkim: Option<bool>,
    policy: &Result<Option<Policy>, String>,
    fail: bool,
) -> ForwardedPrediction {
    let request = policy.as_ref().map(|policy| policy.as_ref().and_then(Policy::applied));
    let (fate, because) = match (by_dkim, dkim, request) {
        (None, ..) => (
            Fate::Unknown,
            "SPF does not cover the address of a forwarder, and whether the signature does is not known, because DNS did not \
             answer everything.",
        ),
        _ if dkim == DkimPrediction::Pass && large == DkimPrediction::None => (
            Fate::Doubtful,
            "SPF does not cover the address of a forwarder; the signature stays, but Gmail, Yahoo and Outlook check RSA \
             signatures alone and count the mail as not signed.",
        ),
        (Some(true), _, Ok(Some(_))) => (
            Fate::Accepted,
            "SPF does not cover the address of a forwarder, but the signature stays, and DMARC passes by it, unless the \
             message is changed on the way, as some mailing lists do.",
        ),
        (_, DkimPrediction::Pass, _) => (
            Fate::Accepted,
            "SPF does not cover the address of a forwarder, but the signature stays and vouches for it, unless the message \
             is changed on the way, as some mailing lists do.",
        ),
        (.., Err(_)) => (
            Fate::Unknown,
            "SPF does not cover the address of a forwarder and no signature does; what the domain asks for then is not known, \
             because DNS did not answer everything.",
        ),
        (.., Ok(Some(Request::Reject))) => (
            Fate::Refused,
            "SPF does not cover the address of a forwarder and no signature does, so DMARC fails, and the domain asks to \
             refuse such mail.",
        ),
        (.., Ok(Some(Request::Quarantine))) => (
            Fate::Doubtful,
            "SPF does not cover the address of a forwarder and no signature does, so DMARC fails, and the domain asks to \
             put such mail with the spam.",
        ),
        (.., Ok(Some(Request::None) | None)) => (
            Fate::Doubtful,
            "SPF does not cover the address of a forwarder and no signature does, so the receiver can only trust the \
             forwarder.",
        ),
    };
    let more = if fail && fate == Fate::Accepted { FAIL } else { "" };
    ForwardedPrediction { fate, because: format!("{because}{more}") }
}
