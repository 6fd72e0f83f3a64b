//! The record to publish: what is there, with as little changed as mends it.
//!
//! Works on words, so that what nobody understands stays where nobody has to touch it.

use crate::spf::{Record, is_record};
use std::{collections::HashSet, net::IpAddr};

/// A string of a TXT record holds so many octets (RFC 1035 §3.3.14).
const STRING: usize = 255;

/// A record on its way to be better.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Draft {
    words: Vec<String>,
    added: Vec<String>,
    /// What was done to words that could not stay, a sentence each.
    pub notes: Vec<String>,
}

impl Draft {
    /// One readable record of all that are there: nothing, one, or several that may not be beside each other.
    pub(super) fn of(texts: &[String]) -> Self {
        let mut notes = Vec::new();
        let mut all: Vec<Vec<String>> = texts.iter().map(|text| repaired(text, &mut notes)).collect();
        let words = if all.len() < 2 { all.pop().unwrap_or_default() } else { merged(&all) };
        Self { words, added: Vec::new(), notes }
    }

    pub(super) fn text(&self) -> String {
        let words = std::iter::once("v=spf1").chain(self.words.iter().map(String::as_str));
        words.collect::<Vec<_>>().join(" ")
    }

    /// The part that is new.
    pub(super) fn added(&self) -> Option<String> {
        (!self.added.is_empty()).then(|| self.added.join(" "))
    }

    /// Whether the record lets an address in by naming it or its network.
    pub(super) fn names(&self, ip: IpAddr) -> bool {
        Record::parse(&self.text()).is_ok_and(|record| record.names(ip))
    }

    /// Whether a term is there that means the same and lets in.
    pub(super) fn has(&self, term: &str) -> bool {
        self.words.iter().any(|word| word.strip_prefix('+').unwrap_or(word).eq_ignore_ascii_case(term))
    }

    /// Adds terms once, before the word that decides against us; else before `all`, `redirect=` or at the end.
    pub(super) fn add(&mut self, terms: &[String], before: Option<usize>) {
        let same = |word: &String| terms.iter().any(|term| bare(word).eq_ignore_ascii_case(term));
        let place = before.filter(|place| *place <= self.words.len()).unwrap_or_else(|| self.end());
        let gone = self.words.iter().take(place).filter(|word| same(word)).count();
        self.words.retain(|word| !same(word));
        self.words.splice(place - gone..place - gone, terms.iter().cloned());
        self.added = terms.to_vec();
    }

    /// The place of a word.
    pub(super) fn place(&self, word: &str) -> Option<usize> {
        self.words.iter().position(|other| other == word)
    }

    /// Without these words.
    pub(super) fn without(mut self, words: &[&str]) -> Self {
        self.words.retain(|word| !words.contains(&word.as_str()));
        self
    }

    /// Without what means the same as one of these terms, whatever its sign.
    pub(super) fn without_same(mut self, terms: &[String]) -> Self {
        self.words.retain(|word| !terms.iter().any(|term| bare(word).eq_ignore_ascii_case(term)));
        self
    }

    /// With this `all` as the last mechanism, in place of any other.
    pub(super) fn ending_with(mut self, all: &str) -> Self {
        self.words.retain(|word| !is_all(word));
        self.words.retain(|word| !is_redirect(word));
        self.words.push(all.to_owned());
        self
    }

    /// The `all` that is there first.
    pub(super) fn all(&self) -> Option<&str> {
        self.words.iter().find(|word| is_all(word)).map(String::as_str)
    }

    /// Where something can be put in that is still looked at.
    fn end(&self) -> usize {
        let ends = |word: &String| is_all(word) || is_redirect(word);
        self.words.iter().position(ends).unwrap_or(self.words.len())
    }
}

/// How a value is written when one string does not hold it.
pub(super) fn split(value: &str) -> Option<String> {
    if value.len() <= STRING {
        return None;
    }
    let strings: Vec<String> =
        value.as_bytes().chunks(STRING).map(|chunk| format!("\"{}\"", String::from_utf8_lossy(chunk))).collect();
    Some(format!(
        "It has {} characters, and a string of a TXT record holds {STRING}: write it as {} strings in one record, which \
         receivers join without a space: {}",
        value.len(),
        strings.len(),
        strings.join(" ")
    ))
}

/// A text that was meant as a record and is none: with quotes, spaces or a comma where none may be, or without the space.
pub(super) fn is_nearly(text: &str) -> bool {
    let version = bare_text(text).get(..6).is_some_and(|version| version.eq_ignore_ascii_case("v=spf1"));
    let next = bare_text(text).chars().nth(6);
    !is_record(text) && version && !next.is_some_and(|c| c.is_ascii_digit())
}

fn bare_text(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || "\"'".contains(c))
}

fn bare(word: &str) -> &str {
    word.strip_prefix(['+', '-', '~', '?']).unwrap_or(word)
}

pub(super) fn is_all(word: &str) -> bool {
    bare(word).eq_ignore_ascii_case("all")
}

fn is_redirect(word: &str) -> bool {
    is_named(word, "redirect=")
}

fn is_exp(word: &str) -> bool {
    is_named(word, "exp=")
}

fn is_named(word: &str, name: &str) -> bool {
    word.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name))
}

/// The words of a text behind its version, each one mended or left out.
fn repaired(text: &str, notes: &mut Vec<String>) -> Vec<String> {
    let rest = bare_text(text).get(6..).unwrap_or_default();
    let mut words: Vec<String> = Vec::new();
    // Those that may stand once.
    let mut modifiers = String::new();
    for word in rest.split(|c: char| c.is_whitespace() || c == ';').filter(|word| !word.is_empty()) {
        let before = words.len();
        let fits = |word: &str| Record::parse(&format!("v=spf1{modifiers} {word}")).is_ok();
        if fits(word) && !looks_like_a_mechanism(word) {
            words.push(word.to_owned());
        } else if let Some(better) = candidates(word).into_iter().find(|word| fits(word)) {
            notes.push(format!("{word} becomes {better}."));
            words.push(better);
        } else {
            notes.push(format!("{word} is left out, because it means nothing there."));
        }
        if let Some(kept) = words.get(before).filter(|word| is_redirect(word) || is_exp(word)) {
            modifiers += &format!(" {kept}");
        }
    }
    words
}

/// A modifier by its grammar that nobody meant as one: receivers pass over it.
pub(super) fn looks_like_a_mechanism(word: &str) -> bool {
    let name = word.split('=').next().unwrap_or_default();
    word.contains('=')
        && ["a", "mx", "ptr", "ip4", "ip6", "include", "exists", "all", "v"]
            .contains(&&*bare(name).to_ascii_lowercase())
}

/// What somebody may have meant with a word.
fn candidates(word: &str) -> Vec<String> {
    let word = word.trim_end_matches([',', '.', ';', '"', '\'']).trim_start_matches(['"', '\'']);
    if word.to_ascii_lowercase().starts_with("v=") {
        return Vec::new();
    }
    let (sign, rest) = word.split_at(word.len() - bare(word).len());
    let mut found = vec![word.to_owned(), format!("ip4:{word}"), format!("ip6:{word}")];
    if let Some((name, value)) = rest.split_once([':', '=']) {
        let name = match name.to_ascii_lowercase().as_str() {
            "ip" | "ipv4" | "ip4" => "ip4:",
            "ipv6" | "ip6" => "ip6:",
            "incl" | "inc" | "includes" | "include" => "include:",
            "redirect" => "redirect=",
            "exp" => "exp=",
            "a" => "a:",
            "mx" => "mx:",
            "exists" => "exists:",
            _ => return found,
        };
        let sign = if name.ends_with('=') { "" } else { sign };
        found.push(format!("{sign}{name}{value}"));
        found.push(format!("{sign}ip6:{value}"));
    }
    found.retain(|word| !looks_like_a_mechanism(word));
    found
}

/// Several records as one: every term once, and the softer end where they differ, so that nothing is refused that one
/// of them let pass.
fn merged(all: &[Vec<String>]) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut ends: Vec<&str> = Vec::new();
    let mut seen: HashSet<String> = HashSet::new();
    for word in all.iter().flatten() {
        if is_all(word) {
            ends.push(word);
            continue;
        }
        let word = match word.split_once('=') {
            Some((name, target)) if name.eq_ignore_ascii_case("redirect") => format!("include:{target}"),
            _ => word.clone(),
        };
        let key = word.to_ascii_lowercase();
        let key = if is_exp(&key) { "exp=".to_owned() } else { key };
        if seen.insert(key) {
            words.push(word);
        }
    }
    let same = ends.windows(2).all(|pair| pair[0].eq_ignore_ascii_case(pair[1])) && ends.len() == all.len();
    let end = ends.first().filter(|_| same).map_or("~all", |end| end);
    words.push(end.to_owned());
    words
}
