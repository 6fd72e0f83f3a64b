//! Lists of the portal: as CSV, with the filters of the page, for those alone who may see the page; and messages chosen
//! in a list.

use crate::harness::{Portal, Relaykeep, Session, html, until};

const PROJECTS: &str = r#"
projects:
  - slug: bio
    name: Bioinformatics
    sandbox: false
    networks: [{ cidr: 127.0.0.1/32, label: "=1+1" }]
    domains: [{ name: domain.test, verified: true }]
    senders: [{ address: one@single.test, verified: true }]
    service_accounts: [{ label: web }]
  - slug: chem
    name: Chemistry
    sandbox: false
"#;

const OF_PROJECT: [&str; 10] = [
    "messages",
    "refusals",
    "activity",
    "service-accounts",
    "senders",
    "networks",
    "suppressions",
    "members",
    "addresses",
    "tickets",
];
const OF_PLATFORM: [&str; 5] = ["projects", "users", "queue", "refusals", "activity"];

fn send(relay: &Relaykeep, subject: &str) {
    let mut session = Session::open(relay.networks);
    let content = format!("From: web@domain.test\r\nSubject: {subject}\r\n\r\nhello\r\n");
    let reply = session.send("web@domain.test", &["a@other.test"], content.as_bytes());
    assert!(reply.starts_with("250 "), "{reply}");
}

/// Someone who came into the project by an invitation; the route capture keeps its mail on this machine.
fn invited(relay: &Relaykeep, operator: &Portal, slug: &str, email: &str, role: &str) -> Portal {
    operator.change(&format!("/p/{slug}/members"), "invite_member", &[("email", email), ("role", role)]);
    let link = until("the invitation", || {
        let list = operator.get("/admin/captured").body;
        let hrefs = html::tags(&list, "a").filter_map(|(tag, _)| html::attribute(tag, "href"));
        let mails = hrefs.filter(|href| href.starts_with("/admin/captured/")).map(|href| operator.get(&href).text());
        let mail = mails.into_iter().find(|text| text.contains(email))?;
        let (_, rest) = mail.split_once("/invite/")?;
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c)).unwrap_or(rest.len());
        Some(format!("/invite/{}", &rest[..end]))
    });
    let portal = relay.stranger();
    portal.change(&link, "accept_invitation", &[("name", role), ("password", "correct horse battery")]);
    portal
}

#[test]
fn a_list_is_a_csv_file_with_the_filters_of_its_page() {
    let relay = Relaykeep::start("");
    relay.apply(PROJECTS);
    let portal = relay.operator();
    send(&relay, "=HYPERLINK(\"http://evil.test\",\"x\")");
    send(&relay, "zebra, quoted");
    let file = portal.get("/p/bio/messages.csv");
    assert_eq!((file.status, file.header("Content-Type")), (200, vec!["text/csv; charset=utf-8".to_owned()]));
    let [name] = &file.header("Content-Disposition")[..] else { panic!("{}", file.headers) };
    assert!(name.starts_with("attachment; filename=\"bio-messages-20") && name.ends_with(".csv\""), "{name}");
    let lines: Vec<&str> = file.body.split("\r\n").collect();
    let [head, newest, oldest, ""] = lines[..] else { panic!("{}", file.body) };
    assert_eq!(head, "id,accepted_at,state,from,subject,first_recipient,recipients,source,last_reply");
    assert!(newest.contains(",web@domain.test,\"zebra, quoted\",a@other.test,1,'=1+1,"), "{newest}");
    assert!(oldest.contains(",\"'=HYPERLINK(\"\"http://evil.test\"\",\"\"x\"\")\","), "a formula: {oldest}");
    // The link on the page keeps its filters.
    let link = portal.get("/p/bio/messages?q=zebra&period=1h&after=").link("/p/bio/messages.csv");
    let narrowed = portal.get(&link).body;
    assert!(narrowed.contains("zebra") && !narrowed.contains("HYPERLINK"), "{link}\n{narrowed}");
    let entries = portal.get("/p/bio/activity.csv?what=sender").body;
    assert!(entries.contains(",sender.") && !entries.contains(",network.add,"), "{entries}");
    let page = portal.get("/p/bio/activity?what=sender").text();
    assert!(page.contains("one@single.test") && !page.contains("127.0.0.1/32"), "{page}");
    let senders = portal.get("/p/bio/senders.csv").body;
    assert!(senders.contains("\r\ndomain,domain.test,verified,"), "{senders}");
    assert!(senders.contains("\r\naddress,one@single.test,verified,"), "{senders}");
    assert!(portal.get("/p/bio/networks.csv").body.contains("127.0.0.1/32,'=1+1,"));
}

#[test]
fn who_may_see_a_list_may_download_it_and_nobody_else() {
    let relay = Relaykeep::start("");
    relay.apply(PROJECTS);
    let operator = relay.operator();
    let viewer = invited(&relay, &operator, "bio", "viewer@bio.test", "viewer");
    let outsider = invited(&relay, &operator, "chem", "owner@chem.test", "owner");
    let stranger = relay.stranger();
    for noun in OF_PROJECT {
        let path = format!("/p/bio/{noun}.csv");
        for (portal, status) in [(&operator, 200), (&viewer, 200), (&outsider, 404), (&stranger, 401)] {
            let answer = portal.ask(&path, &[]);
            assert_eq!(answer.status, status, "{path}\n{}", answer.body);
            assert!(status == 200 || !answer.body.contains("domain.test"), "{path}\n{}", answer.body);
        }
        // The page itself links to it.
        assert!(viewer.get(&format!("/p/bio/{noun}")).status == 200, "{noun}");
    }
    for noun in OF_PLATFORM {
        let path = format!("/admin/{noun}.csv");
        for (portal, status) in [(&operator, 200), (&viewer, 403), (&outsider, 403), (&stranger, 401)] {
            assert_eq!(portal.ask(&path, &[]).status, status, "{path}");
        }
    }
    let members = viewer.get("/p/bio/members.csv").body;
    assert!(members.contains("\r\nviewer@bio.test,viewer,viewer,member,"), "{members}");
}

#[test]
fn addresses_and_tickets_are_downloaded_by_those_who_may_see_them() {
    let relay = Relaykeep::start("");
    relay.apply(PROJECTS);
    let operator = relay.operator();
    let viewer = invited(&relay, &operator, "bio", "viewer@bio.test", "viewer");
    let outsider = invited(&relay, &operator, "chem", "owner@chem.test", "owner");
    let stranger = relay.stranger();
    for (path, head) in [
        ("/p/bio/addresses.csv", "address,project,egress,"),
        ("/p/bio/tickets.csv", "number,kind,state,"),
        ("/admin/addresses.csv", "address,project,egress,"),
        ("/admin/tickets.csv", "number,kind,state,"),
    ] {
        let answer = operator.get(&format!("{path}?q=192.0.2&state=named&tab=all"));
        assert!(answer.status == 200 && answer.body.starts_with(head), "{path}\n{}", answer.body);
        let of_project = path.starts_with("/p/");
        let refused = if of_project { [200, 404, 401] } else { [403, 403, 401] };
        for (portal, status) in [&viewer, &outsider, &stranger].into_iter().zip(refused) {
            assert_eq!(portal.ask(path, &[]).status, status, "{path}");
        }
    }
    let nowhere = "/admin/ranges/01KAKM7K4Z0000000000000000/addresses.csv";
    for (portal, status) in [(&operator, 404), (&viewer, 403), (&stranger, 401)] {
        assert_eq!(portal.ask(nowhere, &[]).status, status);
    }
}

#[test]
fn the_zone_of_delegated_keys_is_for_operators() {
    let relay = Relaykeep::start("[dkim]\ndelegation_domain = \"dkim.relay.test\"\n");
    relay.apply(PROJECTS);
    let operator = relay.operator();
    let viewer = invited(&relay, &operator, "bio", "viewer@bio.test", "viewer");
    assert!(operator.get("/admin/settings").body.contains("/admin/dkim.zone"));
    let zone = operator.get("/admin/dkim.zone").body;
    let lines: Vec<&str> = zone.lines().collect();
    assert_eq!(lines.len(), 2, "{zone}");
    assert!(lines.iter().all(|line| line.contains(".dkim.relay.test. IN TXT \"v=DKIM1; ")), "{zone}");
    for (portal, status) in [(&viewer, 403), (&relay.stranger(), 401)] {
        assert_eq!(portal.ask("/admin/dkim.zone", &[]).status, status);
    }
}

#[test]
fn chosen_messages_are_held_and_released_from_the_list_without_javascript() {
    // Nothing listens there, so that mail waits.
    let relay = Relaykeep::start(
        "delivery.route = \"smarthost\"\ndelivery.smarthost = \"127.0.0.1:9\"\ndelivery.smarthost_tls = \"opportunistic\"\n",
    );
    relay.apply(PROJECTS);
    let operator = relay.operator();
    for subject in ["one", "two", "three"] {
        send(&relay, subject);
    }
    let list = "/p/bio/messages?period=24h";
    let boxes = |page: &str| {
        let boxes = html::tags(page, "input").filter(|(tag, _)| tag.contains("name=\"ids[]\""));
        boxes.filter_map(|(tag, _)| html::attribute(tag, "value")).collect::<Vec<_>>()
    };
    let ids = until("deferred messages", || {
        let page = operator.get("/p/bio/messages?state=deferred").body;
        Some(boxes(&page)).filter(|ids| ids.len() == 3)
    });
    assert!(!operator.get(list).text().contains("Choose all"), "that box needs the browser's side");
    let chosen = [("wish", "hold"), ("ids[]", ids[0].as_str()), ("ids[]", ids[1].as_str())];
    let answer = operator.submit(list, "change_messages", &chosen);
    let [location] = &answer.header("Location")[..] else { panic!("{}\n{}", answer.headers, answer.body) };
    assert!(location.starts_with(list) && location.contains("done=messages-held"), "{location}");
    assert_eq!(boxes(&operator.get("/p/bio/messages?state=held").body), ids[..2]);
    // None chosen, or none that can: it is said, and nothing is done.
    let text = operator.submit(list, "change_messages", &[("wish", "hold")]).text();
    assert!(text.contains("Choose at least one message"), "{text}");
    let text = operator.submit(list, "change_messages", &[("wish", "release"), ("ids[]", ids[2].as_str())]).text();
    assert!(text.contains("None of the chosen messages is in a state for that"), "{text}");
    let chosen = [("wish", "cancel"), ("ids[]", ids[0].as_str()), ("ids[]", ids[2].as_str())];
    operator.change(list, "change_messages", &chosen);
    let cancelled = operator.get("/p/bio/messages?state=cancelled");
    assert!(boxes(&cancelled.body).is_empty(), "nothing can be done about those");
    assert!(cancelled.text().contains("one") || cancelled.text().contains("three"), "{}", cancelled.text());
}
