//! DNS health: what was looked up, what it means for mail, and what to change.
//!
//! Made by the pure judgements of `relay-dns`; kept, shown and served as they are. Texts are for the person who runs the
//! domain's DNS: one sentence each, plain, with the effect on mail first.

use crate::{Timestamp, prediction::Prediction, reverse::ServerAnswer, spf::SpfEvaluation};
use serde::{Deserialize, Serialize};

/// How much a finding matters. Ordered from what needs nothing to what needs most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// As it should be.
    Good,
    /// Worth knowing; mail does not suffer.
    Note,
    /// DNS did not answer, so nothing is known. Never counts as bad.
    Unknown,
    /// Some mail suffers, or will.
    Warning,
    /// Mail is refused or hidden now.
    Error,
}

impl Severity {
    /// All, from what needs nothing to what needs most.
    pub const ALL: [Self; 5] = [Self::Good, Self::Note, Self::Unknown, Self::Warning, Self::Error];

    /// The stored and shown word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Note => "note",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == text)
    }

    /// Whether somebody has something to mend.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Warning | Self::Error)
    }
}

/// What a finding is about; the groups of a report, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The proof that the domain is the project's.
    Proof,
    /// Sender Policy Framework (RFC 7208).
    Spf,
    /// Signatures (RFC 6376).
    Dkim,
    /// Policy and alignment (RFC 9989).
    Dmarc,
    /// Whether the domain takes mail (RFC 5321 §5, RFC 7505).
    Mx,
    /// Transport policy of the domain's own servers (RFC 8461).
    MtaSts,
    /// Reports about transport security (RFC 8460).
    TlsRpt,
    /// Which certification authorities may issue (RFC 8659).
    Caa,
    /// Signed zone (RFC 4033).
    Dnssec,
    /// Brand indicator.
    Bimi,
    /// An egress address's names (RFC 8601 §2.7.3).
    Ptr,
    /// An egress address's EHLO name (RFC 5321 §4.1.1.1).
    Ehlo,
    /// Lists of addresses whose mail many refuse (RFC 5782).
    Blocklist,
    /// Whether port 25 of others can be reached.
    Port25,
    /// Certificates of listeners.
    Certificate,
}

impl Subject {
    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Proof => "Proof",
            Self::Spf => "SPF",
            Self::Dkim => "DKIM",
            Self::Dmarc => "DMARC",
            Self::Mx => "MX",
            Self::MtaSts => "MTA-STS",
            Self::TlsRpt => "TLS-RPT",
            Self::Caa => "CAA",
            Self::Dnssec => "DNSSEC",
            Self::Bimi => "BIMI",
            Self::Ptr => "PTR",
            Self::Ehlo => "EHLO",
            Self::Blocklist => "Blocklists",
            Self::Port25 => "Port 25",
            Self::Certificate => "Certificates",
        }
    }
}

/// One judgement: what was seen, what it does to mail, and what to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which check made it: `spf.record`, `spf.egress`, `dkim.rk2026a`. A check gives one finding; its history goes by
    /// this.
    pub check: String,
    /// What came out, in one stable word behind the check's: `missing`, `two_records`, `alias_answers_spf`.
    pub outcome: String,
    /// Its group.
    pub subject: Subject,
    /// How much it matters.
    pub severity: Severity,
    /// What is so, short: `SPF does not include this relay`.
    pub title: String,
    /// What it does to mail, in one sentence.
    pub effect: String,
    /// Further facts, a line each.
    #[serde(default)]
    pub details: Vec<String>,
    /// The exact changes that mend it, in their order; none when nothing has to be changed.
    #[serde(default)]
    pub changes: Vec<RecordChange>,
    /// Page of somebody else that mends it, such as a blocklist's delisting page.
    #[serde(default)]
    pub link: Option<Link>,
    /// The questions it rests on: [`LookedUp::question`] of the report's answers.
    #[serde(default)]
    pub asked: Vec<String>,
}

impl Finding {
    /// One without details, changes, link and questions.
    pub fn new(
        (check, outcome): (&str, &str),
        subject: Subject,
        severity: Severity,
        title: impl Into<String>,
        effect: impl Into<String>,
    ) -> Self {
        Self {
            check: check.to_owned(),
            outcome: outcome.to_owned(),
            subject,
            severity,
            title: title.into(),
            effect: effect.into(),
            details: Vec::new(),
            changes: Vec::new(),
            link: None,
            asked: Vec::new(),
        }
    }
}

/// A page to go to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its text.
    pub text: String,
    /// Where.
    pub url: String,
}

/// The change of what is at one name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordChange {
    /// Full name without trailing dot.
    pub name: String,
    /// `TXT`, `CNAME`, `MX`, …
    pub kind: String,
    /// The values there now that are concerned; none when there is none.
    pub found: Vec<String>,
    /// What to publish in their stead; none when they are to be removed.
    pub publish: Option<String>,
    /// The part of `publish` that is new, when it is a change of what is there: to be marked.
    #[serde(default)]
    pub added: Option<String>,
}

/// One question to DNS and what was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookedUp {
    /// Type and name: `TXT gene-portal.example`.
    pub question: String,
    /// The outcome in words: `2 records`, `no such name (NXDOMAIN)`, `no answer in 6 s`.
    pub said: String,
    /// The records' values, in the form of zone files.
    pub records: Vec<String>,
    /// Seconds for which the answer or the absence may be kept; none when it did not say.
    pub ttl: Option<u32>,
    /// What each authoritative server said; empty when only resolvers were asked.
    pub servers: Vec<ServerAnswer>,
    /// What our resolver says beside it, when that is something else or only it was asked.
    pub resolver: Option<ServerAnswer>,
    /// The answer as dig(1) prints it.
    pub dig: String,
    /// When.
    pub asked_at: Timestamp,
}

/// All judgements about one domain or address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The domain or address.
    pub about: String,
    /// In the order of their subjects, within one the worst first.
    pub findings: Vec<Finding>,
    /// How SPF was evaluated, for each address that was asked about.
    #[serde(default)]
    pub evaluations: Vec<SpfEvaluation>,
    /// What would become of mail that is sent now.
    #[serde(default)]
    pub predictions: Vec<Prediction>,
    /// What was asked and answered.
    #[serde(default)]
    pub answers: Vec<LookedUp>,
    /// When.
    pub checked_at: Timestamp,
}

impl Report {
    /// Puts a finding to the others, and all in their order: by subject, within one the worst first.
    pub fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
        self.sort();
    }

    /// Puts the findings in their order.
    pub fn sort(&mut self) {
        self.findings.sort_by(|a, b| (a.subject, b.severity, &a.check).cmp(&(b.subject, a.severity, &b.check)));
    }

    /// The severity of its worst finding; good when there is none.
    pub fn worst(&self) -> Severity {
        self.findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Good)
    }

    /// How many findings are to be mended.
    pub fn to_mend(&self) -> usize {
        self.findings.iter().filter(|finding| finding.severity.is_bad()).count()
    }
}

/// How far a check of a domain is that goes on now, by subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What is asked about.
    pub subject: Subject,
    /// Whether all its questions were answered, as far as they are known yet.
    pub done: bool,
}

/// How one check came out over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// [`Finding::check`].
    pub check: String,
    /// Its changes, oldest first; the first one is what held when the period began.
    pub changes: Vec<HistoryChange>,
}

/// From when a check came out in a way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryChange {
    /// Since when.
    pub at: Timestamp,
    /// How.
    pub severity: Severity,
    /// The finding's title then.
    pub title: String,
}
