//! `bench signed`: how many messages of 100 KB go through in a second when each is signed with DKIM: Relaykeep with the two
//! keys it makes for a domain (RSA of 2048 bits, Ed25519), beside Debian's Postfix with opendkim (RSA of 2048 bits).
//!
//! The sink counts signatures: a run in which one message comes without them measures nothing and fails.

use std::fmt::Write;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::load::Load;
use super::opendkim::OpenDkim;
use super::postfix::Postfix;
use super::{Options, figure, figure::Figure};
use crate::packages;
use crate::rig::{Client, Database, Dns, Lines, Relay, Sink, until};

const MESSAGES: usize = 2_000;
const OCTETS: usize = 102_400;
/// Of the header From.
const DOMAIN: &str = "domain.test";
const RSA: &str = "rsa-sha256";
const ED25519: &str = "ed25519-sha256";

/// Measures both and prints them.
pub fn signed(options: &Options) -> Result<()> {
    packages::for_signed()?;
    let load = options.load(MESSAGES, OCTETS);
    let database = options.database()?;
    let (our_sink, their_sink) = (Sink::start()?, Sink::start()?);
    let mut dns = Dns::start(&[])?;
    let relay = relaykeep(&database, &our_sink, &mut dns)?;
    let opendkim = OpenDkim::start(DOMAIN)?;
    let postfix = Postfix::start(&their_sink, &opendkim.main_cf())?;
    load.warm_up("relaykeep", &[relay.port], &our_sink)?;
    load.warm_up("postfix+opendkim", &[postfix.port], &their_sink)?;
    let [ours, theirs] = figure::beside(
        || measure(load, "relaykeep", relay.port, &our_sink, &[RSA, ED25519]),
        || measure(load, "postfix+opendkim", postfix.port, &their_sink, &[RSA]),
    )?;
    figure::print(&ours, &theirs, options.json);
    Ok(())
}

/// A relay that signs.
fn relaykeep(database: &Database, sink: &Sink, dns: &mut Dns) -> Result<Relay> {
    let lines = Lines { others: &dns.settings(), ..Lines::default() };
    let mut relay = Relay::prepare("signed", database, sink, &lines)?;
    dns.publish(&key_records(&relay.dns_report(DOMAIN)?)?)?;
    relay.start()?;
    // Keys sign once the relay has seen their records, which it looks for at its start.
    until("both keys to sign", || {
        let seen = sink.count();
        let mut client = Client::open(relay.port)?;
        client.send("someone@sink.test", "", b"Is this signed?")?;
        client.quit()?;
        until("a message at the sink", || Ok(sink.count() > seen))?;
        Ok(sink.signed_by(RSA) > 0 && sink.signed_by(ED25519) > 0)
    })?;
    Ok(relay)
}

/// Sends the load; each message of it must come with a signature by each algorithm.
fn measure(load: Load, relay: &str, port: u16, sink: &Sink, algorithms: &[&str]) -> Result<Figure> {
    let counts = || (sink.count(), algorithms.iter().map(|algorithm| sink.signed_by(algorithm)).collect::<Vec<_>>());
    let (count, signed) = counts();
    let figure = load.send(relay, &[port], sink)?;
    let (count_after, signed_after) = counts();
    for ((algorithm, before), after) in algorithms.iter().zip(signed).zip(signed_after) {
        let (all, with) = (count_after - count, after - before);
        ensure!(with == all, "{relay}: of {all} messages only {with} were signed with {algorithm}");
    }
    Ok(figure)
}

/// The records of a domain's two keys, as lines of a zone file, from the report that says they are missing.
fn key_records(report: &Value) -> Result<String> {
    let all = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut records = String::new();
    for change in all(&report["findings"]).iter().flat_map(|finding| all(&finding["changes"])) {
        let (Some(name), Some(value)) = (change["name"].as_str(), change["publish"].as_str()) else { continue };
        if change["kind"] == "TXT" && name.ends_with(&format!("._domainkey.{DOMAIN}")) {
            // A string of a TXT record has 255 octets at most (RFC 1035 §3.3).
            let strings = value.as_bytes().chunks(255).map(|part| format!("\"{}\"", String::from_utf8_lossy(part)));
            writeln!(records, "{name}. TXT {}", strings.collect::<Vec<_>>().join(" "))?;
        }
    }
    ensure!(records.lines().count() == 2, "the report of {DOMAIN} has not two keys to publish: {report}");
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn records_are_those_of_keys_in_strings_that_fit() {
        let name = |selector: &str| format!("{selector}._domainkey.{DOMAIN}");
        let change = |name: &str, publish: &str| json!({"name": name, "kind": "TXT", "found": [], "publish": publish});
        let long = "k".repeat(300);
        let rsa = json!({"changes": [change(&name("a"), &long)]});
        let ed25519 = json!({"changes": [change(&name("e"), "v=DKIM1; k=ed25519; p=x")]});
        let alias = json!({"name": name("a"), "kind": "CNAME", "publish": null});
        let spf = json!({"changes": [change(DOMAIN, "v=spf1 -all"), alias]});
        let records = key_records(&json!({"findings": [rsa, spf, ed25519]})).unwrap();
        let (begin, end) = long.split_at(255);
        let first = format!("{}. TXT \"{begin}\" \"{end}\"\n", name("a"));
        assert_eq!(records, format!("{first}{}. TXT \"v=DKIM1; k=ed25519; p=x\"\n", name("e")));
        assert!(key_records(&json!({"findings": [rsa]})).is_err(), "one key alone");
    }
}
