//! What a password must be. No rules about character classes: length and not being the first guess.

use crate::{Error, Result};
use relay_types::EmailAddress;

/// Fewest characters.
const SHORTEST: usize = 12;
/// Most octets; keeps the work of hashing bounded.
const LONGEST: usize = 1024;

/// The commonest of the length allowed; shorter ones are refused anyway.
const COMMONEST: [&str; 24] = [
    "123456789012",
    "1234567890123",
    "12345678901234",
    "123456789012345",
    "1234567890123456",
    "qwertyuiop12",
    "qwertyuiop123",
    "qwertyuiopas",
    "qwertyuiopasdf",
    "1q2w3e4r5t6y",
    "1q2w3e4r5t6y7u",
    "1qaz2wsx3edc",
    "1qaz2wsx3edc4rfv",
    "password1234",
    "password12345",
    "password123456",
    "passwordpassword",
    "mypassword123",
    "letmein12345",
    "iloveyou1234",
    "administrator",
    "admin1234567",
    "welcome12345",
    "correcthorsebatterystaple",
];

/// Judges a new password of the person with `email`; `field` is the form's.
pub(super) fn judge(field: &'static str, password: &str, email: &EmailAddress) -> Result<()> {
    if password.chars().count() < SHORTEST {
        return Err(Error::invalid(
            field,
            "Use at least 12 characters; four words that do not belong together are good",
        ));
    }
    if password.len() > LONGEST {
        return Err(Error::invalid(field, "Use at most 1024 characters"));
    }
    let lower = password.to_lowercase();
    if lower == email.key() {
        return Err(Error::invalid(field, "Use something other than your mail address"));
    }
    let one_character = lower.chars().all(|c| lower.starts_with(c));
    if one_character || COMMONEST.contains(&lower.as_str()) {
        return Err(Error::invalid(field, "This password is among the first that are guessed; use another"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_common_and_self_naming_passwords_are_refused() {
        let email = EmailAddress::parse("Ada.Lovelace@example.org").expect("an address");
        for (password, good) in [
            ("", false),
            ("elevenchars", false),
            ("twelve chars", true),
            ("ÄÖÜäöüÄÖÜäöü", true),
            ("aaaaaaaaaaaaaaaa", false),
            ("ADA.LOVELACE@EXAMPLE.ORG", false),
            ("Password1234", false),
            ("pen lamp river four", true),
        ] {
            assert_eq!(judge("password", password, &email).is_ok(), good, "{password}");
        }
        assert!(judge("password", &"ab".repeat(513), &email).is_err());
    }
}
