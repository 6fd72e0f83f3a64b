//! The record (RFC 7208 §4.5, §4.6, §5, §6, §12): which text is one, and what its terms say.
//!
//! A record is read whole before anything of it counts; what is wrong is said with its column.

use super::macros::{Place, Template, column, shown};
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

const VERSION: &str = "v=spf1";

/// What is wrong with a record, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// The character it is about, counted from 1.
    pub column: usize,
    /// What is wrong, as a sentence without beginning and end: `"ipv4" is no mechanism`.
    pub what: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.what)
    }
}

/// A record that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// In their order.
    pub terms: Vec<Term>,
}

/// One term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// As written.
    pub text: String,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Directive(Qualifier, Mechanism),
    Redirect(Template),
    Exp(Template),
    /// A modifier of this name that nobody knows: ignored.
    Unknown(String),
}

/// What a match means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qualifier {
    /// `+`, or none.
    Pass,
    /// `-`
    Fail,
    /// `~`
    SoftFail,
    /// `?`
    Neutral,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mechanism {
    All,
    Include(Template),
    A(Hosts),
    Mx(Hosts),
    Ptr(Option<Template>),
    Ip(IpAddr, u8),
    Exists(Template),
}

/// The name in `a` and `mx`, and how much of its addresses counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hosts {
    /// None for the domain itself.
    pub name: Option<Template>,
    pub four: u8,
    pub six: u8,
}

/// Whether a text is meant as a record: the version, then a space or the end (RFC 7208 §4.5).
pub fn is_record(text: &str) -> bool {
    let version = text.get(..VERSION.len()).is_some_and(|version| version.eq_ignore_ascii_case(VERSION));
    version && matches!(text.as_bytes().get(VERSION.len()), None | Some(b' '))
}

impl Record {
    /// Reads a record; on failure all that is wrong, at most one error a term, in order.
    pub fn parse(text: &str) -> Result<Self, Vec<SyntaxError>> {
        if !is_record(text) {
            return Err(vec![SyntaxError { column: 1, what: "a record begins with v=spf1 and a space".to_owned() }]);
        }
        let (mut terms, mut errors, mut at) = (Vec::new(), Vec::new(), VERSION.len());
        for word in text[at..].split(' ') {
            let kind = (!word.is_empty()).then(|| parse_term(word).and_then(|kind| once(kind, &terms)));
            match kind {
                None => {}
                Some(Ok(kind)) => terms.push(Term { text: word.to_owned(), kind }),
                Some(Err(error)) => errors.push(SyntaxError { column: column(text, at) + error.column - 1, ..error }),
            }
            at += word.len() + 1;
        }
        if errors.is_empty() { Ok(Self { terms }) } else { Err(errors) }
    }

    /// The mechanisms with their qualifiers, also those behind `all`, which are never looked at.
    pub(crate) fn directives(&self) -> impl Iterator<Item = (&Term, Qualifier, &Mechanism)> {
        self.terms.iter().filter_map(|term| match &term.kind {
            Kind::Directive(qualifier, mechanism) => Some((term, *qualifier, mechanism)),
            _ => None,
        })
    }

    /// The qualifier of the first `all`.
    pub fn all(&self) -> Option<Qualifier> {
        self.directives().find(|(_, _, mechanism)| **mechanism == Mechanism::All).map(|(_, qualifier, _)| qualifier)
    }

    /// `redirect=`, when it counts: with `all` it is ignored (RFC 7208 §6.1).
    pub(crate) fn redirect(&self) -> Option<(&Term, &Template)> {
        let redirect = self.terms.iter().find_map(|term| match &term.kind {
            Kind::Redirect(name) => Some((term, name)),
            _ => None,
        });
        redirect.filter(|_| self.all().is_none())
    }

    /// Whether a term lets an address in by naming it or a network it is in.
    pub(crate) fn names(&self, ip: IpAddr) -> bool {
        self.directives().take_while(|(_, _, mechanism)| **mechanism != Mechanism::All).any(
            |(_, qualifier, mechanism)| {
                let named = matches!(mechanism, Mechanism::Ip(network, length) if same_network(ip, *network, *length));
                named && qualifier == Qualifier::Pass
            },
        )
    }

    pub(crate) fn exp(&self) -> Option<&Template> {
        self.terms.iter().find_map(|term| match &term.kind {
            Kind::Exp(name) => Some(name),
            _ => None,
        })
    }
}

/// Refuses `redirect=` and `exp=` where one stands already (RFC 7208 §6).
fn once(kind: Kind, before: &[Term]) -> Result<Kind, SyntaxError> {
    let name = match kind {
        Kind::Redirect(_) => "redirect",
        Kind::Exp(_) => "exp",
        _ => return Ok(kind),
    };
    let same = |term: &Term| std::mem::discriminant(&term.kind) == std::mem::discriminant(&kind);
    if before.iter().any(same) {
        return Err(SyntaxError { column: 1, what: format!("{name}= stands here for the second time") });
    }
    Ok(kind)
}

fn wrong<T>(word: &str, at: usize, what: impl Into<String>) -> Result<T, SyntaxError> {
    Err(SyntaxError { column: column(word, at), what: what.into() })
}

/// Moves an error by the octets before what it is about; all of them are ASCII.
fn behind<T>(before: usize, read: Result<T, SyntaxError>) -> Result<T, SyntaxError> {
    read.map_err(|error| SyntaxError { column: error.column + before, ..error })
}

fn parse_term(word: &str) -> Result<Kind, SyntaxError> {
    if let Some((at, c)) = word.char_indices().find(|(_, c)| !c.is_ascii_graphic()) {
        return wrong(word, at, format!("the character {} is not allowed", shown(c)));
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let name = word.split(|c| !is_name(c)).next().unwrap_or_default();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) && word[name.len()..].starts_with('=') {
        let begin = name.len() + 1;
        return behind(
            begin,
            match name.to_ascii_lowercase().as_str() {
                "redirect" => Template::parse_name(&word[begin..]).map(Kind::Redirect),
                "exp" => Template::parse_name(&word[begin..]).map(Kind::Exp),
                other => Template::parse(&word[begin..], Place::Value).map(|_| Kind::Unknown(other.to_owned())),
            },
        );
    }
    let qualifier = match word.as_bytes().first() {
        Some(b'+') => Some(Qualifier::Pass),
        Some(b'-') => Some(Qualifier::Fail),
        Some(b'~') => Some(Qualifier::SoftFail),
        Some(b'?') => Some(Qualifier::Neutral),
        _ => None,
    };
    let begin = usize::from(qualifier.is_some());
    let mechanism = behind(begin, parse_mechanism(&word[begin..]))?;
    Ok(Kind::Directive(qualifier.unwrap_or(Qualifier::Pass), mechanism))
}

fn parse_mechanism(word: &str) -> Result<Mechanism, SyntaxError> {
    let length = word.find([':', '/']).unwrap_or(word.len());
    let (name, rest) = word.split_at(length);
    let argument = rest.strip_prefix(':');
    let name_of = |argument: Option<&str>, example: &str| match argument {
        Some(text) => behind(length + 1, Template::parse_name(text)),
        None => wrong(word, length, format!("a colon and a domain name are missing here, as in {example}")),
    };
    match name.to_ascii_lowercase().as_str() {
        "all" if rest.is_empty() => Ok(Mechanism::All),
        "all" => wrong(word, length, "nothing may follow all"),
        "include" => name_of(argument, "include:spf.example.org").map(Mechanism::Include),
        "exists" => name_of(argument, "exists:%{i}.spf.example.org").map(Mechanism::Exists),
        "ptr" if rest.is_empty() => Ok(Mechanism::Ptr(None)),
        "ptr" if argument.is_none() => wrong(word, length, "ptr takes no prefix length"),
        "ptr" => name_of(argument, "ptr:example.org").map(|name| Mechanism::Ptr(Some(name))),
        "a" => parse_hosts(word, length).map(Mechanism::A),
        "mx" => parse_hosts(word, length).map(Mechanism::Mx),
        "ip4" => parse_network(word, argument, 32, "an IPv4 address", "ip4:192.0.2.1", |text| {
            text.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
        }),
        "ip6" => parse_network(word, argument, 128, "an IPv6 address", "ip6:2001:db8::1", |text| {
            text.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
        }),
        other => wrong(word, 0, unknown(other, word)),
    }
}

/// What somebody may have meant with a mechanism there is not.
fn unknown(name: &str, word: &str) -> String {
    let meant = match name {
        "" => return "a mechanism is missing here".to_owned(),
        "ip" | "ipv4" | "ip4address" => "ip4:",
        "ipv6" => "ip6:",
        "incl" | "includes" | "inc" => "include:",
        "all." | "all;" | "all," | "alll" => "all",
        "redirect" => "redirect=",
        "exp" => "exp=",
        _ if word.split('/').next().is_some_and(|text| text.parse::<Ipv4Addr>().is_ok()) => {
            return format!("ip4: is missing before the address, as in ip4:{word}");
        }
        _ if word.split('/').next().is_some_and(|text| text.parse::<Ipv6Addr>().is_ok()) => {
            return format!("ip6: is missing before the address, as in ip6:{word}");
        }
        _ if name.contains('=') => {
            return format!("\"{word}\" is no mechanism, and a modifier takes no sign before it");
        }
        _ if name.contains('.') => {
            return format!("\"{word}\" is no mechanism; a: or include: may be missing before it");
        }
        _ => return format!("\"{name}\" is no mechanism"),
    };
    format!("\"{name}\" is no mechanism; perhaps {meant} is meant")
}

fn parse_hosts(word: &str, length: usize) -> Result<Hosts, SyntaxError> {
    let rest = &word[length..];
    let (before, six) = split_prefix(rest, "//");
    let (name, four) = split_prefix(before, "/");
    let name_end = length + name.len();
    let four_end = length + before.len();
    let name = match name.strip_prefix(':') {
        Some(text) => Some(behind(length + 1, Template::parse_name(text))?),
        None if name.is_empty() => None,
        None => return wrong(word, length, "after a slash belongs the length of a prefix, as in /24"),
    };
    let four = four.map_or(Ok(32), |digits| prefix_length(word, name_end + 1, digits, 32))?;
    let six = six.map_or(Ok(128), |digits| prefix_length(word, four_end + 2, digits, 128))?;
    Ok(Hosts { name, four, six })
}

/// Takes a slash or two and digits off the end.
fn split_prefix<'a>(text: &'a str, slash: &str) -> (&'a str, Option<&'a str>) {
    match text.rfind(slash) {
        Some(at) if is_digits(&text[at + slash.len()..]) => (&text[..at], Some(&text[at + slash.len()..])),
        _ => (text, None),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit())
}

fn prefix_length(word: &str, at: usize, digits: &str, most: u8) -> Result<u8, SyntaxError> {
    let number = digits.parse().ok().filter(|number| *number <= most);
    match number {
        Some(number) if digits == "0" || !digits.starts_with('0') => Ok(number),
        _ => wrong(word, at, format!("a prefix here has a length from 0 to {most}")),
    }
}

fn parse_network(
    word: &str,
    argument: Option<&str>,
    most: u8,
    noun: &str,
    example: &str,
    parse: impl Fn(&str) -> Option<IpAddr>,
) -> Result<Mechanism, SyntaxError> {
    let Some(argument) = argument else {
        return wrong(word, 3, format!("a colon and {noun} are missing here, as in {example}"));
    };
    let (text, digits) = argument.split_once('/').map_or((argument, None), |(text, digits)| (text, Some(digits)));
    let Some(address) = parse(text) else {
        return wrong(word, 4, format!("\"{text}\" is not {noun}"));
    };
    let begin = 4 + text.len() + 1;
    let length = match digits {
        None => most,
        Some(digits) if is_digits(digits) => prefix_length(word, begin, digits, most)?,
        Some(_) => return wrong(word, begin, "after a slash belongs the length of a prefix, as in /24"),
    };
    Ok(Mechanism::Ip(address, length))
}

/// Whether two addresses of one family have their first bits in common.
pub(crate) fn same_network(one: IpAddr, other: IpAddr, length: u8) -> bool {
    let (one, other) = match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (u128::from(u32::from(one)) << 96, u128::from(u32::from(other)) << 96),
        (IpAddr::V6(one), IpAddr::V6(other)) => (u128::from(one), u128::from(other)),
        _ => return false,
    };
    (one ^ other).checked_shr(128 - u32::from(length)).unwrap_or(0) == 0
}
