//! Our own verifier's word on a message that was sent: signatures of the real bytes against DNS, SPF for the addresses
//! the relay sends from, and DMARC. It is the judgement of a receiver, made before any receiver makes it.
//!
//! The judgement is pure: mail-auth gets the keys from the facts of the check and never asks DNS itself.

use crate::{Core, Result, egress, submission::kept, tables::message};
use futures_util::FutureExt;
use mail_auth::{
    AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters, ResolverCache, Txt,
    common::{parse::TxtRecordParser, resolver::ToFqdn, verify::DomainKey},
    hickory_resolver::config::{ResolverConfig, ResolverOpts},
};
use relay_dns::{Ask, Facts, dmarc, gather, spf};
use relay_types::{
    ReversePath,
    message::{EventKind, MessageId, SignatureResult, Verified, VerifiedSignature, VerifiedSpf},
    prediction::DmarcPrediction,
    spf::SpfResult,
};
use sea_orm::EntityTrait;
use std::{borrow::Borrow, collections::HashMap, hash::Hash, net::IpAddr, sync::Arc, time::Instant};

/// Signatures of one message; ours has two.
const MOST: usize = 10;

/// What a receiver knows of a message besides its bytes.
pub(super) struct Envelope {
    pub(super) from: String,
    pub(super) reverse_path: String,
    pub(super) ehlo: String,
    pub(super) egress: Vec<IpAddr>,
}

/// Verifies the message and writes the verdict into its story.
pub(super) async fn note(core: &Core, id: MessageId) -> Result<()> {
    let Some(row) = message::Entity::find_by_id(id.uuid()).one(core.db.read()).await? else { return Ok(()) };
    let content = crate::queue::outgoing::whole(core, &row).await?;
    let reverse_path = ReversePath::parse(&row.reverse_path).ok().and_then(|path| path.address().cloned());
    let envelope = Envelope {
        from: from_domain(&content),
        reverse_path: reverse_path.map(|address| address.to_string()).unwrap_or_default(),
        ehlo: core.config.hostname.to_string(),
        egress: egress::addresses(core.db.read()).await?,
    };
    let ask = async |ask| gather(&core.resolver, ask, core.now(), |facts| judge(&content, &envelope, facts)).await.0;
    // Who sends a test message has perhaps just changed a record, which caches do not know.
    let mut verified = ask(Ask::Authoritative).await;
    if unknown(&verified) > 0 {
        let beside = ask(Ask::Resolver).await;
        if unknown(&beside) < unknown(&verified) {
            verified = beside;
        }
    }
    let transaction = core.db.begin().await?;
    let event = kept::event_row(core, row.id, core.now(), &EventKind::Verified(verified))?;
    kept::insert_events(&transaction, vec![event]).await?;
    Ok(transaction.commit().await?)
}

fn from_domain(content: &[u8]) -> String {
    let message = AuthenticatedMessage::parse(content);
    let from = message.and_then(|message| message.from.first().cloned()).unwrap_or_default();
    from.rsplit_once('@').map_or(String::new(), |(_, domain)| domain.to_lowercase())
}

/// How much DNS did not say.
fn unknown(verified: &Verified) -> usize {
    let signatures = verified.signatures.iter().filter(|signature| signature.result == SignatureResult::Unknown);
    let spf = verified.spf.iter().filter(|spf| spf.result == SpfResult::TempError);
    signatures.count() + spf.count() + usize::from(verified.dmarc == DmarcPrediction::Unknown)
}

/// The verdict on `content`, by what DNS is known to say.
pub(super) fn judge(content: &[u8], envelope: &Envelope, facts: &Facts) -> Verified {
    let Envelope { from, reverse_path, ehlo, egress } = envelope;
    let found = dmarc::find(facts, from);
    let policy = found.as_ref().ok().and_then(|found| found.policy.as_ref());
    let modes = policy.map(|policy| (policy.record.dkim, policy.record.spf)).unwrap_or_default();
    let aligned = |mode, vouched: &str| dmarc::aligned(facts, mode, from, vouched);

    let mut by_dkim = Some(false);
    let signatures = signatures(content, facts).into_iter().map(|signature| {
        let aligned = aligned(modes.0, &signature.domain);
        let vouches = match (signature.result, &aligned) {
            (SignatureResult::Pass, Ok(aligned)) => Some(*aligned),
            (SignatureResult::Fail, _) | (SignatureResult::Unknown, Ok(false)) => Some(false),
            (SignatureResult::Pass | SignatureResult::Unknown, _) => None,
        };
        by_dkim = either(by_dkim, vouches);
        VerifiedSignature { aligned: aligned == Ok(true), ..signature }
    });
    let signatures = signatures.collect();

    // It may go out from any of them.
    let mut by_spf = (!egress.is_empty()).then_some(true);
    let mut of_egress = Vec::new();
    for ip in egress {
        let (domain, sender, helo) = (String::new(), reverse_path.clone(), ehlo.clone());
        let evaluation = spf::evaluate(facts, &spf::Question { ip: *ip, domain, sender, helo });
        let aligned = aligned(modes.1, &evaluation.domain);
        let vouches = match (evaluation.result, &aligned) {
            (SpfResult::Pass, Ok(aligned)) => Some(*aligned),
            (SpfResult::Pass, Err(_)) | (SpfResult::TempError, _) => None,
            _ => Some(false),
        };
        by_spf = match (by_spf, vouches) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (None, _) | (_, None) => None,
            _ => Some(true),
        };
        let aligned = aligned == Ok(true);
        of_egress.push(VerifiedSpf { egress: *ip, result: evaluation.result, because: evaluation.because, aligned });
    }
    let (dmarc, dmarc_because) = match (&found, policy) {
        (Err(why), _) => (DmarcPrediction::Unknown, format!("DNS does not say what the policy is: {why}")),
        (Ok(_), None) => (DmarcPrediction::None, format!("there is no DMARC record for {from}")),
        (Ok(_), Some(policy)) => by_policy(from, policy, by_dkim, by_spf),
    };
    Verified { from: from.clone(), signatures, spf: of_egress, dmarc, dmarc_because }
}

fn by_policy(
    from: &str,
    policy: &dmarc::Policy,
    by_dkim: Option<bool>,
    by_spf: Option<bool>,
) -> (DmarcPrediction, String) {
    let Some(request) = policy.request else {
        return (DmarcPrediction::None, format!("receivers cannot use the DMARC record of {}", policy.of));
    };
    let asks = format!("the policy of {} is {}", policy.of, request.as_str());
    match (by_dkim, by_spf) {
        (Some(true), Some(true)) => {
            (DmarcPrediction::Pass, format!("a signature and SPF are aligned with {from}; {asks}"))
        }
        (Some(true), _) => (DmarcPrediction::Pass, format!("a signature is aligned with {from}; {asks}")),
        (_, Some(true)) => (DmarcPrediction::Pass, format!("SPF is aligned with {from}; {asks}")),
        (Some(false), Some(false)) => {
            (DmarcPrediction::Fail, format!("neither a signature nor SPF vouches for {from}; {asks}"))
        }
        _ => {
            (DmarcPrediction::Unknown, format!("it is not known whether a signature or SPF vouches for {from}; {asks}"))
        }
    }
}

/// One that vouches is enough; one that is not known may.
fn either(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (None, _) | (_, None) => None,
        _ => Some(false),
    }
}

/// Each signature by mail-auth, with the key that is at its name.
fn signatures(content: &[u8], facts: &Facts) -> Vec<VerifiedSignature> {
    let Some(message) = AuthenticatedMessage::parse(content) else { return Vec::new() };
    let mut keys = Keys::default();
    let mut trouble = HashMap::new();
    for header in message.dkim_headers.iter().take(MOST) {
        let name = format!("{}._domainkey.{}", header.header.s, header.header.d);
        match facts.texts(&name) {
            Ok(texts) => {
                let key = texts.iter().find_map(|text| DomainKey::parse(text.as_bytes()).ok());
                if let Some(key) = key {
                    keys.0.insert(name.to_fqdn().into_owned().into_boxed_str(), Txt::DomainKey(Arc::new(key)));
                } else {
                    let why = if texts.is_empty() { "there is no key at" } else { "there is no usable key at" };
                    trouble.insert(name.clone(), (SignatureResult::Fail, format!("{why} {name}")));
                }
            }
            Err(why) => {
                trouble.insert(name, (SignatureResult::Unknown, why.to_owned()));
            }
        }
    }
    message
        .dkim_headers
        .iter()
        .take(MOST)
        .map(|header| {
            let (domain, selector) = (header.header.d.clone(), header.header.s.clone());
            let (result, because) = match trouble.remove(&format!("{selector}._domainkey.{domain}")) {
                Some(trouble) => trouble,
                None => by_mail_auth(&message, &keys, &domain, &selector),
            };
            VerifiedSignature { domain, selector, result, because, aligned: false }
        })
        .collect()
}

fn by_mail_auth(
    message: &AuthenticatedMessage<'_>,
    keys: &Keys,
    domain: &str,
    selector: &str,
) -> (SignatureResult, String) {
    let unknown = |why: &str| (SignatureResult::Unknown, why.to_owned());
    // It has to have a resolver, and this one has no servers: the keys are all there.
    let Ok(verifier) = MessageAuthenticator::new(ResolverConfig::default(), ResolverOpts::default()) else {
        return unknown("the verifier could not be made");
    };
    let Some(outputs) = verifier.verify_dkim(Parameters::new(message).with_txt_cache(keys)).now_or_never() else {
        return unknown("the signature needs more of DNS than its key");
    };
    let of_this = outputs
        .iter()
        .find(|output| output.signature().is_some_and(|signature| signature.d == domain && signature.s == selector));
    match of_this.map(|output| output.result()) {
        Some(DkimResult::Pass) => (SignatureResult::Pass, String::new()),
        Some(DkimResult::TempError(why)) => unknown(&why.to_string()),
        Some(DkimResult::Fail(why) | DkimResult::Neutral(why) | DkimResult::PermError(why)) => {
            (SignatureResult::Fail, why.to_string())
        }
        Some(DkimResult::None) | None => (SignatureResult::Fail, "the signature could not be read".to_owned()),
    }
}

/// The keys of one message, for mail-auth.
#[derive(Default)]
struct Keys(HashMap<Box<str>, Txt>);

impl ResolverCache<Box<str>, Txt> for Keys {
    fn get<Q: Hash + Eq + ?Sized>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
    {
        self.0.get(name).cloned()
    }

    fn remove<Q: Hash + Eq + ?Sized>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
    {
        None
    }

    fn insert(&self, _: Box<str>, _: Txt, _: Instant) {}
}

#[cfg(test)]
mod tests;
