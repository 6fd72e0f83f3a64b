//! What would become of mail that is sent now, and why.
//!
//! Authentication alone is judged; what receivers think of an address's or a domain's past is theirs to know. Rules of
//! receivers are those they publish:
//! - Gmail: "Email sender guidelines", <https://support.google.com/a/answer/81126>. All senders: SPF or DKIM; senders of
//!   5,000 messages a day or more: both, and DMARC.
//! - Yahoo: "Sender Requirements & Recommendations" and "SMTP Error Codes", <https://senders.yahooinc.com/>. All senders:
//!   SPF or DKIM; bulk senders: both, and DMARC.
//! - Outlook: "Strengthening Email Ecosystem: Outlook's New Requirements for High-Volume Senders" and
//!   <https://sendersupport.olc.protection.outlook.com/pm/policies.aspx>. More than 5,000 a day: SPF, DKIM and DMARC, or
//!   550 5.7.515.
//! - Others: RFC 9989 §5.4 and §7.4 (p=reject alone is no reason to refuse, which few heed), RFC 7208 §8.
//! - Ed25519: RFC 8463 §3 asks verifiers for it; that the three above do not know it is as seen by others in 2026
//!   (<https://www.uriports.com/blog/dkim-ed25519-adoption/>).
//! - Forwarded mail: RFC 7208 §D.1, RFC 7960 §3.2.1.

mod forwarded;
mod receivers;

use super::{Ours, Subject, dkim, say::list};
use crate::{
    Facts,
    dmarc::{self, Policy, Request},
    spf::{Qualifier, Record, is_record},
};
use relay_types::{
    prediction::{DkimPrediction, DmarcPrediction, Prediction},
    spf::{SpfEvaluation, SpfResult},
};

/// One prediction for each evaluation of SPF, that is for each egress address; one without an address when no egress
/// address is known.
pub fn predict(facts: &Facts, subject: &Subject, ours: &Ours, evaluations: &[SpfEvaluation]) -> Vec<Prediction> {
    let dkim = Dkim::look(facts, subject);
    let policy = dmarc::find(facts, subject.domain.as_str()).map(|found| found.policy);
    let predict = |evaluation| Sent { facts, subject, evaluation, dkim: &dkim, policy: &policy }.predict();
    if ours.egress.is_empty() && evaluations.is_empty() {
        return vec![predict(None)];
    }
    evaluations.iter().map(|evaluation| predict(Some(evaluation))).collect()
}

/// What is added where no RSA signature verifies, and where DNS does not say.
const RSA_ALONE: &str = "; Gmail, Yahoo and Outlook check RSA signatures alone and count the mail as not signed";
const RSA_UNKNOWN: &str = "; DNS does not say whether the RSA key is there, without which Gmail, Yahoo and Outlook count the mail as not signed";

/// What will come of our signatures.
struct Dkim {
    state: DkimPrediction,
    /// The same at receivers that check RSA signatures alone.
    large: DkimPrediction,
    because: String,
}

impl Dkim {
    fn look(facts: &Facts, subject: &Subject) -> Self {
        let domain = subject.domain.as_str();
        let keys: Vec<_> = dkim::signing(subject).map(|key| (key, dkim::verifies(facts, domain, key))).collect();
        let those = |wanted: Option<bool>, signs: bool| {
            let keys = keys.iter().filter(|(key, verifies)| *verifies == wanted && (!signs || key.signs));
            keys.map(|(key, _)| key.selector.as_str()).collect::<Vec<_>>()
        };
        let (good, bad, unknown) = (those(Some(true), false), those(Some(false), true), those(None, true));
        let (state, because) = if !good.is_empty() {
            let others = if bad.is_empty() { String::new() } else { format!("; that by {} does not", list(&bad)) };
            let is = if good.len() == 1 { "the signature by" } else { "the signatures by" };
            let verify = if good.len() == 1 { "verifies" } else { "verify" };
            (DkimPrediction::Pass, format!("{is} {} for {domain} {verify}{others}", list(&good)))
        } else if !unknown.is_empty() {
            let because = format!("DNS does not say whether the key {} is there", list(&unknown));
            (DkimPrediction::Unknown, because)
        } else if !bad.is_empty() {
            (DkimPrediction::Fail, format!("receivers do not find the key {} as it should be", list(&bad)))
        } else if keys.is_empty() {
            (DkimPrediction::None, format!("this relay has no key for {domain}"))
        } else {
            let waiting = list(keys.iter().map(|(key, _)| &key.selector));
            (DkimPrediction::None, format!("mail is not signed until the key {waiting} is in DNS"))
        };
        let (large, more) = match (state, dkim::signed(facts, subject).rsa) {
            (DkimPrediction::Pass, Some(false)) => (DkimPrediction::None, RSA_ALONE),
            (DkimPrediction::Pass, None) => (DkimPrediction::Unknown, RSA_UNKNOWN),
            (state, _) => (state, ""),
        };
        Self { state, large, because: because + more }
    }
}

/// Whether a domain's own record refuses everyone it does not name.
fn ends_in_fail(facts: &Facts, domain: &str) -> bool {
    let texts = facts.texts(domain).unwrap_or_default();
    let records: Vec<_> = texts.iter().filter(|text| is_record(text)).map(|text| Record::parse(text)).collect();
    matches!(&records[..], [Ok(record)] if record.all() == Some(Qualifier::Fail))
}

/// One message, sent now.
struct Sent<'a> {
    facts: &'a Facts,
    subject: &'a Subject,
    evaluation: Option<&'a SpfEvaluation>,
    dkim: &'a Dkim,
    policy: &'a Result<Option<Policy>, String>,
}

impl Sent<'_> {
    fn predict(&self) -> Prediction {
        let from = self.subject.domain.as_str();
        let envelope = self.evaluation.map_or(from, |evaluation| &evaluation.domain);
        let (spf, spf_because) = match self.evaluation {
            Some(evaluation) => (evaluation.result, evaluation.because.clone()),
            None => (SpfResult::None, "no address is known that mail leaves by".to_owned()),
        };
        let spf_mode = self.policy.as_ref().ok().and_then(Option::as_ref).map(|policy| policy.record.spf);
        let dkim_mode = self.policy.as_ref().ok().and_then(Option::as_ref).map(|policy| policy.record.dkim);
        let spf_aligned = dmarc::aligned(self.facts, spf_mode.unwrap_or_default(), from, envelope);
        // We sign with the domain of the header From.
        let dkim_aligned = dmarc::aligned(self.facts, dkim_mode.unwrap_or_default(), from, from);
        let by_spf = match (spf, &spf_aligned) {
            (SpfResult::TempError, _) => None,
            (SpfResult::Pass, Err(_)) => None,
            (SpfResult::Pass, Ok(aligned)) => Some(*aligned),
            _ => self.evaluation.map(|_| false),
        };
        let by = |signed: DkimPrediction| match (signed, &dkim_aligned) {
            (DkimPrediction::Unknown, _) | (DkimPrediction::Pass, Err(_)) => None,
            (DkimPrediction::Pass, Ok(aligned)) => Some(*aligned),
            _ => Some(false),
        };
        let by_dkim = by(self.dkim.state);
        let (dmarc, dmarc_because) = self.dmarc(from, envelope, by_spf, by_dkim);
        let outcome = receivers::Outcome {
            spf,
            spf_known: self.evaluation.is_some(),
            dkim: self.dkim.state,
            dmarc,
            request: self.policy.as_ref().ok().and_then(Option::as_ref).and_then(Policy::applied),
            has_policy: matches!(self.policy, Ok(Some(_))),
        };
        let large = receivers::Outcome {
            dkim: self.dkim.large,
            dmarc: self.dmarc(from, envelope, by_spf, by(self.dkim.large)).0,
            ..outcome
        };
        Prediction {
            from: from.to_owned(),
            envelope: envelope.to_owned(),
            egress: self.evaluation.map(|evaluation| evaluation.ip),
            spf,
            spf_because,
            spf_aligned: by_spf == Some(true),
            dkim: self.dkim.state,
            dkim_because: self.dkim.because.clone(),
            dkim_aligned: by_dkim == Some(true),
            dmarc,
            dmarc_because,
            receivers: receivers::all(&large, &outcome),
            forwarded: Some(forwarded::judge(
                (self.dkim.state, self.dkim.large),
                by_dkim,
                self.policy,
                ends_in_fail(self.facts, envelope),
            )),
        }
    }

    fn dmarc(
        &self,
        from: &str,
        envelope: &str,
        by_spf: Option<bool>,
        by_dkim: Option<bool>,
    ) -> (DmarcPrediction, String) {
        let policy = match self.policy {
            Err(why) => return (DmarcPrediction::Unknown, format!("DNS does not say what the policy is: {why}")),
            Ok(None) => return (DmarcPrediction::None, format!("there is no DMARC record for {from}")),
            Ok(Some(policy)) => policy,
        };
        let Some(request) = policy.request else {
            return (DmarcPrediction::None, format!("receivers cannot use the DMARC record of {}", policy.of));
        };
        let whose = if policy.inherited { format!(" of {}", policy.of) } else { String::new() };
        let test = if policy.record.testing && request != Request::None { ", being tried out" } else { "" };
        let asks = format!("the policy{whose} is {}{test}", request.as_str());
        match (by_dkim, by_spf) {
            (Some(true), Some(true)) => {
                (DmarcPrediction::Pass, format!("signature and SPF are aligned with {from}; {asks}"))
            }
            (Some(true), _) => (DmarcPrediction::Pass, format!("the signature is aligned with {from}; {asks}")),
            (_, Some(true)) => (DmarcPrediction::Pass, format!("SPF of {envelope} is aligned with {from}; {asks}")),
            (None, _) | (_, None) => {
                (DmarcPrediction::Unknown, format!("it is not known whether signature or SPF pass; {asks}"))
            }
            _ => (DmarcPrediction::Fail, format!("neither a signature nor SPF vouches for {from}; {asks}")),
        }
    }
}

#[cfg(test)]
mod tests;
