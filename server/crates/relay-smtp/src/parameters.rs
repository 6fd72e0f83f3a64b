//! The parameters behind the path of MAIL and RCPT (RFC 5321 §4.1.2 `Mail-parameters`).
//!
//! Strict: a parameter that is not offered, stands twice, or has a wrong value refuses the command.

use crate::session::BodyType;

/// The parameters of MAIL that this server offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MailParameters {
    /// `SIZE=` in octets (RFC 1870).
    pub size: Option<u64>,
    /// `BODY=` (RFC 6152).
    pub body: Option<BodyType>,
    /// `SMTPUTF8` (RFC 6531).
    pub smtputf8: bool,
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

/// Reads what follows the forward-path: no extension offered here has a parameter there.
pub fn parse_rcpt(rest: &str) -> Result<(), ParameterError> {
    if split(rest).next().is_some() { Err(ParameterError::Unknown) } else { Ok(()) }
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
        let full = MailParameters { size: Some(12), body: Some(BodyType::EightBitMime), smtputf8: true };
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
            (" BODY=BINARYMIME", Err(ParameterError::Value)),
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
        assert_eq!(parse_rcpt(" FOO=bar"), Err(ParameterError::Unknown));
        assert_eq!(parse_rcpt("  "), Ok(()));
    }
}
