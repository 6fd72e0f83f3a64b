//! The two files of what is known, read once.

use relay_types::{bounce_class::BounceClass, reply::EnhancedCode, reply::Reply};
use serde::Deserialize;
use std::sync::LazyLock;

/// Between pieces of a pattern that stand in this order with anything between them.
const ANYTHING: &str = " … ";
/// A reply is looked through so far, in octets.
const READ: usize = 4_000;

/// One line of a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// Who says it; none for what many say.
    #[serde(default)]
    pub(super) provider: Option<String>,
    pub(super) class: BounceClass,
    /// What of the sender it is about: `spf`, `dkim`, `dmarc`, `mx`; or `route`.
    #[serde(default)]
    pub(super) about: Option<String>,
    /// Any of these, in small letters.
    #[serde(default)]
    pub(super) texts: Vec<String>,
    /// `subject.detail` of an enhanced code.
    #[serde(default)]
    pub(super) code: Option<String>,
    pub(super) meaning: String,
    #[serde(default)]
    pub(super) advice: Option<String>,
    pub(super) source: String,
}

pub(super) static TEXTS: LazyLock<Vec<Entry>> =
    LazyLock::new(|| serde_json::from_str(include_str!("known_texts.json")).expect("a file of ours that a test reads"));
pub(super) static CODES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("enhanced_codes.json")).expect("a file of ours that a test reads")
});

impl Entry {
    fn matches(&self, text: &str) -> bool {
        self.texts.iter().any(|pattern| {
            let mut rest = text;
            pattern.split(ANYTHING).all(|piece| match rest.split_once(piece) {
                Some((_, after)) => {
                    rest = after;
                    true
                }
                None => false,
            })
        })
    }

    /// Whether the code says more than "something of this subject" and "a rule of ours": then it counts before words
    /// that many use.
    pub(super) fn is_definite(&self, reply: &Reply) -> bool {
        let vague = |code: EnhancedCode| code.detail == 0 || code.subject == 3 || (code.subject, code.detail) == (7, 1);
        self.class != BounceClass::Other && reply.enhanced.is_some_and(|code| !vague(code) && self.is_of(code))
    }

    fn is_of(&self, code: EnhancedCode) -> bool {
        self.code.as_deref() == Some(&format!("{}.{}", code.subject, code.detail))
    }
}

/// The first text of a provider or a server that is in the reply.
pub(super) fn of_provider(text: &str) -> Option<&'static Entry> {
    TEXTS.iter().find(|entry| entry.provider.is_some() && entry.matches(text))
}

/// The first text that many servers use.
pub(super) fn in_words(text: &str) -> Option<&'static Entry> {
    TEXTS.iter().find(|entry| entry.provider.is_none() && entry.matches(text))
}

/// What the enhanced code says; an unknown detail counts as 0 of its subject (RFC 3463 §2).
pub(super) fn enhanced(reply: &Reply) -> Option<&'static Entry> {
    let code = reply.enhanced?;
    let of = |code: EnhancedCode| CODES.iter().find(|entry| entry.is_of(code));
    of(code).or_else(|| of(EnhancedCode { detail: 0, ..code }))
}

/// The text in small letters on one line, without codes and mail addresses: `<spam@bio.example>` is no reason.
pub(super) fn readable(reply: &Reply) -> String {
    let mut text = String::new();
    for word in reply.lines.iter().flat_map(|line| line.split_whitespace()) {
        let code = word.rsplit('-').next().unwrap_or(word);
        if word.contains('@') || EnhancedCode::parse(code).is_some() {
            continue;
        }
        if text.len() + word.len() > READ {
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&word.to_lowercase());
    }
    text
}
