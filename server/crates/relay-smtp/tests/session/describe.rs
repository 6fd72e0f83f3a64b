//! Questions as transcripts write them.

use relay_smtp::Question;

/// A question as a transcript writes it.
pub fn describe(question: &Question) -> String {
    match question {
        Question::Authenticate(given) => {
            format!("authenticate {} {} {}", given.mechanism.name(), given.username, given.secret.expose())
        }
        Question::Mail { reverse_path, size, body, smtputf8 } => {
            let mut text = format!("mail <{reverse_path}>");
            if let Some(size) = size {
                text.push_str(&format!(" size={size}"));
            }
            if let Some(body) = body {
                text.push_str(&format!(" body={body:?}"));
            }
            if *smtputf8 {
                text.push_str(" smtputf8");
            }
            text
        }
        Question::Rcpt { address, .. } => format!("rcpt {address}"),
        Question::Data => "data".into(),
        Question::EndOfData(envelope) => {
            let to: Vec<String> = envelope.recipients.iter().map(ToString::to_string).collect();
            let said = if envelope.extended { "EHLO" } else { "HELO" };
            format!("end {said} {} <{}> {}", envelope.helo, envelope.reverse_path, to.join(","))
        }
    }
}
