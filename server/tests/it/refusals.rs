//! What the rules refuse: the exact reply, the page of refusals, the way to mend it, and that a change holds at once.

use crate::{
    harness::{Dns, Issued, Portal, Relaykeep, Session, Sink, html, until},
    submission::settings,
};
use std::time::{Duration, Instant};

const PROJECTS: &str = r#"
projects:
  - slug: bio
    name: Bioinformatics
    sandbox: false
    networks: [{ cidr: 127.0.0.1/32, label: this machine }]
    domains: [{ name: domain.test, verified: true }]
    senders: [{ address: one@single.test, verified: true }]
    service_accounts:
      - label: any
      - label: narrow
        allowed_senders: ["noreply+*@domain.test", "one@single.test"]
      - label: few
        limits: { per_hour: 2 }
      - label: notifier
        may_notify: true
  - slug: chem
    name: Chemistry
    sandbox: false
    senders: [{ address: lab@chem.test, verified: true }]
    service_accounts: [{ label: chem-app }]
  - slug: box
    name: Sandboxed
    sandbox: true
    senders: [{ address: box@box.test, verified: true }]
    service_accounts: [{ label: boxed }]
"#;

/// A relay with three projects, and who may sign in.
struct World {
    relay: Relaykeep,
    accounts: Vec<Issued>,
    sink: Sink,
    _dns: Dns,
}

impl World {
    fn start() -> Self {
        let names = ["domain.test", "single.test", "chem.test", "box.test", "other.test"];
        let exchangers: String = names.iter().map(|name| format!("{name}. IN MX 10 sink.test.\n")).collect();
        let dns = Dns::start(&format!("sink.test. IN A 127.0.0.1\n{exchangers}"));
        let sink = Sink::start();
        let relay = Relaykeep::start(&settings(&dns, &sink));
        let accounts = relay.apply(PROJECTS);
        Self { relay, accounts, sink, _dns: dns }
    }

    fn session(&self, label: &str) -> Session {
        let account = self.accounts.iter().find(|account| account.label == label);
        Session::signed_in(&self.relay, account.expect("the account is in PROJECTS"))
    }
}

fn message(header: &str) -> Vec<u8> {
    format!("{header}\r\nSubject: hello\r\n\r\nhello\r\n").into_bytes()
}

/// A transaction that must be refused: by whom, reverse-path, recipients, header, and the reply up to its URL.
struct Refused {
    who: &'static str,
    reverse_path: &'static str,
    recipients: &'static [&'static str],
    header: &'static str,
    reply: &'static str,
}

const fn refused(
    who: &'static str,
    reverse_path: &'static str,
    recipients: &'static [&'static str],
    header: &'static str,
    reply: &'static str,
) -> Refused {
    Refused { who, reverse_path, recipients, header, reply }
}

const TO: &[&str] = &["a@other.test"];
const OWN: &str = "From: web@domain.test";

/// Rows 0.3, 1.3, 1.5 and item 2 of what no peer has. The replies are those of the table.
const TABLE: &[Refused] = &[
    // Another project's address.
    refused(
        "any",
        "lab@chem.test",
        TO,
        OWN,
        "550 5.7.1 Reverse-path lab@chem.test is not a verified sender of this project",
    ),
    refused("chem-app", "web@domain.test", TO, OWN, "550 5.7.1 Reverse-path web@domain.test is not a verified sender"),
    // An address nobody listed, beside one that is, and one that only looks like it.
    refused("any", "two@single.test", TO, OWN, "550 5.7.1 Reverse-path two@single.test is not a verified sender"),
    refused("any", "web@sub.domain.test", TO, OWN, "550 5.7.1 Reverse-path web@sub.domain.test is not a verified"),
    // Verified, but not for this account.
    refused(
        "narrow",
        "web@domain.test",
        TO,
        OWN,
        "550 5.7.1 Reverse-path web@domain.test is not among the senders this account may use",
    ),
    refused("narrow", "one@single.test", TO, OWN, "550 5.7.1 From web@domain.test is not among the senders this"),
    // Forged where the envelope is good.
    refused("any", "web@domain.test", TO, "From: lab@chem.test", "550 5.7.1 From lab@chem.test is not a verified"),
    refused(
        "any",
        "web@domain.test",
        TO,
        "From: \"web@domain.test\" <ceo@bank.test>",
        "550 5.7.1 From ceo@bank.test is",
    ),
    refused(
        "any",
        "web@domain.test",
        TO,
        "From: web@domain.test, lab@chem.test\r\nSender: web@domain.test",
        "550 5.7.1 From lab@chem.test is not a verified sender of this project",
    ),
    refused(
        "any",
        "web@domain.test",
        TO,
        "From: web@domain.test\r\nSender: lab@chem.test",
        "550 5.7.1 Sender lab@chem.test is not a verified sender of this project",
    ),
    refused(
        "narrow",
        "one@single.test",
        TO,
        "From: one@single.test\r\nSender: web@domain.test",
        "550 5.7.1 Sender web@domain.test is not among the senders this account may use",
    ),
    // Not to be read with certainty.
    refused(
        "any",
        "web@domain.test",
        TO,
        "From: web@domain.test\r\nFrom: web@domain.test",
        "550 5.7.1 There are two From",
    ),
    refused("any", "web@domain.test", TO, "From: team: web@domain.test;", "550 5.7.1 "),
    refused("any", "web@domain.test", TO, "From : web@domain.test", "550 5.7.1 From has white space before its colon"),
    refused("any", "web@domain.test", TO, "To: a@other.test", "550 5.7.1 From is missing"),
    // The rest of the table.
    refused("any", "", TO, OWN, "550 5.7.1 The null reverse-path is only for accounts that may send notifications"),
    refused(
        "boxed",
        "box@box.test",
        TO,
        "From: box@box.test",
        "550 5.7.1 Recipient a@other.test refused: this project is in the sandbox",
    ),
    refused(
        "few",
        "web@domain.test",
        &["a@other.test", "b@other.test", "c@other.test"],
        OWN,
        "451 4.7.1 Over the limit of the service account; wait ",
    ),
];

/// The project in PROJECTS that an account of the table belongs to.
fn project_of(who: &str) -> &'static str {
    match who {
        "chem-app" => "chem",
        "boxed" => "box",
        _ => "bio",
    }
}

/// The code behind `/s/` at the end of a reply.
fn short_link(relay: &Relaykeep, reply: &str) -> String {
    let url = format!("; see {}/s/", relay.url());
    let code = reply.split_once(&url).map(|(_, code)| code).unwrap_or_else(|| panic!("no short URL ends {reply}"));
    assert!(code.len() == 8 && code.bytes().all(|b| b.is_ascii_alphanumeric()), "{reply}");
    format!("/s/{code}")
}

#[test]
fn rows_0_3_and_1_5_each_refusal_says_which_address_and_which_rule_and_ends_with_a_url() {
    let world = World::start();
    let mut told = Vec::new();
    for case in TABLE {
        let reply = world.session(case.who).send(case.reverse_path, case.recipients, &message(case.header));
        assert!(reply.starts_with(case.reply), "{}: wanted {}, got {reply}", case.who, case.reply);
        let link = short_link(&world.relay, &reply);
        if reply.starts_with("451") {
            let wait = reply.split_once("wait ").and_then(|(_, rest)| rest.split_once(" seconds; see")).unwrap().0;
            assert!((1..=3600).contains(&wait.parse::<u32>().unwrap()), "{reply}");
        }
        told.push((project_of(case.who), link));
    }
    // Each is listed for the project it belongs to; those of one account by one rule about one address are one row.
    let portal = world.relay.operator();
    for slug in ["bio", "chem", "box"] {
        let mut missing: Vec<_> = told.iter().filter(|(of, _)| *of == slug).map(|(_, link)| link).collect();
        until("every refusal on the page", || {
            let text = portal.get(&format!("/p/{slug}/refusals")).text();
            missing.retain(|link| !text.contains(link.as_str()));
            missing.is_empty().then_some(())
        });
    }
    // The same sessions may send what they may: a refusal is about the rule, not the session.
    for (who, reverse_path, header) in [
        ("any", "web@domain.test", OWN),
        ("any", "WEB@Domain.TEST", "From: One <one@single.test>"),
        ("narrow", "noreply+42@domain.test", "From: noreply+x@domain.test"),
        ("notifier", "", OWN),
        ("chem-app", "lab@chem.test", "From: lab@chem.test"),
    ] {
        let mut session = world.session(who);
        let first = session.send("nobody@nowhere.test", TO, &message(OWN));
        assert!(first.starts_with("550 5.7.1 "), "{first}");
        let reply = session.send(reverse_path, TO, &message(header));
        assert!(reply.starts_with("250 2.0.0 Ok: queued as "), "{who} {reverse_path}: {reply}");
    }
    assert_eq!(world.sink.wait_for(5).len(), 5);
}

#[test]
fn before_auth_and_outside_networks_it_is_530_whatever_is_claimed() {
    let world = World::start();
    for mut session in
        [Session::open(world.relay.submission), Session::open_tls(world.relay.submissions, &world.relay.certificate())]
    {
        for mail in ["MAIL FROM:<web@domain.test>", "MAIL FROM:<>", "MAIL FROM:<@relay.test:web@domain.test>"] {
            assert_eq!(session.say(mail), "530 5.7.0 Authentication required");
        }
        assert!(session.say("RCPT TO:<a@other.test>").starts_with("503 5.5.1 "));
        assert!(session.say("DATA").starts_with("503 5.5.1 "));
    }
}

#[test]
fn a_refusal_is_on_the_page_of_its_project_and_of_no_other_and_its_url_leads_to_what_mends_it() {
    let world = World::start();
    let portal = world.relay.operator();
    let from_bio = world.session("any").send("lab@chem.test", TO, &message(OWN));
    let from_chem = world.session("chem-app").send("web@domain.test", TO, &message(OWN));
    let forged = world.session("any").send("web@domain.test", TO, &message("From: ceo@bank.test"));
    let page = |slug: &str| portal.get(&format!("/p/{slug}/refusals")).text();
    let bio = until("the refusals", || Some(page("bio")).filter(|text| text.contains(&forged)));
    assert!(bio.contains(&from_bio) && !bio.contains(&from_chem), "{bio}");
    assert!(bio.contains("any") && bio.contains("127.0.0.1 (client.test)") && bio.contains("submissions"), "{bio}");
    let chem = until("the refusals", || Some(page("chem")).filter(|text| text.contains(&from_chem)));
    assert!(!chem.contains(&from_bio) && !chem.contains(&forged), "{chem}");

    for (reply, words, mend) in [
        (&from_bio, "Reverse-path not verified", "/p/bio/senders?new=lab%40chem.test"),
        (&forged, "From not verified", "/p/bio/senders?new=ceo%40bank.test"),
    ] {
        let link = short_link(&world.relay, reply);
        let page = portal.get(&link);
        assert!(page.status == 200 && page.text().contains(words), "{}\n{}", page.status, page.body);
        assert_eq!(portal.get(&page.link(mend.split('?').next().unwrap())).status, 200);
        assert!(page.body.contains(mend), "no link to {mend} on\n{}", page.body);
        // Nobody else learns anything from the URL; who signs in comes back to it.
        let stranger = world.relay.stranger();
        let asked = stranger.ask(&link, &[]);
        assert_eq!(asked.status, 302);
        assert_eq!(asked.header("Location"), [format!("/login?next={}", link.replace('/', "%2F"))]);
    }
}

#[test]
fn why_an_auth_failed_is_on_the_page_of_its_project_and_never_in_the_reply() {
    let world = World::start();
    let portal = world.relay.operator();
    let any = world.accounts.iter().find(|account| account.label == "any").expect("any");
    let refused = |username: &str, secret: &str| {
        let mut session = Session::open_tls(world.relay.submissions, &world.relay.certificate());
        let reply = session.auth(username, secret);
        assert_eq!(reply, "535 5.7.8 Authentication credentials invalid", "{username}");
    };
    let shown = |page: &str, cause: &str| {
        let words = format!("The program was not told why: {cause}");
        until(cause, || Some(portal.get(page).text()).filter(|text| text.contains(&words)))
    };
    refused(&any.username, "not the secret");
    shown("/p/bio/refusals", "wrong secret");
    portal.change(&page_of(&portal, "any"), "switch_account", &[("to", "off"), ("confirm", "any")]);
    refused(&any.username, &any.secret);
    shown("/p/bio/refusals", "the service account is disabled");
    refused("sa-nobody", "not the secret");
    shown("/admin/refusals", "unknown user name");
    assert!(!portal.get("/p/chem/refusals").text().contains("was not told why"));
}

/// How long a change in the portal may take to hold (row 1.15).
const AT_ONCE: Duration = Duration::from_secs(2);

/// Sends until the reply begins so; fails when that takes longer than a change may.
fn soon(session: &mut Session, header: &str, reverse_path: &str, reply: &str) {
    let changed = Instant::now();
    loop {
        let said = session.send(reverse_path, TO, &message(header));
        let took = changed.elapsed();
        if said.starts_with(reply) {
            return;
        }
        assert!(took < AT_ONCE, "{took:?} after the change it is still {said}");
    }
}

/// The page of one of bio's accounts.
fn page_of(portal: &Portal, label: &str) -> String {
    let list = portal.get(&format!("/p/bio/service-accounts?q={label}"));
    let accounts = html::tags(&list.body, "a").filter(|(tag, _)| tag.contains("/service-accounts/"));
    let found = accounts.filter(|(_, rest)| rest.starts_with(label)).find_map(|(tag, _)| html::attribute(tag, "href"));
    found.expect("the account's page")
}

#[test]
fn row_1_15_an_account_disabled_in_the_portal_cannot_send_in_a_session_that_is_open() {
    let world = World::start();
    let portal = world.relay.operator();
    let mut session = world.session("any");
    soon(&mut session, OWN, "web@domain.test", "250 ");
    let page = page_of(&portal, "any");
    portal.change(&page, "switch_account", &[("to", "off"), ("confirm", "any")]);
    soon(&mut session, OWN, "web@domain.test", "550 5.7.1 This account may not send any more");
    // Others of the project are not concerned.
    soon(&mut world.session("notifier"), OWN, "web@domain.test", "250 ");
    portal.change(&page, "switch_account", &[("to", "on")]);
    soon(&mut session, OWN, "web@domain.test", "250 ");
}

#[test]
fn row_1_15_a_sender_removed_in_the_portal_cannot_be_used_in_a_session_that_is_open() {
    let world = World::start();
    let portal = world.relay.operator();
    let mut session = world.session("any");
    let from = "From: one@single.test";
    soon(&mut session, from, "one@single.test", "250 ");
    portal.change("/p/bio/senders", "remove_sender", &[("confirm", "one@single.test")]);
    soon(&mut session, from, "one@single.test", "550 5.7.1 Reverse-path one@single.test is not a verified sender");
    soon(&mut session, from, "web@domain.test", "550 5.7.1 From one@single.test is not a verified sender");
}

#[test]
fn row_1_15_networks_of_an_account_changed_in_the_portal_hold_in_a_session_that_is_open() {
    let world = World::start();
    let portal = world.relay.operator();
    let mut session = world.session("any");
    soon(&mut session, OWN, "web@domain.test", "250 ");
    let page = page_of(&portal, "any");
    let allow = |cidrs: &str| portal.change(&page, "update_account", &[("label", "any"), ("allowed_cidrs", cidrs)]);
    allow("192.0.2.0/24");
    let refused = "550 5.7.1 This account may not send any more: the service account may not be used from this address";
    soon(&mut session, OWN, "web@domain.test", refused);
    let shown = until("the refusal", || {
        Some(portal.get("/p/bio/refusals").text()).filter(|text| text.contains("may not be used from this address"))
    });
    assert!(shown.contains("any") && shown.contains("127.0.0.1 (client.test)"), "{shown}");
    soon(&mut world.session("notifier"), OWN, "web@domain.test", "250 ");
    allow("192.0.2.0/24\n127.0.0.0/8");
    soon(&mut session, OWN, "web@domain.test", "250 ");
}

#[test]
fn row_2_1_a_secret_revoked_in_the_portal_ends_the_sessions_it_opened() {
    let world = World::start();
    let portal = world.relay.operator();
    let mut session = world.session("any");
    soon(&mut session, OWN, "web@domain.test", "250 ");
    let page = page_of(&portal, "any");
    let hint = world.accounts.iter().find(|account| account.label == "any").expect("any").secret.clone();
    let hint = &hint[hint.len() - 4..];
    assert_eq!(portal.submit(&page, "issue_secret", &[]).status, 200);
    portal.change(&page, "revoke_secret", &[("confirm", hint)]);
    soon(&mut session, OWN, "web@domain.test", "550 5.7.1 This account may not send any more: the service account was");
}

#[test]
fn row_1_15_a_network_removed_in_the_portal_is_trusted_no_more_in_a_session_that_is_open() {
    let world = World::start();
    let portal = world.relay.operator();
    let mut session = Session::open(world.relay.networks);
    soon(&mut session, OWN, "web@domain.test", "250 ");
    portal.change("/p/bio/networks", "remove_network", &[("confirm", "127.0.0.1/32")]);
    soon(&mut session, OWN, "web@domain.test", "530 5.7.0 Authentication required");
    // A block is changed by removing it and adding another: one that this client is not in is not its own.
    portal.change("/p/bio/networks", "add_network", &[("cidr", "127.0.0.2/31"), ("label", "the next machine")]);
    assert_eq!(session.say("MAIL FROM:<web@domain.test>"), "530 5.7.0 Authentication required");
    // The session is whose block it is in, at each MAIL.
    portal.change("/p/chem/networks", "add_network", &[("cidr", "127.0.0.0/31"), ("label", "given away")]);
    soon(&mut session, OWN, "web@domain.test", "550 5.7.1 Reverse-path web@domain.test is not a verified sender");
    soon(&mut session, "From: lab@chem.test", "lab@chem.test", "250 ");
}

#[test]
fn a_suspended_project_is_refused_with_the_reason_in_a_session_that_is_open() {
    let world = World::start();
    let portal = world.relay.operator();
    let mut session = world.session("any");
    soon(&mut session, OWN, "web@domain.test", "250 ");
    portal.change(
        "/admin/projects",
        "suspend_project",
        &[("slug", "bio"), ("reason", "Too many bounces"), ("confirm", "bio")],
    );
    soon(&mut session, OWN, "web@domain.test", "550 5.7.1 This project is suspended: Too many bounces; see ");
    soon(&mut world.session("chem-app"), "From: lab@chem.test", "lab@chem.test", "250 ");
    portal.change("/admin/projects", "resume_project", &[("slug", "bio")]);
    soon(&mut session, OWN, "web@domain.test", "250 ");
}

#[test]
fn the_sandbox_is_left_by_the_projects_name_and_entered_again_in_a_session_that_is_open() {
    let world = World::start();
    let (portal, page) = (world.relay.operator(), "/p/box/settings");
    let mut session = world.session("boxed");
    let mut outsider = |expected: &str| {
        until("the other answer", || {
            session.say("RSET");
            assert!(session.say("MAIL FROM:<box@box.test>").starts_with("250 "));
            session.say("RCPT TO:<a@other.test>").starts_with(expected).then_some(())
        });
    };
    outsider("550 5.7.1 Recipient a@other.test refused: this project is in the sandbox");
    let text = portal.submit(page, "set_sandbox", &[("confirm", "bio")]).text();
    assert!(text.contains("Type box exactly as it is written") && text.contains("Take out of the sandbox"), "{text}");
    portal.change(page, "set_sandbox", &[("confirm", "box")]);
    outsider("250 ");
    portal.change(page, "set_sandbox", &[("confirm", "box")]);
    outsider("550 5.7.1 Recipient a@other.test refused: this project is in the sandbox");
}

#[test]
fn a_paused_platform_tells_every_project_to_come_back_and_closes_the_session() {
    let world = World::start();
    let portal = world.relay.operator();
    let (mut bio, mut chem) = (world.session("any"), world.session("chem-app"));
    soon(&mut bio, OWN, "web@domain.test", "250 ");
    portal.change("/admin/settings", "pause_platform", &[("reason", "New disks"), ("confirm", "pause")]);
    assert!(portal.get("/admin/settings").text().contains("New disks"));
    let paused = "421 4.3.2 No mail is taken now: New disks; see ";
    let changed = Instant::now();
    let reply = loop {
        let reply = bio.say("MAIL FROM:<web@domain.test>");
        if !reply.starts_with("250 ") {
            break reply;
        }
        assert!(changed.elapsed() < AT_ONCE, "mail is still taken");
        assert!(bio.say("RSET").starts_with("250 "));
    };
    assert!(reply.starts_with(paused), "{reply}");
    assert!(bio.try_say("NOOP").is_err(), "a 421 ends the session");
    let reply = chem.say("MAIL FROM:<lab@chem.test>");
    assert!(reply.starts_with(paused), "{reply}");
    portal.change("/admin/settings", "resume_platform", &[]);
    soon(&mut world.session("any"), OWN, "web@domain.test", "250 ");
}
