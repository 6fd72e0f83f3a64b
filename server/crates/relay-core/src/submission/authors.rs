//! Who a message claims to be from: the mailboxes of From and Sender (RFC 5322 §3.6.2), or why that is not certain.

use super::{
    header::{Ambiguous, Field, HeaderSection},
    mailboxes::mailboxes,
};
use relay_types::EmailAddress;

/// Everyone in whose name a message speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authors {
    /// From, at least one.
    pub(crate) from: Vec<EmailAddress>,
    /// Sender, always there when From has several.
    pub(crate) sender: Option<EmailAddress>,
}

impl Authors {
    /// Reads them from a header section.
    pub(crate) fn of(section: &HeaderSection<'_>) -> Result<Self, Ambiguous> {
        let from = the_one(section, "From")?.ok_or_else(|| Ambiguous::because("From is missing"))?;
        let from = mailboxes("From", from.value)?;
        let sender = match the_one(section, "Sender")? {
            None => None,
            Some(field) => match mailboxes("Sender", field.value)?.as_slice() {
                [one] => Some(one.clone()),
                _ => return Err(Ambiguous::because("Sender has more than one address")),
            },
        };
        if from.len() > 1 && sender.is_none() {
            return Err(Ambiguous::because(
                "From has several addresses and Sender is missing (RFC 5322 section 3.6.2)",
            ));
        }
        Ok(Self { from, sender })
    }
}

fn the_one<'a, 'm>(section: &'a HeaderSection<'m>, name: &'a str) -> Result<Option<&'a Field<'m>>, Ambiguous> {
    let mut fields = section.named(name);
    let Some(field) = fields.next() else {
        return Ok(None);
    };
    if fields.next().is_some() {
        return Err(Ambiguous::because(format!("There are two {name} fields")));
    }
    if field.spaced {
        return Err(Ambiguous::because(format!("{name} has white space before its colon")));
    }
    Ok(Some(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str) -> Result<String, String> {
        let message = format!("{header}\r\nFrom: body@e.example\r\n");
        let section = HeaderSection::scan(message.as_bytes()).map_err(|why| why.0)?;
        let authors = Authors::of(&section).map_err(|why| why.0)?;
        let from: Vec<_> = authors.from.iter().map(ToString::to_string).collect();
        Ok(format!("{} / {}", from.join(" "), authors.sender.map(|s| s.to_string()).unwrap_or_default()))
    }

    #[test]
    fn from_and_sender_are_read_or_refused() {
        let two = "From has several addresses and Sender is missing (RFC 5322 section 3.6.2)";
        for (header, expected) in [
            ("From: a@d.example\r\n", Ok("a@d.example / ")),
            ("fROM: a@d.example\r\nSENDER: B <b@d.example>\r\n", Ok("a@d.example / b@d.example")),
            ("From: a@d.example, b@d.example\r\nSender: a@d.example\r\n", Ok("a@d.example b@d.example / a@d.example")),
            ("From: a@d.example, b@d.example\r\n", Err(two)),
            ("From: a@d.example\r\nFrom: a@d.example\r\n", Err("There are two From fields")),
            ("From: a@d.example\r\nfrom : b@d.example\r\n", Err("There are two From fields")),
            ("From : a@d.example\r\n", Err("From has white space before its colon")),
            ("From\t: a@d.example\r\n", Err("From has white space before its colon")),
            ("From: a@d.example\r\nSender : a@d.example\r\n", Err("Sender has white space before its colon")),
            ("From: a@d.example\r\nSender: a@d.example\r\nSender: a@d.example\r\n", Err("There are two Sender fields")),
            ("From: a@d.example\r\nSender: a@d.example, b@d.example\r\n", Err("Sender has more than one address")),
            ("From: a@d.example\r\nSender:\r\n", Err("Sender has an empty place where an address belongs")),
            ("Subject: x\r\n", Err("From is missing")),
            ("", Err("From is missing")),
            ("Resent-From: a@d.example\r\n", Err("From is missing")),
            ("X-From: a@d.example\r\n", Err("From is missing")),
        ] {
            assert_eq!(check(header), expected.map(str::to_owned).map_err(str::to_owned), "{header:?}");
        }
    }
}
