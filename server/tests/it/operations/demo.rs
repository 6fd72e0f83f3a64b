//! `relaykeep serve --demo`: what a newcomer sees first.

use crate::harness::{Dns, Page, Portal, Relaykeep, Sink, html};
use std::collections::BTreeSet;

const PAGES: &str = "/p/bioinformatics";

/// With the password that the first start printed.
fn sign_in(relay: &Relaykeep, printed: &str) -> Portal {
    let said = "Demo    sign in as operator@demo.example with the password ";
    let password = printed.lines().find_map(|line| line.strip_prefix(said)).expect("the password");
    assert!(password.len() >= 20, "{password}");
    let portal = relay.stranger();
    portal.sign_in("operator@demo.example", password);
    portal
}

/// Links of a page to the project's things of a kind.
fn links(page: &Page, kind: &str) -> BTreeSet<String> {
    let beginning = format!("{PAGES}/{kind}/");
    let hrefs = html::tags(&page.body, "a").filter_map(|(tag, _)| html::attribute(tag, "href"));
    hrefs.filter(|href| href.starts_with(&beginning) && !href.ends_with("/new")).collect()
}

/// Every message of the list, page after page: its link, and on which day it was accepted.
fn messages(portal: &Portal) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut all, mut days) = (BTreeSet::new(), BTreeSet::new());
    let mut next = Some(format!("{PAGES}/messages"));
    while let Some(path) = next {
        let page = portal.get(&path);
        assert_eq!(page.status, 200);
        all.extend(links(&page, "messages"));
        let times = html::tags(&page.body, "time").filter_map(|(tag, _)| html::attribute(tag, "datetime"));
        days.extend(times.map(|time| time[..10].to_owned()));
        let mut anchors = html::tags(&page.body, "a").map(|(tag, _)| tag);
        let older = anchors.find(|tag| tag.contains("rel=\"next\"")).and_then(|tag| html::attribute(tag, "href"));
        next = older.map(|href| if href.starts_with('?') { format!("{PAGES}/messages{href}") } else { href });
    }
    (all, days)
}

#[test]
fn the_demonstration_has_a_month_of_mail_sends_nothing_and_is_made_once() {
    // Where mail would go if it went: this resolver and this port.
    let domains = ["uni.example", "inst.example", "old.example", "greylist.example", "gene-portal.example"];
    let exchangers: String = domains.iter().map(|name| format!("{name}. IN MX 10 sink.test.\n")).collect();
    let (dns, sink) = (Dns::start(&format!("sink.test. IN A 127.0.0.1\n{exchangers}")), Sink::start());
    let settings = format!("[dns]\nnameservers = [\"{}\"]\n[delivery]\nport = {}\n", dns.address(), sink.port);
    let mut relay = Relaykeep::prepare(&settings);
    relay.run_with(&["--demo"]);
    let printed = relay.log();
    assert!(printed.contains("nothing leaves this machine"), "{printed}");
    let portal = sign_in(&relay, &printed);
    let shown = portal.get(&format!("{PAGES}/service-accounts")).text();
    assert!(shown.contains("portal-web") && shown.contains("cron-host"), "{shown}");
    let made = links(&portal.get(&format!("{PAGES}/service-accounts")), "service-accounts");
    assert_eq!(made.len(), 2, "{made:?}");
    let senders = portal.get(&format!("{PAGES}/senders")).text();
    assert!(senders.contains("gene-portal.example") && senders.contains("bio-admins@uni.example"), "{senders}");
    assert!(portal.get(&format!("{PAGES}/networks")).text().contains("10.4.0.0/16"));
    assert!(portal.get(&format!("{PAGES}/refusals")).text().contains("root@vm0120.kaj.example"));
    let captured = portal.get(&format!("{PAGES}/captured"));
    let shown = captured.text();
    for subject in ["Your analysis is ready", "Invoice 2026-118", "Tervetuloa käyttäjäksi"] {
        assert!(shown.contains(subject), "{shown}");
    }
    let letters = links(&captured, "captured");
    let letters: String = letters.iter().map(|link| portal.get(link).body).collect();
    for shown in ["<iframe", "2026-118.csv", "Käyttöohje"] {
        assert!(letters.contains(shown), "{shown}");
    }
    let members = portal.get(&format!("{PAGES}/members")).text();
    assert!(members.contains("operator@demo.example"), "{members}");
    relay.wait_until_queue_is_empty();
    assert!(relay.metric("relaykeep_queue_held") >= 1.0, "the queue shows something");
    let (sent, days) = messages(&portal);
    assert!(days.len() >= 28, "{days:?}");
    assert!(sent.len() >= 300, "{}", sent.len());

    relay.process().signal("TERM");
    assert!(relay.wait_for_the_end().success());
    relay.run_with(&["--demo"]);
    let second = relay.log()[printed.len()..].to_owned();
    assert!(!second.contains("days of mail") && second.contains("is filled already"), "{second}");
    let portal = sign_in(&relay, &printed);
    assert_eq!(messages(&portal).0, sent, "the second start adds nothing");
    assert_eq!(links(&portal.get(&format!("{PAGES}/service-accounts")), "service-accounts"), made);
    assert!(sink.received().is_empty(), "nothing leaves the machine");
}

#[test]
fn the_demonstration_is_refused_where_mail_would_leave() {
    let relay = Relaykeep::prepare("[delivery]\nroute = \"mx\"\n");
    let output = relay.subcommand(&["serve", "--demo"], "");
    let text = super::said(&output);
    assert!(!output.status.success() && text.contains("delivery.route = \"capture\""), "{text}");
}
