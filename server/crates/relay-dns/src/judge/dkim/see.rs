//! What is at a selector, compared with the key that should be there. Has no words.

use crate::{
    dkim::{KeyError, KeyRecord, Public},
    facts::{Facts, Kind},
};

/// What is at `SELECTOR._domainkey.DOMAIN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// What it comes to.
    pub state: State,
    /// The texts, joined.
    pub texts: Vec<String>,
    /// Where aliases led.
    pub aliases: Vec<String>,
    /// Whether the domain's servers say the same.
    pub agreed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// DNS did not answer.
    Unknown(String),
    /// Nothing.
    Missing,
    /// Texts, and none of them is a key.
    NoKey,
    /// An alias led to texts of another purpose, which answer beside the key.
    AliasAnswersOthers { ours: bool },
    /// Texts of another purpose are at the name itself, beside the key.
    BesideOthers { ours: bool },
    /// More than one key.
    Several { ours: bool },
    /// A text that means to be a key and is none.
    Syntax(KeyError),
    /// A key that receivers do not take, whatever it is.
    Fault(Fault),
    /// A key in order, and not ours.
    Another(KeyRecord),
    /// Ours, cut off after so many characters.
    CutOff(usize),
    /// A key for another algorithm than ours.
    Algorithm(String),
    /// The key that should be there; or any good one, when none is expected.
    Good(KeyRecord),
}

/// Why receivers do not take a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Revoked,
    Base64,
    NotAKey,
    NoSha256,
    NotForMail,
    UnknownAlgorithm,
    TooShort(usize),
}

/// RFC 8301 §3.2: keys of less are not to be used.
const SHORTEST: usize = 1024;

/// Looks at a name; `expected` is the value of our record, none when any key will do.
pub(super) fn see(facts: &Facts, name: &str, expected: Option<&str>) -> Seen {
    let answer = facts.get(name, Kind::Txt);
    let (aliases, agreed) = (answer.aliases.clone(), answer.agreed);
    let (state, texts) = match facts.texts(name) {
        Err(why) => (State::Unknown(why.to_owned()), Vec::new()),
        Ok(texts) => (state(&texts, !aliases.is_empty(), expected), texts),
    };
    Seen { state, texts, aliases, agreed }
}

fn state(texts: &[String], alias: bool, expected: Option<&str>) -> State {
    let read: Vec<Result<KeyRecord, KeyError>> = texts.iter().map(|text| KeyRecord::parse(text)).collect();
    let (others, keys): (Vec<_>, Vec<_>) = read.into_iter().partition(|key| matches!(key, Err(KeyError::AnotherText)));
    let wanted = expected.and_then(|value| KeyRecord::parse(value).ok());
    let is_ours = |key: &Result<KeyRecord, KeyError>| {
        key.as_ref().is_ok_and(|key| fault(key).is_none() && wanted.as_ref().is_none_or(|wanted| same(key, wanted)))
    };
    let ours = keys.iter().any(is_ours);
    let one = match (others.len(), <[_; 1]>::try_from(keys)) {
        (0, Ok([one])) => one,
        (0, Err(none)) if none.is_empty() => return State::Missing,
        (0, Err(_)) => return State::Several { ours },
        (_, Err(none)) if none.is_empty() && !alias => return State::NoKey,
        _ if alias => return State::AliasAnswersOthers { ours },
        _ => return State::BesideOthers { ours },
    };
    let key = match one {
        Err(error) => return State::Syntax(error),
        Ok(key) => key,
    };
    let cut_off = wanted.as_ref().and_then(|wanted| cut_off(&texts[0], expected?, wanted));
    match (fault(&key), &wanted) {
        (Some(Fault::Base64 | Fault::NotAKey), _) if cut_off.is_some() => State::CutOff(cut_off.unwrap_or_default()),
        (Some(fault), _) => State::Fault(fault),
        (None, Some(wanted)) if key.kind != wanted.kind => State::Algorithm(key.kind),
        (None, Some(wanted)) if !same(&key, wanted) => State::Another(key),
        (None, _) => State::Good(key),
    }
}

fn fault(key: &KeyRecord) -> Option<Fault> {
    if key.algorithm().is_none() {
        return Some(Fault::UnknownAlgorithm);
    }
    match (&key.public, key.bits()) {
        (Public::Revoked, _) => Some(Fault::Revoked),
        (Public::Broken, _) => Some(Fault::Base64),
        (Public::Key(_), None) => Some(Fault::NotAKey),
        _ if !key.takes_sha256() => Some(Fault::NoSha256),
        _ if !key.is_for_mail() => Some(Fault::NotForMail),
        (Public::Key(_), Some(bits)) if key.kind == "rsa" && bits < SHORTEST => Some(Fault::TooShort(bits)),
        _ => None,
    }
}

fn same(one: &KeyRecord, other: &KeyRecord) -> bool {
    one.kind == other.kind && one.public == other.public
}

/// How much of our key's text is there, when it is its beginning and not all of it.
fn cut_off(found: &str, expected: &str, wanted: &KeyRecord) -> Option<usize> {
    let key = |text: &str| -> Option<String> {
        let (_, key) = text.split_once("p=")?;
        Some(key.split(';').next()?.chars().filter(|c| !c.is_whitespace()).collect())
    };
    let (found, expected) = (key(found)?, key(expected)?);
    let begun = !found.is_empty() && found.len() < expected.len() && expected.starts_with(&found);
    (begun && matches!(wanted.public, Public::Key(_))).then_some(found.len())
}
