//! Every reply that the machine gives by itself; the other ones come with verdicts.

use super::config::SessionConfig;
use relay_types::{Timestamp, reply::Reply};

pub(super) fn greeting(host: &str) -> Reply {
    Reply::plain(220, format!("{host} ESMTP"))
}

pub(super) fn hello(host: &str, client: &str) -> Reply {
    Reply::plain(250, format!("{host} greets {client}"))
}

pub(super) fn ok() -> Reply {
    Reply::new(250, (2, 0, 0), "Ok")
}

pub(super) fn sender_ok() -> Reply {
    Reply::new(250, (2, 1, 0), "Ok")
}

pub(super) fn recipient_ok() -> Reply {
    Reply::new(250, (2, 1, 5), "Ok")
}

pub(super) fn queued(id: &str) -> Reply {
    Reply::new(250, (2, 0, 0), format!("Ok: queued as {id}"))
}

pub(super) fn send_content() -> Reply {
    Reply::plain(354, "End data with <CR><LF>.<CR><LF>")
}

/// RFC 3030 §2: a reply to each BDAT.
pub(super) fn chunk_received(octets: u64) -> Reply {
    Reply::new(250, (2, 0, 0), format!("{octets} octets received"))
}

pub(super) fn needs_tls() -> Reply {
    Reply::new(530, (5, 7, 10), "REQUIRETLS needs a session in TLS")
}

pub(super) fn held_too_long((seconds, until): (u64, Timestamp)) -> Reply {
    Reply::new(501, (5, 5, 4), format!("Mail is held for {seconds} seconds at most, until {}", until.rfc3339()))
}

pub(super) fn ready_for_tls() -> Reply {
    Reply::new(220, (2, 0, 0), "Ready to start TLS")
}

pub(super) fn authenticated() -> Reply {
    Reply::new(235, (2, 7, 0), "Authentication successful")
}

/// A prompt of an AUTH exchange; `text` is base64.
pub(super) fn prompt(text: &str) -> Reply {
    Reply::plain(334, text)
}

pub(super) fn bye(host: &str) -> Reply {
    Reply::new(221, (2, 0, 0), format!("{host} closing connection"))
}

pub(super) fn cannot_verify() -> Reply {
    Reply::new(252, (2, 0, 0), "Cannot verify; give the address in RCPT and it will be judged")
}

pub(super) fn help() -> Reply {
    Reply::new(214, (2, 0, 0), "EHLO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY QUIT; see RFC 5321")
}

pub(super) fn foreign_protocol() -> Reply {
    Reply::new(500, (5, 5, 1), "This is an SMTP port")
}

pub(super) fn early_talker() -> Reply {
    Reply::new(554, (5, 5, 0), "Wait for the greeting before sending")
}

pub(super) fn out_of_step() -> Reply {
    Reply::new(554, (5, 5, 0), "Wait for the reply to this command before sending on")
}

pub(super) fn unknown_command() -> Reply {
    Reply::new(500, (5, 5, 1), "Unknown command")
}

pub(super) fn not_text() -> Reply {
    Reply::new(500, (5, 5, 2), "A command is a line of text without control characters")
}

pub(super) fn line_too_long() -> Reply {
    Reply::new(500, (5, 5, 2), "Line too long")
}

pub(super) fn bare_line_end() -> Reply {
    Reply::new(554, (5, 6, 0), "Lines end with CR LF; a bare CR, a bare LF or a NUL is refused")
}

pub(super) fn syntax(form: &str) -> Reply {
    Reply::new(501, (5, 5, 4), format!("Syntax: {form}"))
}

pub(super) fn not_offered(verb: &str) -> Reply {
    Reply::new(502, (5, 5, 1), format!("{verb} is not offered"))
}

pub(super) fn out_of_order(text: &str) -> Reply {
    Reply::new(503, (5, 5, 1), text)
}

pub(super) fn authentication_required() -> Reply {
    Reply::new(530, (5, 7, 0), "Authentication required")
}

pub(super) fn encryption_required() -> Reply {
    Reply::new(538, (5, 7, 11), "Encryption required for requested authentication mechanism")
}

pub(super) fn unknown_mechanism() -> Reply {
    Reply::new(504, (5, 5, 4), "Unknown authentication mechanism")
}

pub(super) fn invalid_credentials() -> Reply {
    Reply::new(535, (5, 7, 8), "Authentication credentials invalid")
}

pub(super) fn malformed_response() -> Reply {
    Reply::new(501, (5, 5, 2), "Cannot decode the response")
}

pub(super) fn authentication_cancelled() -> Reply {
    Reply::new(501, (5, 7, 0), "Authentication cancelled")
}

pub(super) fn malformed_reverse_path() -> Reply {
    Reply::new(501, (5, 1, 7), "Malformed reverse-path; write MAIL FROM:<name@example.org>")
}

pub(super) fn malformed_forward_path() -> Reply {
    Reply::new(501, (5, 1, 3), "Malformed forward-path; write RCPT TO:<name@example.org>")
}

pub(super) fn unknown_parameter() -> Reply {
    Reply::new(555, (5, 5, 4), "Unknown parameter")
}

pub(super) fn repeated_parameter() -> Reply {
    Reply::new(501, (5, 5, 4), "A parameter may be given once")
}

pub(super) fn malformed_parameter() -> Reply {
    Reply::new(501, (5, 5, 4), "Malformed parameter")
}

pub(super) fn needs_smtputf8() -> Reply {
    Reply::new(553, (5, 6, 7), "A non-ASCII address needs the SMTPUTF8 parameter of MAIL")
}

pub(super) fn too_big(config: &SessionConfig) -> Reply {
    Reply::new(552, (5, 3, 4), format!("The message is larger than {} octets", config.size_limit))
}

pub(super) fn too_many_recipients(config: &SessionConfig) -> Reply {
    let text = format!("At most {} recipients; send to the others in another transaction", config.recipients_limit);
    Reply::new(452, (4, 5, 3), text)
}

pub(super) fn too_many_errors(host: &str) -> Reply {
    Reply::new(421, (4, 7, 0), format!("{host} too many errors, closing connection"))
}

pub(super) fn too_many_transactions(host: &str) -> Reply {
    Reply::new(421, (4, 7, 0), format!("{host} too many messages in one session, connect again"))
}

pub(super) fn idle(host: &str) -> Reply {
    Reply::new(421, (4, 4, 2), format!("{host} idle for too long, closing connection"))
}

pub(super) fn shutting_down(host: &str) -> Reply {
    Reply::new(421, (4, 3, 2), format!("{host} is shutting down, try again later"))
}
