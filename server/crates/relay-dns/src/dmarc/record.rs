//! One DMARC record, read as receivers read it (RFC 9989 §4.7, §4.8).

use relay_types::dmarc::Request;

/// How alike two domains must be to be aligned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The same organizational domain.
    #[default]
    Relaxed,
    /// The same.
    Strict,
}

/// A tag of RFC 7489 that RFC 9989 removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldTag {
    /// `pct`, `rf` or `ri`.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Something in a record that receivers skip, or that makes it useless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// There is no `p=`; it counts as `p=none`.
    NoPolicy,
    /// `p=`, `sp=` or `np=` has no value of the standard.
    BadPolicy(String, String),
    /// Another tag has no value of the standard.
    BadValue(String, String),
    /// A tag is there twice; which one counts is not said.
    Twice(String),
    /// A tag that no standard knows.
    Unknown(String),
    /// A part that is no `name=value`.
    Malformed(String),
    /// A report address that is no URI, or one that nobody serves.
    BadAddress(String),
    /// A limit on the size of reports (`!10m`), which RFC 9989 removed.
    SizeLimit(String),
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// As found.
    pub text: String,
    /// `p=`; none when it is missing or not valid.
    pub policy: Option<Request>,
    /// `sp=`.
    pub subdomains: Option<Request>,
    /// `np=`.
    pub nonexistent: Option<Request>,
    /// `adkim=`.
    pub dkim: Mode,
    /// `aspf=`.
    pub spf: Mode,
    /// `psd=`: whether the domain is a public suffix; none when it is not said.
    pub public_suffix: Option<bool>,
    /// `t=y`.
    pub testing: bool,
    /// Mailboxes of `rua=`: daily reports.
    pub reports: Vec<String>,
    /// Mailboxes of `ruf=`: a report for each message that fails.
    pub failure_reports: Vec<String>,
    /// Tags of the past.
    pub old: Vec<OldTag>,
    /// What is not as it should be.
    pub faults: Vec<Fault>,
}

impl Record {
    /// Reads a text; none when it does not begin with `v=DMARC1`, so that receivers skip it.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(|part| part.trim_matches([' ', '\t']));
        let (name, version) = parts.next()?.split_once('=')?;
        if name.trim() != "v" || version.trim() != "DMARC1" || text.starts_with([' ', '\t']) {
            return None;
        }
        let mut record = Self {
            text: text.to_owned(),
            policy: None,
            subdomains: None,
            nonexistent: None,
            dkim: Mode::Relaxed,
            spf: Mode::Relaxed,
            public_suffix: None,
            testing: false,
            reports: Vec::new(),
            failure_reports: Vec::new(),
            old: Vec::new(),
            faults: Vec::new(),
        };
        let mut seen: Vec<String> = Vec::new();
        for part in parts.filter(|part| !part.is_empty()) {
            let Some((name, value)) = part.split_once('=') else {
                record.faults.push(Fault::Malformed(part.chars().take(40).collect()));
                continue;
            };
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
            if seen.contains(&name) {
                record.faults.push(Fault::Twice(name));
                continue;
            }
            record.take(&name, value);
            seen.push(name);
        }
        if !seen.iter().any(|name| name == "p") {
            record.faults.push(Fault::NoPolicy);
        }
        Some(record)
    }

    fn take(&mut self, name: &str, value: &str) {
        let lower = value.to_ascii_lowercase();
        match name {
            "p" => self.policy = self.request(name, value),
            "sp" => self.subdomains = self.request(name, value),
            "np" => self.nonexistent = self.request(name, value),
            "adkim" => self.dkim = self.mode(name, value),
            "aspf" => self.spf = self.mode(name, value),
            "rua" => self.reports = self.addresses(value),
            "ruf" => self.failure_reports = self.addresses(value),
            "psd" if ["y", "n", "u"].contains(&lower.as_str()) => {
                self.public_suffix = (lower != "u").then_some(lower == "y");
            }
            "t" if ["y", "n"].contains(&lower.as_str()) => self.testing = lower == "y",
            "fo" if is_failure_option(&lower) => {}
            "psd" | "t" | "fo" => self.faults.push(Fault::BadValue(name.to_owned(), value.to_owned())),
            "pct" | "rf" | "ri" => self.old.push(OldTag { name: name.to_owned(), value: value.to_owned() }),
            _ => self.faults.push(Fault::Unknown(name.to_owned())),
        }
    }

    fn request(&mut self, name: &str, value: &str) -> Option<Request> {
        let request = Request::parse(value);
        if request.is_none() {
            self.faults.push(Fault::BadPolicy(name.to_owned(), value.to_owned()));
        }
        request
    }

    fn mode(&mut self, name: &str, value: &str) -> Mode {
        match value.to_ascii_lowercase().as_str() {
            "s" => Mode::Strict,
            "r" => Mode::Relaxed,
            _ => {
                self.faults.push(Fault::BadValue(name.to_owned(), value.to_owned()));
                Mode::Relaxed
            }
        }
    }

    fn addresses(&mut self, value: &str) -> Vec<String> {
        let mut addresses = Vec::new();
        for uri in value.split(',').map(str::trim) {
            let (address, limit) = uri.split_once('!').map_or((uri, None), |(address, limit)| (address, Some(limit)));
            if limit.is_some() {
                self.faults.push(Fault::SizeLimit(uri.to_owned()));
            }
            let mailbox =
                address.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("mailto:")).map(|_| &address[7..]);
            match mailbox.and_then(|mailbox| mailbox.split_once('@')) {
                Some((local, domain)) if !local.is_empty() && domain.contains('.') && !domain.contains('@') => {
                    addresses.push(format!("{local}@{}", domain.to_ascii_lowercase()));
                }
                _ => self.faults.push(Fault::BadAddress(uri.to_owned())),
            }
        }
        addresses
    }

    /// The policy of a tag as receivers take it: a record with a policy that is not valid counts as `p=none` when it asks
    /// for reports, and not at all otherwise (RFC 9989 §4.10.1).
    pub fn request_by(&self, tag: Tag) -> Option<Request> {
        if self.faults.iter().any(|fault| matches!(fault, Fault::BadPolicy(..))) {
            return (!self.reports.is_empty()).then_some(Request::None);
        }
        let own = self.policy.unwrap_or_default();
        Some(match tag {
            Tag::Own => own,
            Tag::Subdomains => self.subdomains.unwrap_or(own),
            Tag::Nonexistent => self.nonexistent.or(self.subdomains).unwrap_or(own),
        })
    }
}

/// `fo=`: each value once, and 0 and 1 not together.
fn is_failure_option(value: &str) -> bool {
    let values: Vec<&str> = value.split(':').map(str::trim).collect();
    let known = values.iter().all(|one| ["0", "1", "d", "s"].contains(one));
    let once = values.iter().enumerate().all(|(at, one)| !values[..at].contains(one));
    known && once && !(values.contains(&"0") && values.contains(&"1"))
}

/// Which of the three policies of a record counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// `p=`: the domain of the record itself.
    Own,
    /// `sp=`: a name below it.
    Subdomains,
    /// `np=`: a name below it that does not exist.
    Nonexistent,
}
