//! DMARC (RFC 9989): records read, the one that applies to a domain found by the tree walk, and a first one made.
//!
//! Pure. Has no list of public suffixes and needs none: the tree walk replaces it.

mod record;
mod walk;

pub use record::{Fault, Mode, OldTag, Record, Request, Tag};
pub use walk::{Discovery, Policy, aligned, find, organizational};

use relay_types::DomainName;

/// What a record is to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// What receivers shall do with mail that fails.
    pub policy: Request,
    /// The same for names below the domain, where it differs.
    pub subdomains: Option<Request>,
    /// Addresses that get a report a day from each large receiver.
    pub reports: Vec<String>,
    /// Whether receivers shall only try it out (`t=y`).
    pub testing: bool,
}

/// The value of a TXT record at `_dmarc.DOMAIN` that says so.
pub fn generate(wish: &Wish) -> String {
    let mut record = format!("v=DMARC1; p={}", wish.policy.as_str());
    if let Some(subdomains) = wish.subdomains.filter(|subdomains| *subdomains != wish.policy) {
        record += &format!("; sp={}", subdomains.as_str());
    }
    if wish.testing && wish.policy != Request::None {
        record += "; t=y";
    }
    if !wish.reports.is_empty() {
        let reports: Vec<String> = wish.reports.iter().map(|address| format!("mailto:{}", escaped(address))).collect();
        record += &format!("; rua={}", reports.join(","));
    }
    record
}

/// A fitting first record: it asks for nothing yet, and for reports to the address that every domain has (RFC 2142 §4).
pub fn first(domain: &DomainName) -> String {
    generate(&Wish { reports: vec![format!("postmaster@{domain}")], ..Wish::default() })
}

/// The name at which the owner of an outside mailbox allows reports about a domain to be sent there (RFC 9990 §4).
pub fn authorization_name(domain: &str, mailbox_domain: &str) -> String {
    format!("{domain}._report._dmarc.{mailbox_domain}")
}

/// What ends an address in the list, or a tag, is written in hexadecimal (RFC 9989 §4.8).
fn escaped(address: &str) -> String {
    address.chars().fold(String::new(), |mut text, c| {
        match c {
            ',' | '!' | ';' | '%' | ' ' => text += &format!("%{:02X}", u32::from(c)),
            c => text.push(c),
        }
        text
    })
}

#[cfg(test)]
mod tests;
