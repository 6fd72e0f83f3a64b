//! Macros (RFC 7208 §7): read once, then filled in with the facts of a question.
//!
//! Knows no DNS: what a letter stands for comes from whoever fills in, such as the validated name of `%{p}`.

use super::record::SyntaxError;

/// Where a text with macros stands, and so which macros it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The name in a mechanism, `redirect=` or `exp=`: no spaces, not `%{c}`, `%{r}`, `%{t}`.
    Name,
    /// The value of a modifier nobody knows: no spaces.
    Value,
    /// The text that `exp=` leads to.
    Explanation,
}

/// A text with macros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Macro(Macro),
}

/// `%{d2r-}`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Macro {
    /// In lower case.
    letter: char,
    /// Whether it was written in upper case: the value is escaped as in URLs.
    escape: bool,
    /// So many parts from the right are kept.
    keep: Option<usize>,
    reverse: bool,
    /// Empty for the dot alone.
    delimiters: String,
}

impl Template {
    /// Reads a text; an error's column is that of the character in `text`, from 1.
    pub(crate) fn parse(text: &str, place: Place) -> Result<Self, SyntaxError> {
        Ok(Self(read(text, place)?.0))
    }

    /// Reads a name (`domain-spec`): it ends in a macro, or in a dot and a label that is no number.
    pub(crate) fn parse_name(text: &str) -> Result<Self, SyntaxError> {
        let wrong = |at: usize, what: &str| Err(SyntaxError { column: column(text, at), what: what.to_owned() });
        if text.is_empty() {
            return wrong(0, "a domain name is missing here");
        }
        let (parts, tail) = read(text, Place::Name)?;
        let literal = &text[tail..];
        if tail > 0 && literal.is_empty() {
            return Ok(Self(parts));
        }
        let literal = literal.strip_suffix('.').unwrap_or(literal);
        let Some((before, label)) = literal.rsplit_once('.') else {
            return wrong(tail, "a domain name has at least one dot, as in mail.example.org");
        };
        let at = tail + before.len() + 1;
        if label.contains('/') {
            return wrong(at + label.find('/').unwrap_or(0), "after a slash belongs the length of a prefix, as in /24");
        }
        let is_label = !label.is_empty()
            && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
            && !label.bytes().all(|octet| octet.is_ascii_digit());
        if is_label { Ok(Self(parts)) } else { wrong(at, "no domain name ends like this") }
    }

    /// The text with every macro replaced by what `value` says of its letter (in lower case).
    pub(crate) fn fill(&self, mut value: impl FnMut(char) -> String) -> String {
        self.0.iter().fold(String::new(), |mut text, part| {
            match part {
                Part::Literal(literal) => text += literal,
                Part::Macro(found) => text += &found.apply(&value(found.letter)),
            }
            text
        })
    }
}

/// The parts, and where the text after the last macro begins.
fn read(text: &str, place: Place) -> Result<(Vec<Part>, usize), SyntaxError> {
    let (mut parts, mut literal, mut at, mut tail) = (Vec::new(), String::new(), 0, 0);
    while let Some(c) = text[at..].chars().next() {
        let wrong = |what: String| Err(SyntaxError { column: column(text, at), what });
        if c != '%' {
            if !(c.is_ascii_graphic() || (c == ' ' && place == Place::Explanation)) {
                return wrong(format!("the character {} is not allowed", shown(c)));
            }
            literal.push(c);
            at += 1;
            continue;
        }
        let after = &text[at + 1..];
        let length = match after.chars().next() {
            Some('%') => push(&mut literal, "%"),
            Some('_') => push(&mut literal, " "),
            Some('-') => push(&mut literal, "%20"),
            Some('{') => {
                let Some(end) = after.find('}') else {
                    return wrong("this macro has no closing brace".to_owned());
                };
                let found = match Macro::parse(&after[1..end], place) {
                    Ok(found) => found,
                    Err(what) => return wrong(format!("{what} in %{}", &after[..=end])),
                };
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                parts.push(Part::Macro(found));
                end + 2
            }
            _ => return wrong("a percent sign begins a macro, as in %{d}; the sign itself is written %%".to_owned()),
        };
        at += length;
        tail = at;
    }
    if !literal.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Ok((parts, tail))
}

/// Of a percent sign and one character.
fn push(literal: &mut String, text: &str) -> usize {
    literal.push_str(text);
    2
}

impl Macro {
    /// Reads what is between the braces.
    fn parse(text: &str, place: Place) -> Result<Self, String> {
        let mut rest = text.chars();
        let letter = rest.next().ok_or("there is no macro letter")?;
        let lower = letter.to_ascii_lowercase();
        match lower {
            's' | 'l' | 'o' | 'd' | 'i' | 'p' | 'h' | 'v' => {}
            'c' | 'r' | 't' if place == Place::Name => {
                return Err(format!("the macro letter {letter} belongs in explanations alone"));
            }
            'c' | 'r' | 't' => {}
            _ => return Err(format!("{} is no macro letter", shown(letter))),
        }
        let rest = rest.as_str();
        let digits = &rest[..rest.bytes().take_while(u8::is_ascii_digit).count()];
        // No name has more parts than the largest number.
        let keep = (!digits.is_empty()).then(|| digits.parse().unwrap_or(usize::MAX));
        if keep == Some(0) {
            return Err("zero parts cannot be kept".to_owned());
        }
        let rest = &rest[digits.len()..];
        let reverse = rest.starts_with(['r', 'R']);
        let delimiters = if reverse { &rest[1..] } else { rest };
        if let Some(other) = delimiters.chars().find(|c| !".-+,/_=".contains(*c)) {
            return Err(format!("{} is no delimiter", shown(other)));
        }
        Ok(Self {
            letter: lower,
            escape: letter.is_ascii_uppercase(),
            keep,
            reverse,
            delimiters: delimiters.to_owned(),
        })
    }

    fn apply(&self, value: &str) -> String {
        let delimiters = if self.delimiters.is_empty() { "." } else { &self.delimiters };
        let mut parts: Vec<&str> = value.split(|c| delimiters.contains(c)).collect();
        if self.reverse {
            parts.reverse();
        }
        let first = parts.len() - self.keep.unwrap_or(parts.len()).min(parts.len());
        let text = parts[first..].join(".");
        if self.escape { escaped(&text) } else { text }
    }
}

/// As in URLs (RFC 3986 §2.1): all but unreserved characters.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, octet| {
        match octet {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'.' | b'_' | b'~' => escaped.push(octet.into()),
            other => escaped += &format!("%{other:02X}"),
        }
        escaped
    })
}

/// A character as people can see it.
pub(crate) fn shown(c: char) -> String {
    match c {
        c if c.is_ascii_graphic() => format!("\"{c}\""),
        ' ' => "\" \" (a space)".to_owned(),
        char::REPLACEMENT_CHARACTER => "that is not UTF-8".to_owned(),
        c if c.is_control() => format!("U+{:04X}", u32::from(c)),
        c => format!("\"{c}\" (U+{:04X})", u32::from(c)),
    }
}

/// The column of the character that begins at this octet, from 1.
pub(crate) fn column(text: &str, at: usize) -> usize {
    text.get(..at).map_or(text.chars().count(), |before| before.chars().count()) + 1
}
