//! What may happen once happens once, however many ask for it at the same moment.

use crate::{
    harness::{Page, Portal, Relaykeep},
    links::mailed,
    submission::dns,
};
use std::{sync::Barrier, thread};

const REQUESTS: usize = 20;

/// Posts the form of `page` for the function `name` from so many browsers at once; which of them was the one.
fn all_at_once(
    relay: &Relaykeep,
    page: &str,
    name: &str,
    fields: impl Fn(usize) -> Vec<(&'static str, String)> + Sync,
) -> usize {
    let browsers: Vec<Portal> =
        (0..REQUESTS).map(|n| Portal::new(&relay.url(), &relay.path(&format!("racer-{n}.cookies")))).collect();
    let action = browsers[0].action(page, name);
    let start = Barrier::new(REQUESTS);
    let answers: Vec<Page> = thread::scope(|scope| {
        let posts = browsers.iter().enumerate().map(|(n, browser)| {
            let (start, action, fields) = (&start, &action, &fields);
            scope.spawn(move || {
                let fields = fields(n);
                let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                start.wait();
                browser.post(page, action, &fields)
            })
        });
        let posts: Vec<_> = posts.collect();
        posts.into_iter().map(|post| post.join().unwrap()).collect()
    });
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    let done = statuses.iter().filter(|status| **status < 400).count();
    assert_eq!(done, 1, "{name}: {statuses:?}\n{}\n{}", answers[0].text(), relay.log());
    assert!(statuses.iter().all(|status| *status < 500), "{name}: {statuses:?}\n{}", relay.log());
    statuses.iter().position(|status| *status < 400).unwrap()
}

/// A relay whose portal mail is captured.
fn relay() -> (crate::harness::Dns, Relaykeep) {
    let dns = dns();
    let relay = Relaykeep::start(&format!("[dns]\nnameservers = [\"{}\"]\n", dns.address()));
    (dns, relay)
}

#[test]
fn one_of_all_who_set_up_at_once_becomes_the_operator() {
    let (_dns, relay) = relay();
    let log = relay.log();
    let (_, code) = log.split_once("/setup?code=").expect("the setup link");
    let code = code.split_whitespace().next().unwrap();
    let one = all_at_once(&relay, "/setup", "set_up", |n| {
        vec![
            ("code", code.to_owned()),
            ("email", format!("racer{n}@relay.test")),
            ("name", String::new()),
            ("password", "correct horse battery".to_owned()),
            ("project_name", format!("Race {n}")),
            ("project_slug", format!("race-{n}")),
        ]
    });
    let operator = relay.stranger();
    operator.sign_in(&format!("racer{one}@relay.test"), "correct horse battery");
    for list in ["users", "projects"] {
        let rows = operator.get(&format!("/admin/{list}.csv")).body;
        assert_eq!(rows.lines().count(), 2, "a line of headings, and one: {rows}");
    }
}

#[test]
fn a_link_from_mail_is_good_for_one_of_all_who_follow_it_at_once() {
    let (_dns, relay) = relay();
    relay.apply("projects: [{ slug: bio }]");
    let operator = relay.operator();
    let token = |link: &str| link.rsplit('/').next().unwrap().to_owned();

    operator.change("/p/bio/senders", "add_sender", &[("address", "ada@other.test")]);
    let link = mailed(&operator, "/verify/");
    all_at_once(&relay, &link, "verify_by_link", |_| vec![("token", token(&link))]);

    operator.change("/p/bio/members", "invite_member", &[("email", "grace@other.test"), ("role", "member")]);
    let link = mailed(&operator, "/invite/");
    all_at_once(&relay, &link, "accept_invitation", |n| {
        vec![
            ("token", token(&link)),
            ("name", format!("Racer {n}")),
            ("password", format!("correct horse {n} battery")),
        ]
    });
    let members = operator.get("/p/bio/members.csv").body;
    assert_eq!(members.lines().filter(|line| line.contains("grace@other.test")).count(), 1, "{members}");

    relay.stranger().submit("/reset", "request_reset", &[("email", "grace@other.test")]);
    let link = mailed(&operator, "/reset/");
    let password = |n| format!("another horse {n} battery");
    let one =
        all_at_once(&relay, &link, "reset_password", |n| vec![("token", token(&link)), ("password", password(n))]);
    relay.stranger().sign_in("grace@other.test", &password(one));
}
