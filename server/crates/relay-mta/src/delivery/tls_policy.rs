//! How much TLS an attempt asks for, and who asked: decided here and nowhere else.

use relay_smtp::client::TlsPolicy;
use relay_types::{
    message::Cause,
    reply::{EnhancedCode, Reply},
    route::SmarthostTls,
    tls::{StsMode, TlsReason, TlsRule},
};

/// Everything that bears on the TLS of an attempt with a mail exchanger.
///
/// Another condition joins as a field: [`decide`] takes the strictest of what the fields ask for, and the table of its
/// test says what wins. A condition of the single message (REQUIRETLS, RFC 8689) asks for `Required` as `Verify` does.
/// Connections in the pool were opened under an earlier decision, so a message that asks for more than its way does must
/// not take one that was opened for less.
#[derive(Debug, Clone, Copy, Default)]
pub struct Conditions {
    /// The operator's rule for the recipient domain.
    pub rule: TlsRule,
    /// The mode of the recipient domain's MTA-STS policy, when it has one.
    pub mta_sts: Option<StsMode>,
}

/// The TLS to ask for, and who asked.
pub fn decide(conditions: Conditions) -> (TlsPolicy, TlsReason) {
    let Conditions { rule, mta_sts } = conditions;
    match (mta_sts, rule) {
        (Some(mode @ StsMode::Enforce), _) => (TlsPolicy::Required, TlsReason::MtaSts(mode)),
        (_, TlsRule::Verify) => (TlsPolicy::Required, TlsReason::Rule(rule)),
        (_, TlsRule::Require) => (TlsPolicy::Encrypted, TlsReason::Rule(rule)),
        (Some(mode @ StsMode::Testing), TlsRule::Opportunistic) => (TlsPolicy::Opportunistic, TlsReason::MtaSts(mode)),
        (Some(StsMode::None) | None, TlsRule::Opportunistic) => (TlsPolicy::Opportunistic, TlsReason::Nobody),
    }
}

/// As [`decide`], for a smarthost: its mode is its rule, and nothing that the recipient domain publishes bears on it.
pub fn of_smarthost(mode: SmarthostTls) -> (TlsPolicy, TlsReason) {
    match mode {
        SmarthostTls::Opportunistic => (TlsPolicy::Opportunistic, TlsReason::Nobody),
        SmarthostTls::Require => (TlsPolicy::Encrypted, TlsReason::Rule(TlsRule::Require)),
        SmarthostTls::Starttls => (TlsPolicy::Required, TlsReason::Rule(TlsRule::Verify)),
        SmarthostTls::Implicit => (TlsPolicy::Implicit, TlsReason::Rule(TlsRule::Verify)),
    }
}

/// A failure of TLS, with who asked for it: whoever reads the reply wants to know whose condition was not met.
pub fn told(mut cause: Cause, reason: TlsReason) -> Cause {
    if let (Cause::Network(reply) | Cause::Local(reply), Some(who)) = (&mut cause, reason.words())
        && is_of_tls(reply)
        && let Some(last) = reply.lines.last_mut()
    {
        last.push_str(&format!(" (asked for by {who})"));
    }
    cause
}

/// The codes this crate and the client session give to failures of TLS (RFC 3463 X.7.5, RFC 7372 X.7.10).
fn is_of_tls(reply: &Reply) -> bool {
    let codes = [EnhancedCode::new(4, 7, 5), EnhancedCode::new(4, 7, 10)];
    reply.enhanced.is_some_and(|code| codes.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_condition_decides_and_is_named() {
        use StsMode::{Enforce, Testing};
        use TlsPolicy::{Encrypted, Opportunistic, Required};
        use TlsReason::{MtaSts, Nobody, Rule};
        let none = Some(StsMode::None);
        for (rule, mta_sts, policy, reason) in [
            (TlsRule::Opportunistic, None, Opportunistic, Nobody),
            (TlsRule::Opportunistic, none, Opportunistic, Nobody),
            (TlsRule::Opportunistic, Some(Testing), Opportunistic, MtaSts(Testing)),
            (TlsRule::Opportunistic, Some(Enforce), Required, MtaSts(Enforce)),
            (TlsRule::Require, None, Encrypted, Rule(TlsRule::Require)),
            (TlsRule::Require, none, Encrypted, Rule(TlsRule::Require)),
            (TlsRule::Require, Some(Testing), Encrypted, Rule(TlsRule::Require)),
            (TlsRule::Require, Some(Enforce), Required, MtaSts(Enforce)),
            (TlsRule::Verify, None, Required, Rule(TlsRule::Verify)),
            (TlsRule::Verify, none, Required, Rule(TlsRule::Verify)),
            (TlsRule::Verify, Some(Testing), Required, Rule(TlsRule::Verify)),
            (TlsRule::Verify, Some(Enforce), Required, MtaSts(Enforce)),
        ] {
            assert_eq!(decide(Conditions { rule, mta_sts }), (policy, reason), "{rule:?} {mta_sts:?}");
        }
    }
}
