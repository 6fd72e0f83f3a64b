//! What a next hop offers: the answer to EHLO (RFC 5321 §4.1.1.1). Unknown keywords are passed over.

use relay_types::reply::Reply;

/// Offered extensions; none after HELO.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extensions {
    /// RFC 2920.
    pub pipelining: bool,
    /// RFC 3207.
    pub starttls: bool,
    /// RFC 6152.
    pub eight_bit_mime: bool,
    /// RFC 6531.
    pub smtputf8: bool,
    /// RFC 1870: SIZE is understood.
    pub size: bool,
    /// The largest message, where one was named.
    pub size_limit: Option<u64>,
    /// `AUTH PLAIN` (RFC 4616).
    pub auth_plain: bool,
    /// `AUTH LOGIN`.
    pub auth_login: bool,
    /// RFC 3030: BDAT.
    pub chunking: bool,
    /// RFC 3030: BODY=BINARYMIME.
    pub binary_mime: bool,
    /// RFC 3461.
    pub dsn: bool,
    /// RFC 8689.
    pub require_tls: bool,
    /// RFC 9422.
    pub limits: Limits,
}

/// What a host takes at most (RFC 9422 §4); none where it does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Transactions in a session.
    pub mails: Option<usize>,
    /// Recipients in a transaction.
    pub recipients: Option<usize>,
    /// Domains among the recipients of a transaction.
    pub domains: Option<usize>,
}

impl Limits {
    /// Reads `RCPTMAX=100 MAILMAX=10`. Unknown names, and values that are no number above zero, are passed over.
    fn read<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let mut limits = Self::default();
        for (name, value) in words.filter_map(|word| word.split_once('=')) {
            // RFC 9422 §4: one to six digits.
            let value = value.parse().ok().filter(|&value: &usize| value > 0);
            match name {
                "MAILMAX" => limits.mails = value,
                "RCPTMAX" => limits.recipients = value,
                "RCPTDOMAINMAX" => limits.domains = value,
                _ => {}
            }
        }
        limits
    }
}

impl Extensions {
    /// Reads the lines behind the first one.
    pub fn read(reply: &Reply) -> Self {
        let mut offered = Self::default();
        for line in reply.lines.iter().skip(1) {
            // `AUTH=LOGIN` is how servers of the nineties wrote it; some still do, beside the right form.
            let line = line.to_ascii_uppercase().replacen("AUTH=", "AUTH ", 1);
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("PIPELINING") => offered.pipelining = true,
                Some("STARTTLS") => offered.starttls = true,
                Some("8BITMIME") => offered.eight_bit_mime = true,
                Some("SMTPUTF8") => offered.smtputf8 = true,
                Some("CHUNKING") => offered.chunking = true,
                Some("BINARYMIME") => offered.binary_mime = true,
                Some("DSN") => offered.dsn = true,
                Some("REQUIRETLS") => offered.require_tls = true,
                Some("LIMITS") => offered.limits = Limits::read(words),
                Some("SIZE") => {
                    offered.size = true;
                    // RFC 1870 §4: zero says that there is no fixed limit.
                    offered.size_limit = words.next().and_then(|limit| limit.parse().ok()).filter(|&limit| limit > 0);
                }
                Some("AUTH") => {
                    for mechanism in words {
                        offered.auth_plain |= mechanism == "PLAIN";
                        offered.auth_login |= mechanism == "LOGIN";
                    }
                }
                _ => {}
            }
        }
        offered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_read_in_any_case_and_only_behind_the_first_line() {
        let reply = |lines: &[&str]| Reply {
            code: 250,
            enhanced: None,
            lines: lines.iter().map(|&line| line.to_owned()).collect(),
        };
        for (lines, expected) in [
            (&["pipelining"][..], Extensions::default()),
            (
                &["mx.example", "pipelining", "Size 1000", "XFOO bar", ""],
                Extensions { pipelining: true, size: true, size_limit: Some(1000), ..Extensions::default() },
            ),
            (&["mx.example", "SIZE 0"], Extensions { size: true, ..Extensions::default() }),
            (&["mx.example", "SIZE 99999999999999999999999"], Extensions { size: true, ..Extensions::default() }),
            (
                &["mx.example", "AUTH=LOGIN", "AUTH PLAIN CRAM-MD5"],
                Extensions { auth_plain: true, auth_login: true, ..Extensions::default() },
            ),
            (
                &["mx.example", "STARTTLS", "8BITMIME", "SMTPUTF8"],
                Extensions { starttls: true, eight_bit_mime: true, smtputf8: true, ..Extensions::default() },
            ),
            (
                &["mx.example", "CHUNKING", "binarymime", "DSN", "REQUIRETLS"],
                Extensions { chunking: true, binary_mime: true, dsn: true, require_tls: true, ..Extensions::default() },
            ),
            (
                &["mx.example", "limits mailmax=5 RCPTMAX=100 RCPTDOMAINMAX=0 XMAX=1 RCPTMAX"],
                Extensions {
                    limits: Limits { mails: Some(5), recipients: Some(100), domains: None },
                    ..Extensions::default()
                },
            ),
        ] {
            assert_eq!(Extensions::read(&reply(lines)), expected, "{lines:?}");
        }
    }
}
