//! What is known of a name as text: in words, as zone files have it, and as dig(1) prints it.

use crate::facts::{Data, Kind, Known};

pub(super) fn words(known: &Known, kind: Kind) -> String {
    match known {
        Known::Records(records) if records.len() == 1 => "1 record".to_owned(),
        Known::Records(records) => format!("{} records", records.len()),
        Known::Nothing { no_such_name: true } => "no such name (NXDOMAIN)".to_owned(),
        Known::Nothing { no_such_name: false } => format!("no {} record", kind.as_str()),
        Known::Unknown(why) => why.clone(),
    }
}

pub(super) fn shown_records(known: &Known) -> Vec<String> {
    match known {
        Known::Records(records) => records.iter().map(zone_text).collect(),
        _ => Vec::new(),
    }
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
        text += &format!("{owner}. {life}IN {} {record}\n", kind.as_str());
    }
    text
}
