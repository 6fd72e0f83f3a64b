//! The parameters behind the path of MAIL and RCPT (RFC 5321 §4.1.2 `Mail-parameters`).
//!
//! Strict: a parameter that is not offered, stands twice, or has a wrong value refuses the command.

use crate::session::BodyType;
use relay_types::terms::{EnvelopeId, Hold, MalformedValue, Notify, OriginalRecipient, RecipientTerms, Ret};

/// The parameters of MAIL that this server knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MailParameters {
    /// `SIZE=` in octets (RFC 1870).
    pub size: Option<u64>,
    /// `BODY=` (RFC 6152, RFC 3030).
    pub body: Option<BodyType>,
    /// `SMTPUTF8` (RFC 6531).
    pub smtputf8: bool,
    /// `RET=` (RFC 3461).
    pub ret: Option<Ret>,
    /// `ENVID=` (RFC 3461).
    pub envid: Option<EnvelopeId>,
    /// `REQUIRETLS` (RFC 8689).
    pub require_tls: bool,
    /// `HOLDFOR=` or `HOLDUNTIL=` (RFC 4865).
    pub hold: Option<Hold>,
}

/// Why parameters are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterError {
    /// Not a parameter of an extension offered here: 555.
    Unknown,
    /// The same one twice: 501.
    Twice,
    /// The value is missing, not allowed or out of its grammar: 501.
    Value,
}

/// Reads what follows the reverse-path.
pub fn parse_mail(rest: &str) -> Result<MailParameters, ParameterError> {
    let mut parameters = MailParameters::default();
    let mut auth = false;
    for (keyword, value) in split(rest) {
        let twice = match keyword.to_ascii_uppercase().as_str() {
            "SIZE" => parameters.size.replace(size(value)?).is_some(),
            "BODY" => parameters.body.replace(body(value)?).is_some(),
            "SMTPUTF8" if value.is_some() => return Err(ParameterError::Value),
            "SMTPUTF8" => std::mem::replace(&mut parameters.smtputf8, true),
            "RET" => parameters.ret.replace(Ret::parse(given(value)?)?).is_some(),
            "ENVID" => parameters.envid.replace(EnvelopeId::parse(given(value)?)?).is_some(),
            "REQUIRETLS" if value.is_some() => return Err(ParameterError::Value),
            "REQUIRETLS" => std::mem::replace(&mut parameters.require_tls, true),
            // RFC 4865 §4: one of them in a command.
            "HOLDFOR" => parameters.hold.replace(Hold::parse_for(given(value)?)?).is_some(),
            "HOLDUNTIL" => parameters.hold.replace(Hold::parse_until(given(value)?)?).is_some(),
            // RFC 4954 §5: read, and treated as AUTH=<>: the account we authenticated is what counts.
            "AUTH" if !value.is_some_and(is_xtext) => return Err(ParameterError::Value),
            "AUTH" => std::mem::replace(&mut auth, true),
            _ => return Err(ParameterError::Unknown),
        };
        if twice {
            return Err(ParameterError::Twice);
        }
    }
    Ok(parameters)
}

/// Reads what follows the forward-path (RFC 3461 §4.1, §4.2). Letters beyond ASCII are for `smtputf8` alone.
pub fn parse_rcpt(rest: &str, smtputf8: bool) -> Result<RecipientTerms, ParameterError> {
    let mut terms = RecipientTerms::default();
    for (keyword, value) in split(rest) {
        let twice = match keyword.to_ascii_uppercase().as_str() {
            "NOTIFY" => terms.notify.replace(Notify::parse(given(value)?)?).is_some(),
            "ORCPT" => {
                let value = given(value)?;
                if !value.is_ascii() && !smtputf8 {
                    return Err(ParameterError::Value);
                }
                terms.orcpt.replace(OriginalRecipient::parse(value)?).is_some()
            }
            _ => return Err(ParameterError::Unknown),
        };
        if twice {
            return Err(ParameterError::Twice);
        }
    }
    Ok(terms)
}

fn given(value: Option<&str>) -> Result<&str, ParameterError> {
    value.ok_or(ParameterError::Value)
}

impl From<MalformedValue> for ParameterError {
    fn from(_: MalformedValue) -> Self {
        Self::Value
    }
}

fn split(rest: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    rest.split(' ').filter(|word| !word.is_empty()).map(|word| match word.split_once('=') {
        Some((keyword, value)) => (keyword, Some(value)),
        None => (word, None),
    })
}

/// RFC 1870 §3: one to twenty digits.
fn size(value: Option<&str>) -> Result<u64, ParameterError> {
    let digits = value.ok_or(ParameterError::Value)?;
    if !(1..=20).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ParameterError::Value);
    }
    // Twenty digits can be more than u64 holds: any limit is below that.
    Ok(digits.parse().unwrap_or(u64::MAX))
}

fn body(value: Option<&str>) -> Result<BodyType, ParameterError> {
    match value.unwrap_or_default().to_ascii_uppercase().as_str() {
        "7BIT" => Ok(BodyType::SevenBit),
        "8BITMIME" => Ok(BodyType::EightBitMime),
        "BINARYMIME" => Ok(BodyType::Binary),
        _ => Err(ParameterError::Value),
    }
}

/// RFC 3461 §4: printable ASCII without `+` and `=`, or `+` and two upper-case hexadecimal digits. `<>` is allowed.
fn is_xtext(value: &str) -> bool {
    let is_hex = |b: &u8| b.is_ascii_digit() || (b'A'..=b'F').contains(b);
    let bytes = value.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        at += match bytes[at] {
            b'+' if bytes.get(at + 1..at + 3).is_some_and(|pair| pair.iter().all(is_hex)) => 3,
            b'!'..=b'~' if !b"+=".contains(&bytes[at]) => 1,
            _ => return false,
        };
    }
    !bytes.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_parameters_are_read_strictly() {
        let full = MailParameters {
            size: Some(12),
            body: Some(BodyType::EightBitMime),
            smtputf8: true,
            ..MailParameters::default()
        };
        let asked = MailParameters {
            body: Some(BodyType::Binary),
            ret: Some(Ret::Headers),
            envid: EnvelopeId::parse("a+2Bb").ok(),
            require_tls: true,
            hold: Some(Hold::For(60)),
            ..MailParameters::default()
        };
        let sized = |size| MailParameters { size: Some(size), ..MailParameters::default() };
        for (rest, expected) in [
            ("", Ok(MailParameters::default())),
            (" SIZE=12 body=8bitmime SMTPUTF8", Ok(full)),
            (" SIZE=99999999999999999999", Ok(sized(u64::MAX))),
            (" SIZE=0 AUTH=<>", Ok(sized(0))),
            (" SIZE=0 AUTH=e+3Da@b.example", Ok(sized(0))),
            (" SIZE=abc", Err(ParameterError::Value)),
            (" SIZE=", Err(ParameterError::Value)),
            (" SIZE", Err(ParameterError::Value)),
            (" SIZE=+1", Err(ParameterError::Value)),
            (" SIZE=111111111111111111111", Err(ParameterError::Value)),
            (" BODY=BINARYMIME RET=hdrs ENVID=a+2Bb REQUIRETLS HOLDFOR=60", Ok(asked)),
            (" RET=ALL", Err(ParameterError::Value)),
            (" RET", Err(ParameterError::Value)),
            (" RET=FULL RET=HDRS", Err(ParameterError::Twice)),
            (" ENVID=", Err(ParameterError::Value)),
            (" ENVID=a=b", Err(ParameterError::Value)),
            (" ENVID=a ENVID=a", Err(ParameterError::Twice)),
            (" REQUIRETLS=1", Err(ParameterError::Value)),
            (" HOLDFOR=0", Err(ParameterError::Value)),
            (" HOLDUNTIL=tomorrow", Err(ParameterError::Value)),
            (" HOLDFOR=60 HOLDUNTIL=2026-11-21T13:58:02Z", Err(ParameterError::Twice)),
            (" BODY", Err(ParameterError::Value)),
            (" SMTPUTF8=1", Err(ParameterError::Value)),
            (" AUTH=+3d", Err(ParameterError::Value)),
            (" AUTH=", Err(ParameterError::Value)),
            (" SIZE=1 SIZE=1", Err(ParameterError::Twice)),
            (" SMTPUTF8 SMTPUTF8", Err(ParameterError::Twice)),
            (" AUTH=<> AUTH=<>", Err(ParameterError::Twice)),
            (" FOO=bar", Err(ParameterError::Unknown)),
            (" =", Err(ParameterError::Unknown)),
        ] {
            assert_eq!(parse_mail(rest), expected, "{rest:?}");
        }
        for (rest, expected) in [
            ("  ", Ok((None, None))),
            (
                " NOTIFY=success,FAILURE ORCPT=rfc822;a+2Bb@c.example",
                Ok((Some("SUCCESS,FAILURE"), Some("a+b@c.example"))),
            ),
            (" NOTIFY=NEVER", Ok((Some("NEVER"), None))),
            (" NOTIFY=NEVER,FAILURE", Err(ParameterError::Value)),
            (" NOTIFY=MAYBE", Err(ParameterError::Value)),
            (" NOTIFY", Err(ParameterError::Value)),
            (" NOTIFY=NEVER NOTIFY=NEVER", Err(ParameterError::Twice)),
            (" ORCPT=a@c.example", Err(ParameterError::Value)),
            (" ORCPT=utf-8;\u{fc}@c.example", Err(ParameterError::Value)),
            (" ORCPT=rfc822;a ORCPT=rfc822;a", Err(ParameterError::Twice)),
            (" RET=FULL", Err(ParameterError::Unknown)),
            (" FOO=bar", Err(ParameterError::Unknown)),
        ] {
            let read = parse_rcpt(rest, false);
            let read =
                read.map(|terms| (terms.notify.map(|n| n.to_string()), terms.orcpt.map(|o| o.address().to_owned())));
            let owned =
                |(notify, orcpt): (Option<&str>, Option<&str>)| (notify.map(str::to_owned), orcpt.map(str::to_owned));
            assert_eq!(read, expected.map(owned), "{rest:?}");
        }
        assert!(parse_rcpt(" ORCPT=utf-8;\u{fc}@c.example", true).is_ok());
    }
}
