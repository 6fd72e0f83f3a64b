//! What facts mean for mail: pure judgements, one file for each subject, put together to a report.
//!
//! No I/O, no clock: a judgement is tested with a table of answers. Texts are written for the person who runs the
//! domain's DNS; every one of them is in a snapshot.

use relay_types::{DomainName, domain::DkimAlgorithm};
use std::net::IpAddr;

/// What of this relay a domain's records are judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ours {
    /// The addresses mail leaves from.
    pub egress: Vec<IpAddr>,
    /// The name in EHLO.
    pub ehlo: String,
    /// The domain whose SPF record lists the egress addresses, for projects to include; without it the addresses
    /// themselves are proposed.
    pub spf_include: Option<DomainName>,
}

/// A key of ours, and how its record should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OurKey {
    /// The `s=` tag.
    pub selector: String,
    /// The `a=` tag.
    pub algorithm: DkimAlgorithm,
    /// The value of the TXT record.
    pub value: String,
    /// Whether it signs now.
    pub signs: bool,
    /// Whether it is on its way out: its record stays until the queue has nothing signed by it.
    pub retiring: bool,
}

/// A sender domain, as it is to be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The domain of the header From and of the reverse-path.
    pub domain: DomainName,
    /// Its keys; none for a domain that is not in the portal.
    pub keys: Vec<OurKey>,
    /// Name and value of the TXT record that proves it; none when no proof is asked for.
    pub proof: Option<(String, String)>,
    /// The name under which we publish its keys ourselves, so that an alias there lets us rotate them: the alias of
    /// `SELECTOR._domainkey.DOMAIN` is `SELECTOR.` and this. None when delegation is not offered.
    pub delegated_to: Option<String>,
}
