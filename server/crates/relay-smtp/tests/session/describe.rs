//! Questions as transcripts write them.

use relay_smtp::Question;
use relay_types::terms::{Addressee, Hold, MessageTerms, TlsTerm};

/// A question as a transcript writes it.
pub fn describe(question: &Question) -> String {
    match question {
        Question::Authenticate(given) => {
            format!("authenticate {} {} {}", given.mechanism.name(), given.username, given.secret.expose())
        }
        Question::Mail { reverse_path, size, body, smtputf8, hold } => {
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
            if let Some(hold) = hold {
                text.push_str(&held(*hold));
            }
            text
        }
        Question::Rcpt { address, .. } => format!("rcpt {address}"),
        Question::Data => "data".into(),
        Question::EndOfData(envelope) => {
            let to: Vec<String> = envelope.recipients.iter().map(recipient).collect();
            let terms = terms(&envelope.terms) + &envelope.hold.map(held).unwrap_or_default();
            let said = if envelope.extended { "EHLO" } else { "HELO" };
            format!("end {said} {} <{}> {}{terms}", envelope.helo, envelope.reverse_path, to.join(","))
        }
    }
}

fn recipient(recipient: &Addressee) -> String {
    let notify = recipient.terms.notify.map(|notify| format!("[{notify}]")).unwrap_or_default();
    let original = recipient.terms.orcpt.as_ref().map(|orcpt| format!("[{}]", orcpt.as_parameter()));
    format!("{}{notify}{}", recipient.address, original.unwrap_or_default())
}

fn terms(terms: &MessageTerms) -> String {
    let mut text = String::new();
    if let Some(ret) = terms.ret {
        text.push_str(&format!(" ret={}", ret.as_str()));
    }
    if let Some(envid) = &terms.envid {
        text.push_str(&format!(" envid={}", envid.as_xtext()));
    }
    if terms.tls == TlsTerm::Required {
        text.push_str(" requiretls");
    }
    if terms.binary {
        text.push_str(" binary");
    }
    text
}

fn held(hold: Hold) -> String {
    match hold {
        Hold::For(seconds) => format!(" held for {seconds}"),
        Hold::Until(moment) => format!(" held until {}", moment.rfc3339()),
    }
}
