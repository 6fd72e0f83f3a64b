//! The command lines of a session (RFC 5321 §4.1.1, RFC 3030, RFC 3207, RFC 4954).
//!
//! Splits a line into verb and argument; what an argument means is judged where the command is carried out, because a
//! command out of order is refused before its argument is looked at.

/// A command line without its CRLF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command<'a> {
    /// `EHLO name`.
    Ehlo(&'a str),
    /// `HELO name`.
    Helo(&'a str),
    /// `STARTTLS`; the argument must be empty.
    StartTls(&'a str),
    /// `AUTH mechanism [initial response]`.
    Auth(&'a str),
    /// `MAIL FROM:`, with what follows the colon.
    Mail(&'a str),
    /// `RCPT TO:`, with what follows the colon.
    Rcpt(&'a str),
    /// `DATA`; the argument must be empty.
    Data(&'a str),
    /// `BDAT octets [LAST]`, whose octets follow at once.
    Bdat(&'a str),
    /// `RSET`; the argument must be empty.
    Rset(&'a str),
    /// `NOOP`, with or without argument.
    Noop,
    /// `VRFY name`.
    Vrfy(&'a str),
    /// `EXPN list`.
    Expn,
    /// `HELP`, with or without argument.
    Help,
    /// `QUIT`; the argument must be empty.
    Quit(&'a str),
    /// `MAIL` or `RCPT` without its `FROM:` or `TO:`.
    Malformed,
    /// The verb of another protocol: an HTTP client came to the wrong port, or a browser was sent here.
    Foreign,
    /// No verb of ours.
    Unknown,
}

/// The verbs of HTTP (RFC 9110 §9.1, RFC 5789; RFC 9113 §3.4: `PRI * HTTP/2.0`): never SMTP, and never answered twice.
const HTTP: [&str; 10] = ["GET", "POST", "HEAD", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"];

impl<'a> Command<'a> {
    /// Reads one line. Verbs have no case; spaces behind the line are dropped.
    pub fn parse(line: &'a str) -> Self {
        let line = line.trim_end_matches(' ');
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        let verb = verb.to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => Self::Ehlo(argument),
            "HELO" => Self::Helo(argument),
            "STARTTLS" => Self::StartTls(argument),
            "AUTH" => Self::Auth(argument),
            "MAIL" => after_keyword(argument, "FROM:").map_or(Self::Malformed, Self::Mail),
            "RCPT" => after_keyword(argument, "TO:").map_or(Self::Malformed, Self::Rcpt),
            "DATA" => Self::Data(argument),
            "BDAT" => Self::Bdat(argument),
            "RSET" => Self::Rset(argument),
            "NOOP" => Self::Noop,
            "VRFY" => Self::Vrfy(argument),
            "EXPN" => Self::Expn,
            "HELP" => Self::Help,
            "QUIT" => Self::Quit(argument),
            other if HTTP.contains(&other) => Self::Foreign,
            _ => Self::Unknown,
        }
    }
}

fn after_keyword<'a>(argument: &'a str, keyword: &str) -> Option<&'a str> {
    let (start, rest) = argument.split_at_checked(keyword.len())?;
    start.eq_ignore_ascii_case(keyword).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_verb_and_an_argument() {
        for (line, command) in [
            ("EHLO a.example", Command::Ehlo("a.example")),
            ("ehlo", Command::Ehlo("")),
            ("mail from:<a@b.example> SIZE=1", Command::Mail("<a@b.example> SIZE=1")),
            ("MAIL FROM: <a@b.example>", Command::Mail(" <a@b.example>")),
            ("MAIL <a@b.example>", Command::Malformed),
            ("RCPT TO:<a@b.example>  ", Command::Rcpt("<a@b.example>")),
            ("RCPT FROM:<a@b.example>", Command::Malformed),
            ("RCPT T\u{fc}", Command::Malformed),
            ("NOOP anything", Command::Noop),
            ("GET / HTTP/1.1", Command::Foreign),
            (" NOOP", Command::Unknown),
            ("", Command::Unknown),
        ] {
            assert_eq!(Command::parse(line), command, "{line:?}");
        }
    }
}
