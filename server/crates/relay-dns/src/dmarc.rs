//! DMARC (RFC 9989): records read, the one that applies to a domain found by the tree walk, and a first one made.
//!
//! Pure. Has no list of public suffixes and needs none: the tree walk replaces it.

mod record;
mod walk;

pub use record::{Fault, Mode, OldTag, Record, Tag};
pub use relay_types::dmarc::{Request, Wish, generate};
pub use walk::{Discovery, Policy, aligned, find, organizational};

use relay_types::DomainName;

/// A fitting first record: it asks for nothing yet, and for reports to the address that every domain has (RFC 2142 §4).
pub fn first(domain: &DomainName) -> String {
    generate(&Wish { reports: vec![format!("postmaster@{domain}")], ..Wish::default() })
}

/// The name at which the owner of an outside mailbox allows reports about a domain to be sent there (RFC 9990 §4).
pub fn authorization_name(domain: &str, mailbox_domain: &str) -> String {
    format!("{domain}._report._dmarc.{mailbox_domain}")
}

#[cfg(test)]
mod tests;
