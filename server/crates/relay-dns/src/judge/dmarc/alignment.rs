//! `dmarc.alignment`: whether what this relay sends passes, and by what (RFC 9989 §4.4).

use crate::{
    Facts,
    dmarc::{Policy, Request, aligned},
    facts::Kind,
    judge::{
        Subject, dkim,
        say::{finding, unknown},
    },
};
use relay_types::{
    finding::{Finding, Severity, Subject as About},
    spf::{SpfEvaluation, SpfResult},
};

const CHECK: &str = "dmarc.alignment";
const NO_RSA: &str = "Mail from this relay passes DMARC by a signature that large receivers do not check";

/// Nothing for a domain that this relay neither signs for nor was evaluated for.
pub(super) fn judge(
    facts: &Facts,
    subject: &Subject,
    evaluations: &[SpfEvaluation],
    policy: &Policy,
) -> Option<Finding> {
    if subject.keys.is_empty() && evaluations.is_empty() {
        return None;
    }
    let name = format!("_dmarc.{}", policy.of);
    let asked = [(name.as_str(), Kind::Txt)];
    let (signed, listed) = (by_dkim(facts, subject, policy), by_spf(facts, subject, evaluations, policy));
    let enforced = policy.applied().is_some_and(|request| request != Request::None);
    let speak = |outcome, severity, title: &str, effect: &str| {
        Some(finding((CHECK, outcome), About::Dmarc, severity, title, effect, &asked))
    };
    let rsa = dkim::signed(facts, subject).rsa;
    match (signed, listed) {
        (Ok(true), Ok(true)) if rsa == Some(false) => speak(
            "ed25519",
            Severity::Warning,
            NO_RSA,
            "Gmail, Yahoo and Outlook check RSA signatures alone: there the mail passes by SPF, and fails where it is \
             forwarded.",
        ),
        (Ok(true), Ok(false)) if rsa == Some(false) => speak(
            "ed25519",
            if enforced { Severity::Error } else { Severity::Warning },
            NO_RSA,
            "Gmail, Yahoo and Outlook check RSA signatures alone: there neither a signature nor SPF vouches for the mail.",
        ),
        (Ok(true), Ok(true)) => speak(
            "both",
            Severity::Good,
            "Mail from this relay passes DMARC by signature and by SPF",
            "Receivers see that the mail is the domain's own, also where it is forwarded.",
        ),
        (Ok(true), _) => speak(
            "by_dkim",
            Severity::Good,
            "Mail from this relay passes DMARC by its signature",
            "Receivers see by the signature that the mail is the domain's own, although SPF does not say so.",
        ),
        (Ok(false), Ok(true)) => speak(
            "by_spf",
            Severity::Warning,
            "Mail from this relay passes DMARC by SPF alone",
            "Mail that a receiver forwards to another mailbox fails DMARC, because only a signature survives forwarding.",
        ),
        (Ok(false), Ok(false)) if enforced => speak(
            "neither",
            Severity::Error,
            "Mail from this relay fails DMARC",
            "Receivers refuse or hide mail of the domain from this relay, because neither a signature nor SPF vouches for \
             it and the domain's policy asks for that.",
        ),
        (Ok(false), Ok(false)) => speak(
            "neither",
            Severity::Warning,
            "Mail from this relay fails DMARC",
            "Large receivers treat mail of the domain from this relay with suspicion, because neither a signature nor \
             SPF vouches for it.",
        ),
        (Err(why), _) | (_, Err(why)) => {
            Some(unknown(CHECK, About::Dmarc, "whether mail from this relay passes DMARC", &why, &asked))
        }
    }
}

/// Whether a signature of ours verifies for an aligned domain. We sign with the domain of the header From.
fn by_dkim(facts: &Facts, subject: &Subject, policy: &Policy) -> Result<bool, String> {
    let domain = subject.domain.as_str();
    match dkim::signed(facts, subject).any {
        Some(true) => aligned(facts, policy.record.dkim, domain, domain),
        Some(false) => Ok(false),
        None => Err("the DKIM keys could not be looked up".to_owned()),
    }
}

/// Whether SPF passes for an aligned domain from every address that mail leaves by.
fn by_spf(facts: &Facts, subject: &Subject, evaluations: &[SpfEvaluation], policy: &Policy) -> Result<bool, String> {
    let temporary = evaluations.iter().find(|evaluation| evaluation.result == SpfResult::TempError);
    let mut all = !evaluations.is_empty();
    for evaluation in evaluations {
        all &= evaluation.result == SpfResult::Pass
            && aligned(facts, policy.record.spf, subject.domain.as_str(), &evaluation.domain)?;
    }
    match temporary {
        Some(evaluation) => Err(evaluation.because.clone()),
        None => Ok(all),
    }
}
