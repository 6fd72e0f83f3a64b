//! What is known of a name as text: in words, as zone files have it, and as dig(1) prints it.

use crate::facts::{Data, Kind, Known};

/// So many octets of one list of records are shown: a server can say 64 KB, and each is shown beside the others.
const SHOWN: usize = 8 << 10;

pub(super) fn words(known: &Known, kind: Kind) -> String {
    match known {
        Known::Records(records) if records.len() == 1 => "1 record".to_owned(),
        Known::Records(records) => format!("{} records", records.len()),
        Known::Nothing { no_such_name: true } => "no such name (NXDOMAIN)".to_owned(),
        Known::Nothing { no_such_name: false } => format!("no {} record", kind.as_str()),
        Known::Unknown(why) => why.clone(),
    }
}

/// The records as zone files have them, and how many more there are beyond a bound.
pub(super) fn shown_records(known: &Known) -> Vec<String> {
    let Known::Records(records) = known else { return Vec::new() };
    let (mut shown, mut octets) = (Vec::new(), 0);
    for record in records {
        let text = zone_text(record);
        octets += text.len();
        // The first is always there, and bounded itself.
        if octets > SHOWN && !shown.is_empty() {
            shown.push(format!("; and {} more", records.len() - shown.len()));
            break;
        }
        shown.push(text);
    }
    shown
}

/// A record's value in the form of zone files (RFC 1035 §5.1).
pub(super) fn zone_text(data: &Data) -> String {
    match data {
        Data::Address(address) => address.to_string(),
        Data::Name(name) => format!("{name}."),
        Data::Mx(preference, exchange) => format!("{preference} {}.", exchange.as_deref().unwrap_or_default()),
        Data::Text(strings) => strings.iter().map(|string| quoted(string)).collect::<Vec<_>>().join(" "),
        Data::Other(text) => text.clone(),
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted += &format!("\\{:03}", u32::from(c)),
            // Nor is a line turned round or broken by what others published.
            '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
                c.encode_utf8(&mut [0; 4]).bytes().for_each(|octet| quoted += &format!("\\{octet:03}"));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The answer as dig(1) prints it.
pub(super) fn dig(name: &str, kind: Kind, known: &Known, aliases: &[String], ttl: Option<u32>) -> String {
    let status = match known {
        Known::Unknown(why) => return format!(";; {why}\n"),
        Known::Nothing { no_such_name: true } => "NXDOMAIN",
        _ => "NOERROR",
    };
    let life = ttl.map_or_else(String::new, |ttl| format!("{ttl} "));
    let mut text = format!(";; status: {status}\n;{}. IN {}\n", name.trim_end_matches('.'), kind.as_str());
    let mut owner = name.trim_end_matches('.');
    for alias in aliases {
        text += &format!("{owner}. {life}IN CNAME {alias}.\n");
        owner = alias;
    }
    for record in shown_records(known) {
        match record.starts_with(';') {
            true => text += &format!("{record}\n"),
            false => text += &format!("{owner}. {life}IN {} {record}\n", kind.as_str()),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_turns_no_line_round() {
        assert_eq!(quoted("a\u{1b}\"\u{202e}b\u{2028}"), "\"a\\027\\\"\\226\\128\\174b\\226\\128\\168\"");
    }

    #[test]
    fn of_very_much_a_part_is_shown_and_how_much_more_there_is() {
        // Each is 4 octets as a zone file has it.
        let record = |number: usize| Data::Text(vec![format!("{number} {}", "\u{1}".repeat(250))]);
        let known = Known::Records((0..480).map(record).collect());
        let shown = shown_records(&known);
        assert_eq!((shown.len(), shown.last().map(String::as_str)), (9, Some("; and 472 more")));
        let dig = dig("d.example", Kind::Txt, &known, &[], Some(60));
        assert!(dig.len() < 2 * SHOWN && dig.ends_with("\n; and 472 more\n"), "{dig}");
        let one = Known::Records(vec![Data::Text(vec!["x".repeat(3 * SHOWN)])]);
        assert_eq!(shown_records(&one).len(), 1, "one is always shown");
        assert_eq!(shown_records(&Known::Records((0..7).map(record).collect())).len(), 7);
    }
}
