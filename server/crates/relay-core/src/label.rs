//! Short texts people type to name things.

use crate::{Error, Result};

/// `typed` without space around it: 1 to 80 characters on one line.
pub(crate) fn label(field: &'static str, typed: &str) -> Result<String> {
    let label = typed.trim();
    match label.chars().count() {
        0 => Err(Error::invalid(field, "Enter a few words that say what it is for")),
        81.. => Err(Error::invalid(field, "Use at most 80 characters")),
        _ if label.chars().any(char::is_control) => Err(Error::invalid(field, "Use one line of plain text")),
        _ => Ok(label.to_owned()),
    }
}
