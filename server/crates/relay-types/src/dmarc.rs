//! What a DMARC record asks for, and a record made of it (RFC 9989 §4.7).

/// What receivers are asked to do with mail that fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Request {
    /// Nothing.
    #[default]
    None,
    /// To treat it with suspicion.
    Quarantine,
    /// To refuse it.
    Reject,
}

impl Request {
    /// All, the mildest first.
    pub const ALL: [Self; 3] = [Self::None, Self::Quarantine, Self::Reject];

    /// The value of `p=`, `sp=` and `np=`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }

    /// Reads a value, in any case as strings of the grammar are.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        Self::ALL.into_iter().find(|request| request.as_str() == text)
    }

    /// One level less, as `t=y` asks for.
    pub fn lowered(self) -> Self {
        match self {
            Self::Reject => Self::Quarantine,
            Self::Quarantine | Self::None => Self::None,
        }
    }
}

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
    /// Whether only the very same domain is aligned, for signatures (`adkim=s`).
    pub strict_dkim: bool,
    /// The same for SPF (`aspf=s`).
    pub strict_spf: bool,
}

/// The value of a TXT record at `_dmarc.DOMAIN` that says so.
pub fn generate(wish: &Wish) -> String {
    let mut record = format!("v=DMARC1; p={}", wish.policy.as_str());
    if let Some(subdomains) = wish.subdomains.filter(|subdomains| *subdomains != wish.policy) {
        record += &format!("; sp={}", subdomains.as_str());
    }
    for (strict, tag) in [(wish.strict_dkim, "; adkim=s"), (wish.strict_spf, "; aspf=s")] {
        record += if strict { tag } else { "" };
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
mod tests {
    use super::*;

    #[test]
    fn a_record_says_what_is_wished_and_no_more() {
        let reports = vec!["dmarc@uni.example".to_owned(), "a!b@uni.example".to_owned()];
        for (wish, record) in [
            (Wish::default(), "v=DMARC1; p=none"),
            (Wish { testing: true, ..Wish::default() }, "v=DMARC1; p=none"),
            (
                Wish { policy: Request::Reject, subdomains: Some(Request::Reject), ..Wish::default() },
                "v=DMARC1; p=reject",
            ),
            (
                Wish {
                    policy: Request::Quarantine,
                    subdomains: Some(Request::Reject),
                    reports,
                    testing: true,
                    strict_dkim: true,
                    strict_spf: true,
                },
                "v=DMARC1; p=quarantine; sp=reject; adkim=s; aspf=s; t=y; \
                 rua=mailto:dmarc@uni.example,mailto:a%21b@uni.example",
            ),
        ] {
            assert_eq!(generate(&wish), record);
        }
    }
}
