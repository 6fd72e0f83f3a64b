//! Links from mail: good once, and when they are dead the answer says so to people and to programs.

use crate::harness::{Portal, Relaykeep, until};

/// The path of the link to `place` (such as `/reset/`) in a mail of the portal that was captured, as an operator reads it.
pub fn mailed(operator: &Portal, place: &str) -> String {
    until("the captured mail with the link", || {
        let list = operator.get("/admin/captured").body;
        let mails = list.split("href=\"/admin/captured/").skip(1).filter_map(|rest| rest.split('"').next());
        let mut texts = mails.map(|id| operator.get(&format!("/admin/captured/{id}")).text());
        let token = texts.find_map(|mail| Some(mail.split_once(place)?.1.split_whitespace().next()?.to_owned()))?;
        Some(format!("{place}{token}"))
    })
}

#[test]
fn a_link_that_is_dead_answers_404_with_the_page_that_says_what_to_do() {
    let relay = Relaykeep::start("");
    let stranger = relay.stranger();
    for (path, words) in [
        ("/verify/dead", "This link is no longer good"),
        ("/invite/dead", "This invitation is no longer good"),
        ("/reset/dead", "This link is no longer good"),
    ] {
        let page = stranger.get(path);
        assert_eq!(page.status, 404, "{path}");
        assert!(page.text().contains(words), "{path}: {}", page.text());
    }
    assert!(stranger.get("/reset/dead").text().contains("Send a new link"));
}

#[test]
fn a_reset_link_answers_200_until_it_is_used() {
    let relay = Relaykeep::start("");
    let operator = relay.operator();
    let stranger = relay.stranger();
    let page = stranger.submit("/reset", "request_reset", &[("email", "operator@relay.test")]);
    assert!(page.text().contains("Look into your mail."), "{}", page.text());
    let link = mailed(&operator, "/reset/");
    assert_eq!(stranger.get(&link).status, 200);
    // A password that is refused leaves the link good, and the page shows its form.
    let page = stranger.submit(&link, "reset_password", &[("password", "short")]);
    assert_eq!(page.status, 422, "{}", page.text());
    stranger.change(&link, "reset_password", &[("password", "another horse battery")]);
    let page = stranger.get(&link);
    assert_eq!(page.status, 404);
    assert!(page.text().contains("A link works once"), "{}", page.text());
}
