//! Whether a name looks like one that a provider makes up for its customers' connections.

use std::net::IpAddr;

/// Words of names for connections of end users, as whole parts of a label.
const WORDS: [&str; 17] = [
    "adsl",
    "broadband",
    "cable",
    "cust",
    "customer",
    "dhcp",
    "dial",
    "dialup",
    "dsl",
    "dyn",
    "dynamic",
    "dynip",
    "pool",
    "ppp",
    "pppoe",
    "residential",
    "vdsl",
];

/// What gives a name away, in a sentence; none when nothing does.
pub(super) fn sign(name: &str, address: IpAddr) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let parts: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let bare = |part: &&str| part.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    // The registered domain may be called anything: its two last labels are not judged.
    let own = parts.len().saturating_sub(2);
    if let Some(word) = parts[..own].iter().map(bare).find(|part| WORDS.contains(&part.as_str())) {
        return Some(format!("There is \u{201c}{word}\u{201d} in it."));
    }
    let holds = match address {
        IpAddr::V4(four) => {
            let octets = four.octets();
            holds_octets(&parts, octets) || name.contains(&format!("{:08x}", u32::from(four)))
        }
        IpAddr::V6(six) => {
            let digits: String = name.chars().filter(char::is_ascii_hexdigit).collect();
            let low: String = six.octets()[8..].iter().map(|octet| format!("{octet:02x}")).collect();
            let dashes = six.to_string().replace(':', "-");
            digits.contains(&low) || name.contains(&dashes)
        }
    };
    holds.then(|| "The address's own numbers are in it.".to_owned())
}

/// Whether three of the four numbers stand in a row, from the left or from the right.
fn holds_octets(parts: &[&str], octets: [u8; 4]) -> bool {
    let digits = |part: &&str| -> Option<u16> {
        let digits = part.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        digits.parse().ok()
    };
    let numbers: Vec<Option<u16>> = parts.iter().map(digits).collect();
    let wanted: Vec<Option<u16>> = octets.iter().map(|octet| Some(u16::from(*octet))).collect();
    let reversed: Vec<Option<u16>> = wanted.iter().rev().copied().collect();
    let padded: String = octets.iter().map(|octet| format!("{octet:03}")).collect();
    let in_row = |row: &[Option<u16>]| numbers.windows(3).any(|window| window == row);
    [wanted, reversed].iter().any(|all| in_row(&all[..3]) || in_row(&all[1..]))
        || parts.iter().any(|part| part.contains(&padded))
}
