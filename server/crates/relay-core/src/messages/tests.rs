use super::*;
use crate::{
    captured, members, queue, senders,
    submission::{self, Arrival, Submission, kept::Origin},
    test_support::{Test, word},
};
use relay_types::{
    member::Role,
    message::{Attempt, Outcome},
};
use std::time::Duration;

fn page_size() -> usize {
    PageSize::Screen.rows()
}

async fn mail(test: &Test, project: ProjectId, header: &str, to: &str) -> MessageId {
    let submission = Submission {
        arrival: Arrival::Portal,
        reverse_path: ReversePath::parse("Bounce@d.example").expect("a reverse-path"),
        recipients: vec![EmailAddress::parse(to).expect("an address")],
        terms: Default::default(),
        smtputf8: false,
        content: format!("From: App <a@d.example>\r\n{header}\r\nbody\r\n").into_bytes().into(),
    };
    let origin = Origin { source: "portal", id: None, label: "test".to_owned() };
    let accepted = submission::accept_judged(&test.core, Some(project), origin, submission).await.expect("a verdict");
    test.clock.advance(Duration::from_secs(1));
    accepted.expect("accepted")
}

async fn found(test: &Test, project: &Slug, filter: &MessageFilter) -> Vec<MessageId> {
    let page = list(&test.core, &Actor::System, project, filter).await.expect("a list");
    page.items.iter().map(|row| row.id).collect()
}

#[tokio::test]
async fn pages_follow_each_other_newest_first() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let mut ids = Vec::new();
    for _ in 0..page_size() + 3 {
        ids.push(mail(&test, project, "", "b@e.example").await);
    }
    ids.reverse();
    let first = list(&test.core, &Actor::System, &slug, &MessageFilter::default()).await.expect("a page");
    assert_eq!(first.items.iter().map(|row| row.id).collect::<Vec<_>>(), ids[..page_size()]);
    let after = first.next.expect("a second page");
    mail(&test, project, "", "b@e.example").await;
    let filter = MessageFilter { after: Some(after), ..Default::default() };
    let second = list(&test.core, &Actor::System, &slug, &filter).await.expect("a page");
    assert_eq!(second.items.iter().map(|row| row.id).collect::<Vec<_>>(), ids[page_size()..]);
    assert_eq!(second.next, None);
    let odd = MessageFilter { after: Some("x".to_owned()), ..Default::default() };
    assert_eq!(word(&list(&test.core, &Actor::System, &slug, &odd).await), "after");
}

#[tokio::test]
async fn a_message_is_found_by_what_people_know_of_it() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let (other, _) = test.project("chemistry").await;
    let begin = test.core.now();
    let one =
        mail(&test, project, "Subject: Weekly 100% report\r\nMessage-ID: <w1@d.example>\r\n", "b@e.example").await;
    let two = mail(&test, project, "Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\r\n", "C@F.example").await;
    mail(&test, other, "Subject: Weekly 100% report\r\nMessage-ID: <w1@d.example>\r\n", "b@e.example").await;
    for (search, expected) in [
        ("weekly", vec![one]),
        ("WEEKLY 100%", vec![one]),
        ("0%r", vec![]),
        ("%", vec![one]),
        ("_", vec![]),
        ("Grüße", vec![two]),
        ("app", vec![two, one]),
        ("  ", vec![two, one]),
        ("b@e.example", vec![one]),
        ("c@f.EXAMPLE", vec![two]),
        ("bounce@d.example", vec![two, one]),
        ("a@d.example", vec![two, one]),
        ("<w1@d.example>", vec![one]),
        ("w1@d.example", vec![one]),
        (&one.to_string(), vec![one]),
        ("nothing like it", vec![]),
        ("' OR 1=1 --", vec![]),
    ] {
        let filter = MessageFilter { search: Some(search.to_owned()), ..Default::default() };
        assert_eq!(found(&test, &slug, &filter).await, expected, "{search:?}");
    }
    let at = begin.plus(Duration::from_secs(1));
    let since = MessageFilter { since: Some(at), ..Default::default() };
    assert_eq!(found(&test, &slug, &since).await, [two]);
    let until = MessageFilter { until: Some(at), ..Default::default() };
    assert_eq!(found(&test, &slug, &until).await, [one]);
    let account = MessageFilter { service_account: Some(Id::from_uuid(uuid::Uuid::nil())), ..Default::default() };
    assert!(found(&test, &slug, &account).await.is_empty());
}

#[tokio::test]
async fn tabs_count_by_state_under_the_filter() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    mail(&test, project, "Subject: zebra\r\n", "b@e.example").await;
    let held = mail(&test, project, "Subject: y\r\n", "b@e.example").await;
    queue::hold(&test.core, &Actor::System, &slug, held).await.expect("held");
    let count = async |search: Option<&str>| {
        let filter = MessageFilter {
            search: search.map(str::to_owned),
            state: Some(MessageState::Bounced),
            ..Default::default()
        };
        let page = overview(&test.core, &Actor::System, &slug, &filter).await.expect("a page");
        assert_eq!(page.searched_since, None, "all were looked through");
        let counts = page.counts.expect("counts");
        (counts.all, counts.queued, counts.held, counts.bounced)
    };
    assert_eq!(count(None).await, (2, 1, 1, 0));
    assert_eq!(count(Some("zebra")).await, (1, 1, 0, 0));
    let filter = MessageFilter { state: Some(MessageState::Held), ..Default::default() };
    assert_eq!(found(&test, &slug, &filter).await, [held]);
}

#[tokio::test]
async fn captured_mail_can_be_read_with_its_parts() {
    let test = Test::with(|config| config.route = crate::config::PlatformRoute::Capture).await;
    let (project, slug) = test.project("physics").await;
    let header = "To: B <b@e.example>\r\nSubject: parts\r\nMIME-Version: 1.0\r\n\
                  Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: multipart/alternative; boundary=y\r\n\r\n\
                  --y\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGr\u{fc}\u{df}e\r\n\
                  --y\r\nContent-Type: text/html\r\n\r\n<b>hi</b><script>alert(1)</script>\r\n--y--\r\n\
                  --x\r\nContent-Type: application/pdf; name=\"../r.pdf\"\r\nContent-Disposition: attachment\r\n\
                  Content-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--x--\r\n";
    let id = mail(&test, project, header, "b@e.example").await;
    let core = &test.core;
    assert_eq!(word(&captured::get(core, &Actor::System, &slug, id).await), "NotFound", "not captured yet");
    let claims = queue::claim(core, 10, 10, &[]).await.expect("claims");
    let attempt = Attempt {
        number: 1,
        started_at: core.now(),
        milliseconds: 0,
        host: None,
        address: None,
        tls: None,
        passes_reports_on: false,
        dialogue: Vec::new(),
        outcomes: Vec::new(),
    };
    let outcomes = claims.into_iter().map(|claim| (claim, Outcome::Captured)).collect();
    queue::record(core, id, attempt, outcomes).await.expect("recorded");
    let shown = captured::get(core, &Actor::System, &slug, id).await.expect("a message");
    assert_eq!((shown.to.as_str(), shown.subject.as_str()), ("B <b@e.example>", "parts"));
    assert_eq!(shown.text.as_deref().map(str::trim), Some("Grüße"));
    assert!(shown.has_html);
    assert!(captured::html(core, &Actor::System, &slug, id).await.expect("HTML").contains("<script>"), "as written");
    let [attachment] = &shown.attachments[..] else { panic!("{:?}", shown.attachments) };
    assert_eq!(
        (attachment.name.as_str(), attachment.media_type.as_str(), attachment.size),
        ("r.pdf", "application/pdf", 4)
    );
    let opened = captured::attachment(core, &Actor::System, &slug, id, 0).await.expect("an attachment");
    assert_eq!(opened, ("r.pdf".to_owned(), "application/pdf".to_owned(), b"%PDF".to_vec()));
    assert_eq!(word(&captured::attachment(core, &Actor::System, &slug, id, 1).await), "NotFound");
}

#[tokio::test]
async fn captured_mail_of_the_portal_is_for_operators() {
    let test = Test::with(|config| config.route = crate::config::PlatformRoute::Capture).await;
    let (project, slug) = test.project("physics").await;
    let core = &test.core;
    let of_project = mail(&test, project, "", "b@e.example").await;
    members::invite(core, &Actor::System, &slug, "ines@inst.example", Role::Viewer).await.expect("invited");
    for claim in queue::claim(core, 10, 10, &[]).await.expect("claims") {
        let attempt = Attempt {
            number: 1,
            started_at: core.now(),
            milliseconds: 0,
            host: None,
            address: None,
            tls: None,
            passes_reports_on: false,
            dialogue: Vec::new(),
            outcomes: Vec::new(),
        };
        queue::record(core, claim.message_id, attempt, vec![(claim, Outcome::Captured)]).await.expect("recorded");
    }
    let [row] = &captured::list_of_portal(core, &Actor::System, None).await.expect("a list").items[..] else {
        panic!("only the invitation is the portal's")
    };
    let shown = captured::get_of_portal(core, &Actor::System, row.id).await.expect("a message");
    assert_eq!(shown.to, "ines@inst.example");
    assert!(shown.text.is_some_and(|text| text.contains("/invite/")), "the link can be read");
    assert_eq!(word(&captured::get_of_portal(core, &Actor::System, of_project).await), "NotFound");
    let cast = test.cast(project, &slug).await;
    for (actor, _) in cast.refused(Access::Operate) {
        let expected = if matches!(actor, Actor::Anonymous { .. }) { "SignedOut" } else { "Forbidden" };
        assert_eq!(word(&captured::list_of_portal(core, actor, None).await), expected, "{actor:?}");
        assert_eq!(word(&captured::get_of_portal(core, actor, row.id).await), expected, "{actor:?}");
    }
}

#[tokio::test]
async fn a_test_message_is_judged_and_sent_as_mail_of_the_project() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let member = test.member(project, "m@example.org", relay_types::member::Role::Member).await;
    let core = &test.core;
    senders::mark_verified(core, &Actor::System, &slug, "app@one.example").await.expect("a sender");
    for (from, to, expected) in [
        ("app@one.example", "m@example.org", "Ok"),
        (" App@One.example ", " m@example.org ", "Ok"),
        ("app@two.example", "m@example.org", "from"),
        ("nobody", "m@example.org", "from"),
        ("app@one.example", "nobody", "to"),
    ] {
        assert_eq!(word(&send_test(core, &member, &slug, from, to).await), expected, "{from} {to}");
    }
    let row = list(core, &member, &slug, &MessageFilter::default()).await.expect("a list").items.remove(0);
    assert_eq!((row.source_label.as_str(), row.subject.as_str()), ("m@example.org", "A test message from Relaykeep"));
    let detail = get(core, &member, &slug, row.id).await.expect("a message");
    assert_eq!(detail.source, Source::Portal);
    assert_eq!(detail.reverse_path.to_string(), "App@one.example");
    crate::projects::suspend(core, &Actor::System, &slug, "unpaid").await.expect("suspended");
    assert_eq!(word(&send_test(core, &member, &slug, "app@one.example", "m@example.org").await), "Conflict");
}

#[tokio::test]
async fn who_may_not_see_a_project_sees_none_of_its_mail() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let id = mail(&test, project, "", "b@e.example").await;
    let cast = test.cast(project, &slug).await;
    let core = &test.core;
    let filter = MessageFilter::default();
    for (actor, expected) in cast.refused(Access::View) {
        assert_eq!(word(&list(core, actor, &slug, &filter).await), expected, "{actor:?}");
        assert_eq!(word(&overview(core, actor, &slug, &filter).await), expected, "{actor:?}");
        assert_eq!(word(&get(core, actor, &slug, id).await), expected, "{actor:?}");
        assert_eq!(word(&captured::list(core, actor, &slug, None).await), expected, "{actor:?}");
        let overview = crate::overview::get(core, actor, &slug, Default::default()).await;
        assert_eq!(word(&overview), expected, "{actor:?}");
    }
    for (actor, expected) in cast.refused(Access::Manage) {
        assert_eq!(word(&raw(core, actor, &slug, id).await), expected, "{actor:?}");
        assert_eq!(word(&send_test(core, actor, &slug, "a@d.example", "b@e.example").await), expected, "{actor:?}");
        assert_eq!(word(&captured::get(core, actor, &slug, id).await), expected, "{actor:?}");
        assert_eq!(word(&captured::html(core, actor, &slug, id).await), expected, "{actor:?}");
        assert_eq!(word(&captured::attachment(core, actor, &slug, id, 0).await), expected, "{actor:?}");
    }
    let neighbour = Slug::parse("physics-neighbour").expect("a slug");
    assert_eq!(word(&get(core, &cast.outsider, &neighbour, id).await), "NotFound", "an id of another project");
    assert_eq!(word(&raw(core, &cast.outsider, &neighbour, id).await), "NotFound");
    assert!(found(&test, &neighbour, &filter).await.is_empty());
    for search in [id.to_string(), "b@e.example".to_owned()] {
        let filter = MessageFilter { search: Some(search), ..Default::default() };
        assert!(found(&test, &neighbour, &filter).await.is_empty(), "not by search either");
    }
    assert_eq!(word(&get(core, &cast.viewer, &slug, id).await), "Ok");
    assert_eq!(word(&raw(core, &cast.member, &slug, id).await), "Ok");
}

#[tokio::test]
async fn the_overview_counts_and_knows_the_next_step() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let empty = crate::overview::get(&test.core, &Actor::System, &slug, Default::default()).await.expect("an overview");
    assert_eq!(empty.bars.len(), 24);
    assert!(!empty.readiness.first_message && !empty.readiness.way_in && !empty.readiness.verified_sender);
    assert!(empty.readiness.live && !empty.readiness.signed_domain);
    senders::mark_verified(&test.core, &Actor::System, &slug, "app@one.example").await.expect("a sender");
    mail(&test, project, "", "b@e.example").await;
    let full = crate::overview::get(&test.core, &Actor::System, &slug, Default::default()).await.expect("an overview");
    assert!(full.readiness.first_message && full.readiness.verified_sender);
    assert_eq!(full.totals.accepted, 1);
    assert_eq!(full.bars.last().map(|bar| bar.counts.accepted), Some(1));
}

#[tokio::test]
async fn a_search_for_what_no_text_holds_finds_nothing_and_fails_on_no_database() {
    let test = Test::new().await;
    let (_, slug) = test.project("lab").await;
    for typed in ["\0", "a\0b", "\u{7f}"] {
        let filter = MessageFilter { search: Some(typed.to_owned()), ..MessageFilter::default() };
        let found = list(&test.core, &Actor::System, &slug, &filter).await;
        assert_eq!(crate::test_support::word(&found), "Ok", "{typed:?}");
        let filter = relay_types::refusal::RefusalFilter { search: Some(typed.to_owned()), ..Default::default() };
        let found = crate::refusals::list(&test.core, &Actor::System, &slug, &filter).await;
        assert_eq!(crate::test_support::word(&found), "Ok", "{typed:?}");
    }
}
