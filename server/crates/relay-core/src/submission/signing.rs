//! DKIM signatures (RFC 6376, RFC 8301, RFC 8463): RSA and Ed25519 side by side, relaxed header, no `l=`.
//!
//! Only fields that are there are signed, and From once more than it is there, so that a second From breaks the
//! signature. It signs what it is given; whether a domain may be signed for is decided by `dkim_keys`.

mod body_hash;

pub(crate) use body_hash::{BodyHash, BodyHashes};

use super::header::HeaderSection;
use crate::{
    Core, Error, Result,
    dkim_keys::{self, ActiveKey},
};
use mail_auth::{
    common::{
        crypto::{DkimKey, HashOutput, Sha256, SigningKey},
        headers::{HeaderWriter, Writable},
    },
    dkim::DkimSigner,
};
use relay_types::{DomainName, message::EventKind, project::ProjectId};
use std::sync::Arc;

/// Fields worth signing (RFC 6376 §5.4.1), without those that later hops change.
const SIGNED: [&str; 26] = [
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
    "Content-ID",
    "Content-Description",
    "Auto-Submitted",
    "Feedback-ID",
    "List-Id",
    "List-Help",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Subscribe",
    "List-Post",
    "List-Owner",
    "List-Archive",
];

/// Whether a message is signed, decided before it is written.
#[derive(Clone)]
pub(crate) enum Plan {
    /// In the name of this domain, with each of these keys.
    Sign(DomainName, Vec<ActiveKey>),
    /// Not, and why, in words.
    Not(String),
}

/// The plan for mail of `project` (none: of the platform) whose header From is in `domain`.
pub(crate) async fn plan(core: &Core, project: Option<ProjectId>, domain: &DomainName) -> Result<Plan> {
    let keys = match dkim_keys::active(core, project, domain).await {
        // A key that cannot be opened (another `secret_key_file` than it was sealed with) is no reason to keep mail.
        Err(Error::Internal { cause }) => {
            tracing::error!(cause, %domain, "the DKIM keys of a domain cannot be opened; its mail is not signed");
            let reason = format!("The DKIM keys of {domain} cannot be opened; the log of this machine says why");
            return Ok(Plan::Not(reason));
        }
        found => found?,
    };
    if keys.is_empty() {
        return Ok(Plan::Not(format!("{domain} has no DKIM key whose record was seen in DNS")));
    }
    Ok(Plan::Sign(domain.clone(), keys))
}

impl Plan {
    /// Whether it makes signatures.
    pub(crate) fn signs(&self) -> bool {
        matches!(self, Self::Sign(..))
    }

    /// Carries it out: the fields to put first, and the line for the message's story. A message that cannot be signed
    /// goes out without a signature rather than not at all.
    pub(crate) fn sign(
        &self,
        added: &str,
        section: &HeaderSection<'_>,
        header: &[u8],
        body: impl FnOnce() -> BodyHash,
    ) -> (String, EventKind) {
        let (domain, keys) = match self {
            Self::Sign(domain, keys) => (domain, keys),
            Self::Not(reason) => return (String::new(), EventKind::NotSigned { reason: reason.clone() }),
        };
        match sign(domain, keys, added, section, header, &body()) {
            Ok(fields) => {
                let selectors = keys.iter().map(label).collect();
                (fields, EventKind::Signed { domain: domain.to_string(), selectors })
            }
            Err(error) => {
                tracing::error!(%error, %domain, "a message could not be signed");
                let reason = format!("The key of {domain} could not sign; the log of this machine says why");
                (String::new(), EventKind::NotSigned { reason })
            }
        }
    }
}

/// Selector and algorithm, for the timeline.
fn label(active: &ActiveKey) -> String {
    let algorithm = match *active.key {
        DkimKey::Rsa(_) => "rsa-sha256",
        DkimKey::Ed25519(_) => "ed25519-sha256",
    };
    format!("{} ({algorithm})", active.selector)
}

/// The DKIM-Signature fields of each key, with their line ends, over `added` (fields put before the content), `header`
/// (which is read as `section`), and the body with this hash.
pub(crate) fn sign(
    domain: &DomainName,
    keys: &[ActiveKey],
    added: &str,
    section: &HeaderSection<'_>,
    header: &[u8],
    body: &BodyHash,
) -> Result<String> {
    let names = signed_names(added, section);
    let mut fields = String::new();
    for ActiveKey { selector, key } in keys {
        let signature = DkimSigner::from_key(Shared { key: key.clone(), body: body.hash.clone() })
            .domain(domain.as_str())
            .selector(selector)
            .headers(names.iter().copied())
            .body_canonicalization(body.canonicalization)
            .sign_chained([added.as_bytes(), header])
            .map_err(Error::internal)?;
        fields.push_str(&signature.to_header());
    }
    Ok(fields)
}

/// The `h=` tag. A field with white space before its colon is left out: verifiers do not agree on its name.
fn signed_names(added: &str, section: &HeaderSection<'_>) -> Vec<&'static str> {
    let is_added =
        |name: &str| added.lines().any(|line| line.split_once(':').is_some_and(|(before, _)| before == name));
    let signable =
        |name: &&'static str| is_added(name) || (section.has(name) && section.named(name).all(|field| !field.spaced));
    let mut names: Vec<_> = SIGNED.into_iter().filter(signable).collect();
    names.push("From");
    names
}

/// A key that several signatures share, and the hash of the body, made once for all of them.
struct Shared {
    key: Arc<DkimKey>,
    body: HashOutput,
}

impl SigningKey for Shared {
    type Hasher = Sha256;

    fn sign(&self, input: impl Writable) -> mail_auth::Result<Vec<u8>> {
        self.key.sign(input)
    }

    /// The only thing mail-auth hashes by this is the body, which it was not given.
    fn hash(&self, _: impl Writable) -> HashOutput {
        self.body.clone()
    }

    fn algorithm(&self) -> mail_auth::common::crypto::Algorithm {
        self.key.algorithm()
    }
}

#[cfg(test)]
mod tests;
