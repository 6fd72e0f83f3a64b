//! SMTP replies as facts: what a server said, ours or another's (RFC 5321 §4.2, RFC 3463).

use serde::{Deserialize, Serialize};
use std::fmt;

/// An enhanced status code `class.subject.detail` (RFC 3463 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EnhancedCode {
    /// 2, 4 or 5.
    pub class: u8,
    /// 0 to 999.
    pub subject: u16,
    /// 0 to 999.
    pub detail: u16,
}

impl EnhancedCode {
    /// `EnhancedCode::new(5, 7, 1)` is 5.7.1.
    pub const fn new(class: u8, subject: u16, detail: u16) -> Self {
        Self { class, subject, detail }
    }

    /// Reads `5.7.1`; none when it is not exactly such a code.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let mut part = |most: usize| {
            let digits = parts.next()?;
            let fits = (1..=most).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
            if fits { digits.parse::<u16>().ok() } else { None }
        };
        let (class, subject, detail) = (part(1)?, part(3)?, part(3)?);
        if parts.next().is_some() || ![2, 4, 5].contains(&class) {
            return None;
        }
        Some(Self { class: class as u8, subject, detail })
    }
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// A reply: code, enhanced code when there is one, and the text of each line without code or line end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// 200 to 599.
    pub code: u16,
    /// RFC 2034; the greeting and the answer to EHLO have none.
    pub enhanced: Option<EnhancedCode>,
    /// At least one line; never with CR or LF.
    pub lines: Vec<String>,
}

impl Reply {
    /// A reply of one line with an enhanced code, such as `Reply::new(550, (5, 7, 1), "…")`.
    pub fn new(code: u16, (class, subject, detail): (u8, u16, u16), text: impl Into<String>) -> Self {
        Self { code, enhanced: Some(EnhancedCode::new(class, subject, detail)), lines: vec![text.into()] }
    }

    /// A reply of one line without an enhanced code.
    pub fn plain(code: u16, text: impl Into<String>) -> Self {
        Self { code, enhanced: None, lines: vec![text.into()] }
    }

    /// 2yz or 3yz.
    pub fn is_positive(&self) -> bool {
        (200..400).contains(&self.code)
    }

    /// 4yz.
    pub fn is_transient(&self) -> bool {
        (400..500).contains(&self.code)
    }

    /// 5yz.
    pub fn is_permanent(&self) -> bool {
        (500..600).contains(&self.code)
    }
}

/// The reply on one line, as logs and pages show it: `550 5.7.1 text of all lines`.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(enhanced) = self.enhanced {
            write!(f, " {enhanced}")?;
        }
        for line in &self.lines {
            write!(f, " {line}")?;
        }
        Ok(())
    }
}
