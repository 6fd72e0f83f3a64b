//! The terms a message is handed in on: what its client asked for beside the envelope, in parameters of MAIL and RCPT.
//!
//! Reports (RFC 3461), TLS on the whole way (RFC 8689), a later release (RFC 4865) and a binary body (RFC 3030). Values
//! are made by their parsers alone, which read the wire form strictly, so that what is kept can be passed on as it is.

mod original_recipient;
mod xtext;

pub use original_recipient::OriginalRecipient;

use crate::{EmailAddress, Timestamp};
use serde::{Deserialize, Serialize};

/// A parameter's value is not of its grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed value")]
pub struct MalformedValue;

/// Of the message as a whole; the default is what most mail has.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MessageTerms {
    /// What a report of a failure returns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ret: Option<Ret>,
    /// The sender's own name for this envelope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub envid: Option<EnvelopeId>,
    /// How TLS is chosen at each next hop.
    #[serde(skip_serializing_if = "is_usual")]
    pub tls: TlsTerm,
    /// The content can only go by BDAT to a next hop that takes BINARYMIME.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub binary: bool,
    /// It waits here until this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release_at: Option<Timestamp>,
}

/// Of one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RecipientTerms {
    /// What is reported; none: failures and delays, as ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify: Option<Notify>,
    /// The recipient as the sender wrote it first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orcpt: Option<OriginalRecipient>,
}

/// A forward-path with its terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// Forward-path.
    pub address: EmailAddress,
    /// What was asked about it.
    pub terms: RecipientTerms,
}

impl From<EmailAddress> for Addressee {
    fn from(address: EmailAddress) -> Self {
        Self { address, terms: RecipientTerms::default() }
    }
}

fn is_usual(tls: &TlsTerm) -> bool {
    *tls == TlsTerm::Usual
}

impl MessageTerms {
    /// Nothing was asked for.
    pub fn are_usual(&self) -> bool {
        *self == Self::default()
    }

    /// What was asked, in words for the message's page; empty for most mail.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        match self.ret {
            Some(Ret::Full) => words.push("reports of a failure return the whole message".to_owned()),
            Some(Ret::Headers) => words.push("reports return the header alone".to_owned()),
            None => {}
        }
        if let Some(envid) = &self.envid {
            words.push(format!("envelope id {}", envid.decoded()));
        }
        match self.tls {
            TlsTerm::Required => words.push("only over verified TLS on the whole way (REQUIRETLS)".to_owned()),
            TlsTerm::Optional => words.push("delivery matters more than TLS (TLS-Required: No)".to_owned()),
            TlsTerm::Usual => {}
        }
        if self.binary {
            words.push("a binary body, passed on by BDAT only".to_owned());
        }
        words
    }
}

impl RecipientTerms {
    /// Nothing was asked for.
    pub fn are_usual(&self) -> bool {
        *self == Self::default()
    }

    /// What is reported, in words; none when nothing was asked.
    pub fn words(&self) -> Option<String> {
        let notify = self.notify?;
        let words = [(notify.success, "success"), (notify.failure, "failure"), (notify.delay, "delay")];
        let wanted: Vec<&str> = words.into_iter().filter_map(|(wanted, word)| wanted.then_some(word)).collect();
        Some(match wanted[..] {
            [] => "no reports".to_owned(),
            _ => format!("reports of {}", wanted.join(" and ")),
        })
    }

    /// Whether the sender wants to hear of this.
    pub fn wants(&self, report: Report) -> bool {
        match (&self.notify, report) {
            (Some(notify), Report::Success) => notify.success,
            (Some(notify), Report::Failure) => notify.failure,
            (Some(notify), Report::Delay) => notify.delay,
            (None, Report::Success) => false,
            (None, Report::Failure | Report::Delay) => true,
        }
    }
}

/// What can be reported of a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// It was delivered, or went to where no report can be asked for.
    Success,
    /// It failed for good.
    Failure,
    /// It waits for longer than usual.
    Delay,
}

/// `RET` (RFC 3461 §4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ret {
    /// The whole message.
    #[serde(rename = "FULL")]
    Full,
    /// The header section.
    #[serde(rename = "HDRS")]
    Headers,
}

impl Ret {
    /// Reads the parameter's value.
    pub fn parse(text: &str) -> Result<Self, MalformedValue> {
        match text.to_ascii_uppercase().as_str() {
            "FULL" => Ok(Self::Full),
            "HDRS" => Ok(Self::Headers),
            _ => Err(MalformedValue),
        }
    }

    /// The parameter's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::Headers => "HDRS",
        }
    }
}

/// `REQUIRETLS` or the field `TLS-Required: No` (RFC 8689).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsTerm {
    /// As the way and the recipient's domain have it.
    #[default]
    Usual,
    /// Verified TLS and a next hop that promises the same, or not at all (§4).
    Required,
    /// What the recipient's domain asks of TLS is passed over rather than the message kept (§5).
    Optional,
}

/// `ENVID` (RFC 3461 §4.4): printable ASCII of 100 characters at most, kept as xtext.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EnvelopeId(String);

impl EnvelopeId {
    /// Reads the parameter's value.
    pub fn parse(text: &str) -> Result<Self, MalformedValue> {
        let decoded = xtext::decode(text).ok_or(MalformedValue)?;
        let printable = !decoded.is_empty() && decoded.bytes().all(|b| (b' '..=b'~').contains(&b));
        if printable && text.len() <= 100 { Ok(Self(text.to_owned())) } else { Err(MalformedValue) }
    }

    /// The parameter's value.
    pub fn as_xtext(&self) -> &str {
        &self.0
    }

    /// As the sender means it, for reports.
    pub fn decoded(&self) -> String {
        xtext::decode(&self.0).unwrap_or_default()
    }
}

impl TryFrom<String> for EnvelopeId {
    type Error = MalformedValue;

    fn try_from(text: String) -> Result<Self, MalformedValue> {
        Self::parse(&text)
    }
}

impl From<EnvelopeId> for String {
    fn from(id: EnvelopeId) -> Self {
        id.0
    }
}

/// `NOTIFY` (RFC 3461 §4.1); all false is `NEVER`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Notify {
    /// Of success.
    pub success: bool,
    /// Of failure.
    pub failure: bool,
    /// Of delay.
    pub delay: bool,
}

impl Notify {
    /// Never.
    pub const NEVER: Self = Self { success: false, failure: false, delay: false };

    /// Reads the parameter's value: `NEVER` alone, or a list of the others, each once.
    pub fn parse(text: &str) -> Result<Self, MalformedValue> {
        let mut notify = Self::NEVER;
        if text.eq_ignore_ascii_case("NEVER") {
            return Ok(notify);
        }
        for word in text.split(',') {
            let wanted = match word.to_ascii_uppercase().as_str() {
                "SUCCESS" => &mut notify.success,
                "FAILURE" => &mut notify.failure,
                "DELAY" => &mut notify.delay,
                _ => return Err(MalformedValue),
            };
            if std::mem::replace(wanted, true) {
                return Err(MalformedValue);
            }
        }
        Ok(notify)
    }
}

impl std::fmt::Display for Notify {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if *self == Self::NEVER {
            return f.write_str("NEVER");
        }
        let words = [(self.success, "SUCCESS"), (self.failure, "FAILURE"), (self.delay, "DELAY")];
        let wanted: Vec<&str> = words.into_iter().filter_map(|(wanted, word)| wanted.then_some(word)).collect();
        f.write_str(&wanted.join(","))
    }
}

impl TryFrom<String> for Notify {
    type Error = MalformedValue;

    fn try_from(text: String) -> Result<Self, MalformedValue> {
        Self::parse(&text)
    }
}

impl From<Notify> for String {
    fn from(notify: Notify) -> Self {
        notify.to_string()
    }
}

/// `HOLDFOR` or `HOLDUNTIL` (RFC 4865 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// For so many seconds.
    For(u64),
    /// Until this moment.
    Until(Timestamp),
}

impl Hold {
    /// Reads the value of `HOLDFOR`: 1 to 999,999,999.
    pub fn parse_for(text: &str) -> Result<Self, MalformedValue> {
        let is_number = (1..=9).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse() {
            Ok(seconds) if is_number && seconds > 0 => Ok(Self::For(seconds)),
            _ => Err(MalformedValue),
        }
    }

    /// Reads the value of `HOLDUNTIL`: a moment of RFC 3339 in UTC, as `2026-11-21T13:58:02Z`.
    pub fn parse_until(text: &str) -> Result<Self, MalformedValue> {
        if !text.ends_with(['Z', 'z']) {
            return Err(MalformedValue);
        }
        let format = &time::format_description::well_known::Rfc3339;
        let moment = time::OffsetDateTime::parse(text, format).map_err(|_| MalformedValue)?;
        let milliseconds = moment.unix_timestamp_nanos() / 1_000_000;
        Ok(Self::Until(Timestamp(i64::try_from(milliseconds).map_err(|_| MalformedValue)?)))
    }

    /// When the message is let go.
    pub fn release_at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::For(seconds) => now.plus(std::time::Duration::from_secs(seconds)),
            Self::Until(moment) => moment,
        }
    }
}

#[cfg(test)]
mod tests;
