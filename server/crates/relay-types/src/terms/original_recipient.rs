//! `ORCPT` (RFC 3461 §4.2, RFC 6533 §3): an address type and an address, of 500 characters at most.

use super::{MalformedValue, xtext};
use serde::{Deserialize, Serialize};

/// Longest value of the parameter.
const LONGEST: usize = 500;

/// The recipient as the sender wrote it first. Kept in ASCII whatever was sent: addresses of type `utf-8` as
/// utf-8-addr-xtext, so that it can go to every next hop and stand in every report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OriginalRecipient {
    kind: String,
    /// Decoded; printable ASCII.
    address: String,
}

impl OriginalRecipient {
    /// Reads the parameter's value. Letters that are not ASCII are for type `utf-8` under SMTPUTF8 alone; the caller
    /// judges the latter.
    pub fn parse(text: &str) -> Result<Self, MalformedValue> {
        let (kind, address) = text.split_once(';').ok_or(MalformedValue)?;
        let is_atom = |b: u8| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=+".contains(&b);
        if text.len() > LONGEST || kind.is_empty() || !kind.bytes().all(is_atom) || address.is_empty() {
            return Err(MalformedValue);
        }
        let kind = kind.to_ascii_lowercase();
        let address = if kind == "utf-8" { unitext(address)? } else { xtext::decode(address).ok_or(MalformedValue)? };
        // It is shown to people and stands on a line of a report.
        let fits = !address.is_empty() && address.bytes().all(|b| (b' '..=b'~').contains(&b));
        if fits { Ok(Self { kind, address }) } else { Err(MalformedValue) }
    }

    /// The parameter's value.
    pub fn as_parameter(&self) -> String {
        if self.kind == "utf-8" {
            format!("utf-8;{}", self.address)
        } else {
            format!("{};{}", self.kind, xtext::encode(&self.address))
        }
    }

    /// The address, for `Original-Recipient` (RFC 3464 §2.3.1).
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its type, in lower case: `rfc822`, `utf-8`.
    pub fn kind(&self) -> &str {
        &self.kind
    }
}

/// utf-8-addr-xtext or utf-8-addr-unitext, as the former: `\x{HEX}` stays, letters beyond ASCII become it.
fn unitext(text: &str) -> Result<String, MalformedValue> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '\\' {
            let inside = rest.strip_prefix("\\x{").and_then(|rest| rest.split_once('}'));
            let (digits, behind) = inside.ok_or(MalformedValue)?;
            let is_hex = (2..=6).contains(&digits.len())
                && digits.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b));
            let point = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
            if !is_hex || point.is_none_or(|point| point.is_control()) {
                return Err(MalformedValue);
            }
            out.push_str(&format!("\\x{{{digits}}}"));
            rest = behind;
            continue;
        }
        match c {
            '+' | '=' => return Err(MalformedValue),
            '!'..='~' => out.push(c),
            c if c.is_ascii() || c.is_control() => return Err(MalformedValue),
            c => out.push_str(&format!("\\x{{{:X}}}", u32::from(c))),
        }
        rest = &rest[c.len_utf8()..];
    }
    Ok(out)
}

impl TryFrom<String> for OriginalRecipient {
    type Error = MalformedValue;

    fn try_from(text: String) -> Result<Self, MalformedValue> {
        // What was kept may have grown by `\x{…}`, which is not the sender's fault.
        let (kind, address) = text.split_once(';').ok_or(MalformedValue)?;
        let address =
            if kind == "utf-8" { address.to_owned() } else { xtext::decode(address).ok_or(MalformedValue)? };
        Ok(Self { kind: kind.to_owned(), address })
    }
}

impl From<OriginalRecipient> for String {
    fn from(original: OriginalRecipient) -> Self {
        original.as_parameter()
    }
}
