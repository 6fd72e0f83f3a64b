//! Lists of addresses whose mail many refuse (RFC 5782): what their answers mean, and what they do not.
//!
//! Only an answer that cannot be anything else counts as listed. A list that refuses to answer us, is gone, or is
//! impersonated by a resolver that answers everything, leaves us knowing nothing.

use super::say::{finding, unknown};
use crate::facts::{Facts, Kind};
use relay_types::{
    finding::{Finding, Link, Severity, Subject as About},
    reverse_name::reverse_name,
};
use std::{
    net::{IpAddr, Ipv4Addr},
    ops::RangeInclusive,
};

/// A list, as it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocklist {
    /// The zone: `zen.spamhaus.org`.
    pub zone: String,
    /// Its name for people.
    pub name: String,
    /// Page that shows a listing and, where that can be asked for, ends it; `{ip}` stands for the address. None when
    /// there is none.
    pub delist: Option<String>,
    /// What the last octet of an answer `127.0.0.x` means.
    pub codes: Vec<(RangeInclusive<u8>, String)>,
}

impl Blocklist {
    /// A list by its zone, with what its makers publish about it; one that is not known here has its zone as name and no
    /// codes.
    ///
    /// Sources: `docs.spamhaus.com` ("Available Zones", with the return codes), `spamcop.net/bl.shtml`,
    /// `barracudacentral.org/rbl`, `psbl.org`.
    pub fn of(zone: &str) -> Self {
        let zone = zone.trim_end_matches('.').to_ascii_lowercase();
        let (name, delist, codes): (&str, Option<&str>, &[Code]) = match known(&zone) {
            Some(Known::Spamhaus) => (
                "Spamhaus ZEN",
                Some("https://check.spamhaus.org/results/?query={ip}"),
                &[
                    (2..=2, "SBL: seen to send spam, or run by somebody who does"),
                    (3..=3, "CSS: seen to send spam of low volume or bad repute"),
                    // Of these, 4 alone is in use.
                    (4..=7, "XBL: the machine seems to be taken over, or is an open proxy"),
                    // Always beside 2.
                    (9..=9, "DROP: the network belongs to criminals"),
                    (10..=10, "PBL: the network's owner says that no mail comes from there"),
                    (11..=11, "PBL: the network looks like one of end users"),
                    (30..=30, "BCL: the machine controls others that were taken over"),
                ],
            ),
            Some(Known::SpamCop) => (
                "SpamCop",
                Some("https://www.spamcop.net/w3m?action=checkblock&ip={ip}"),
                &[(2..=2, "people reported spam from it; it leaves the list a day after the last report")],
            ),
            Some(Known::Barracuda) => (
                "Barracuda",
                Some("https://www.barracudacentral.org/rbl/removal-request"),
                &[(2..=2, "seen to send spam")],
            ),
            Some(Known::Psbl) => {
                ("PSBL", Some("https://psbl.org/listing?ip={ip}"), &[(2..=2, "sent mail to a spam trap")])
            }
            None => (&zone, None, &[]),
        };
        let codes = codes.iter().map(|(range, meaning)| (range.clone(), (*meaning).to_owned())).collect();
        Self { name: name.to_owned(), delist: delist.map(str::to_owned), codes, zone }
    }

    /// The name that is asked about an address (RFC 5782 §2.1, §2.4).
    pub fn name_of(&self, address: IpAddr) -> String {
        let reversed = reverse_name(address);
        let reversed = reversed.trim_end_matches(".in-addr.arpa").trim_end_matches(".ip6.arpa");
        format!("{reversed}.{}", self.zone)
    }
}

/// Values of the last octet, and what they mean.
type Code = (RangeInclusive<u8>, &'static str);

/// Lists of which more is known than their zone.
enum Known {
    Spamhaus,
    SpamCop,
    Barracuda,
    Psbl,
}

fn known(zone: &str) -> Option<Known> {
    match zone {
        // Those with an account ask below a name of their own.
        "zen.spamhaus.org" => Some(Known::Spamhaus),
        zone if zone.ends_with(".zen.dq.spamhaus.net") => Some(Known::Spamhaus),
        "bl.spamcop.net" => Some(Known::SpamCop),
        "b.barracudacentral.org" => Some(Known::Barracuda),
        "psbl.surriel.com" => Some(Known::Psbl),
        _ => None,
    }
}

/// Always on a list that works, and never on one (RFC 5782 §5).
const LISTED: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
const NEVER_LISTED: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1));

/// `blocklist.ZONE`.
pub(super) fn judge(facts: &Facts, address: IpAddr, blocklist: &Blocklist) -> Finding {
    let check = format!("blocklist.{}", blocklist.zone);
    let (name, label) = (blocklist.name_of(address), &blocklist.name);
    let asked = [(name.as_str(), Kind::A)];
    let what = format!("whether {address} is on the list {label}");
    let not_known = |why: &str| unknown(&check, About::Blocklist, &what, why, &asked);
    let answers = match facts.addresses(&name, Kind::A) {
        Err(why) => return not_known(why),
        Ok(answers) => answers,
    };
    if answers.is_empty() {
        return match facts.addresses(&blocklist.name_of(LISTED), Kind::A) {
            Err(why) => not_known(why),
            Ok(answers) if answers.is_empty() => not_known(
                "The list does not know even the address that is on every list for tests (127.0.0.2): it is not in \
                 operation, or does not answer this resolver.",
            ),
            Ok(answers) => match answers.iter().find_map(|answer| refusal(*answer)) {
                Some(why) => not_known(&why),
                None => {
                    let effect = "Receivers that ask this list have nothing against the address.";
                    let title = format!("{address} is not on the list {label}");
                    finding((&check, "not_listed"), About::Blocklist, Severity::Good, title, effect, &asked)
                }
            },
        };
    }
    if let Some(why) = answers.iter().find_map(|answer| refusal(*answer)) {
        return not_known(&why);
    }
    match facts.addresses(&blocklist.name_of(NEVER_LISTED), Kind::A) {
        Err(why) => return not_known(why),
        Ok(answers) if !answers.is_empty() => {
            return not_known(
                "The list, or the resolver that is asked, has an answer for every address (even 127.0.0.1, which is on \
                 no list): it says nothing.",
            );
        }
        Ok(_) => {}
    }
    let mut details: Vec<String> = answers.iter().map(|answer| meaning(blocklist, *answer)).collect();
    details.extend(facts.texts(&name).unwrap_or_default().iter().map(|text| format!("The list says: {text}")));
    let (severity, effect) = match known(&blocklist.zone) {
        Some(Known::Spamhaus | Known::Barracuda) => {
            (Severity::Error, "Many receivers refuse all mail from this address, because they ask this list.")
        }
        _ => (
            Severity::Warning,
            "Some receivers refuse mail from this address or call it spam, because they ask this list.",
        ),
    };
    let url = blocklist.delist.as_ref().map(|url| url.replace("{ip}", &address.to_string()));
    Finding {
        details,
        link: url.map(|url| Link { text: way_off(blocklist), url }),
        ..finding(
            (&check, "listed"),
            About::Blocklist,
            severity,
            format!("{address} is on the list {label}"),
            effect,
            &[(&name, Kind::A), (&name, Kind::Txt)],
        )
    }
}

/// What the list's page is for: SpamCop's entries go by themselves, and nobody can ask for it.
fn way_off(blocklist: &Blocklist) -> String {
    match known(&blocklist.zone) {
        Some(Known::SpamCop) => format!("See the listing at {}", blocklist.name),
        _ => format!("Ask {} to take it off", blocklist.name),
    }
}

/// Why an answer does not say that an address is listed; none when it does.
fn refusal(answer: IpAddr) -> Option<String> {
    let IpAddr::V4(four) = answer else { return Some("The list answers with something else than a code.".to_owned()) };
    match four.octets() {
        [127, 255, 255, 252] => Some(format!("The list says that its name is not written right ({four}).")),
        [127, 255, 255, 254] => Some(format!(
            "The list does not answer resolvers that many share ({four}); let this machine ask by a resolver of its own."
        )),
        [127, 255, 255, 255] => {
            Some(format!("The list answers no more, because it was asked too often ({four}); it sells access."))
        }
        [127, 255, 255, _] => Some(format!("The list refuses to answer ({four}).")),
        [127, 0, 0, 1] => Some("The list answers 127.0.0.1, by which lists refuse to answer.".to_owned()),
        [127, ..] => None,
        _ => Some(format!(
            "The answer {four} is none of a list: something on the way answers in its place, or the list is gone."
        )),
    }
}

fn meaning(blocklist: &Blocklist, answer: IpAddr) -> String {
    let IpAddr::V4(four) = answer else { return answer.to_string() };
    let [_, second, third, last] = four.octets();
    let of_code = |(range, _): &&(RangeInclusive<u8>, String)| (second, third) == (0, 0) && range.contains(&last);
    match blocklist.codes.iter().find(of_code) {
        Some((_, meaning)) => format!("{four}: {meaning}."),
        None => format!("{four}: a code without a meaning that is known here."),
    }
}

#[cfg(test)]
mod tests;
