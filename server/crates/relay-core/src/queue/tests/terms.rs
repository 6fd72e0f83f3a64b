//! What was asked about a message (RFC 3461, 8689, 4865), from where it is kept to who is told.

use super::*;
use crate::submission::Terms;
use relay_types::terms::{EnvelopeId, Hold, Notify, OriginalRecipient, Ret, TlsTerm};

const CONTENT: &str = "From: a@d.example\r\nSubject: x\r\nMessage-ID: <1@d.example>\r\n\r\nbody\r\n";

/// A message to recipients with what NOTIFY says of each; an empty text is none.
async fn asked(
    test: &Test,
    project: ProjectId,
    message: MessageTerms,
    hold: Option<Hold>,
    recipients: &[(&str, &str)],
    content: &[u8],
) -> MessageId {
    let of = |&(address, notify): &(&str, &str)| RecipientTerms {
        notify: Notify::parse(notify).ok(),
        orcpt: OriginalRecipient::parse(&format!("rfc822;old-{address}")).ok(),
    };
    let submission = Submission {
        arrival: Arrival::Portal,
        reverse_path: ReversePath::parse("a@d.example").expect("a reverse-path"),
        recipients: recipients.iter().map(|(address, _)| EmailAddress::parse(address).expect("an address")).collect(),
        terms: Terms { message, recipients: recipients.iter().map(of).collect(), hold },
        smtputf8: false,
        content: content.to_vec().into(),
    };
    let origin = Origin { source: "portal", id: None, label: "test".to_owned() };
    let accepted = submission::accept_judged(&test.core, Some(project), origin, submission).await.expect("a verdict");
    accepted.expect("accepted")
}

/// The report in the queue, and its text.
async fn report(test: &Test) -> (Outgoing, String) {
    let claims: Vec<_> = take(test).await.into_iter().filter(|claim| claim.address.local() == "a").collect();
    assert_eq!(claims.len(), 1, "one report");
    let report = outgoing(&test.core, claims[0].message_id).await.expect("content");
    let text = report.text().await;
    tell(test, claims, |_| delivered()).await;
    (report, text)
}

#[tokio::test]
async fn terms_are_kept_and_given_to_who_delivers() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let terms = MessageTerms {
        ret: Some(Ret::Headers),
        envid: EnvelopeId::parse("QQ+2B1").ok(),
        tls: TlsTerm::Required,
        ..MessageTerms::default()
    };
    let id = asked(
        &test,
        project,
        terms.clone(),
        None,
        &[("b@e.example", "DELAY"), ("c@e.example", "")],
        CONTENT.as_bytes(),
    )
    .await;
    assert_eq!(outgoing(&test.core, id).await.expect("content").terms, terms);
    let claims = take(&test).await;
    let notify: Vec<_> = claims.iter().map(|claim| claim.terms.notify.map(|notify| notify.to_string())).collect();
    assert_eq!(notify.iter().flatten().collect::<Vec<_>>(), ["DELAY"]);
    assert!(claims.iter().all(|claim| claim.terms.orcpt.is_some()));
    let shown = detail(&test, &slug, id).await.asked.join("; ");
    assert_eq!(
        shown,
        "reports of delay; reports return the header alone; envelope id QQ+1; only over verified TLS on the whole way (REQUIRETLS)"
    );
}

#[tokio::test]
async fn a_success_is_told_to_who_asked_unless_the_next_hop_will() {
    for (passes_on, notify, captured, action) in [
        (false, "SUCCESS", false, Some("Action: relayed\r\nStatus: 2.0.0\r\n")),
        (false, "SUCCESS", true, Some("Action: delivered\r\nStatus: 2.1.5\r\n")),
        (true, "SUCCESS", true, Some("Action: delivered\r\n")),
        (true, "SUCCESS", false, None),
        (false, "FAILURE,DELAY", false, None),
        (false, "NEVER", false, None),
        (false, "", false, None),
    ] {
        let test = Test::new().await;
        let (project, slug) = test.project("physics").await;
        let terms = MessageTerms { envid: EnvelopeId::parse("QQ+2B1").ok(), ..MessageTerms::default() };
        let id = asked(&test, project, terms, None, &[("b@e.example", notify)], CONTENT.as_bytes()).await;
        let claims = take(&test).await;
        let outcome = if captured { Outcome::Captured } else { delivered() };
        let made = Attempt { passes_reports_on: passes_on, ..attempt(&test, 1) };
        let outcomes = claims.into_iter().map(|claim| (claim, outcome.clone())).collect();
        record(&test.core, id, made, outcomes).await.expect("recorded");
        let told = story(&detail(&test, &slug, id).await).contains(&"success notified");
        assert_eq!(told, action.is_some(), "{notify} {passes_on}");
        let Some(action) = action else {
            assert_eq!(messages(&test, &slug).await, 1);
            continue;
        };
        let (outgoing, text) = report(&test).await;
        assert_eq!(outgoing.reverse_path, ReversePath::Null);
        for part in [action, "Original-Envelope-Id: QQ+1\r\n", "Original-Recipient: rfc822; old-b@e.example\r\n"] {
            assert!(text.contains(part), "no {part:?} in\n{text}");
        }
        assert!(text.contains("text/rfc822-headers"), "{text}");
    }
}

#[tokio::test]
async fn a_failure_is_told_only_to_who_wants_to_know() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let recipients =
        [("b@e.example", "NEVER"), ("c@e.example", "SUCCESS,DELAY"), ("d@e.example", "FAILURE"), ("f@e.example", "")];
    let id = asked(&test, project, MessageTerms::default(), None, &recipients, CONTENT.as_bytes()).await;
    tell(&test, take(&test).await, |_| perm()).await;
    let (_, text) = report(&test).await;
    let told: Vec<_> = recipients
        .iter()
        .filter(|(address, _)| text.contains(&format!("Final-Recipient: rfc822; {address}")))
        .collect();
    assert_eq!(told, [&recipients[2], &recipients[3]]);
    let detail = detail(&test, &slug, id).await;
    assert_eq!(story(&detail)[..5], ["accepted", "not signed", "attempt", "not notified", "failure notified"]);
    assert!(states(&detail).iter().all(|(_, state)| *state == "bounced"));
}

#[tokio::test]
async fn a_delay_is_told_only_to_who_wants_to_know() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let quiet =
        asked(&test, project, MessageTerms::default(), None, &[("b@e.example", "FAILURE")], CONTENT.as_bytes()).await;
    let some = [("c@e.example", "NEVER"), ("d@e.example", "DELAY")];
    let told = asked(&test, project, MessageTerms::default(), None, &some, CONTENT.as_bytes()).await;
    let (first, second): (Vec<_>, Vec<_>) = take(&test).await.into_iter().partition(|claim| claim.message_id == quiet);
    tell(&test, first, |_| temp()).await;
    tell(&test, second, |_| temp()).await;
    test.clock.advance(test.core.config.delay_warning);
    assert_eq!(warn_of_delays(&test.core, &Actor::System).await.expect("warned"), 1);
    assert_eq!(warn_of_delays(&test.core, &Actor::System).await.expect("warned"), 0);
    assert!(!story(&detail(&test, &slug, quiet).await).contains(&"delay notified"));
    let EventKind::DelayNotified { notification } = detail(&test, &slug, told).await.events[3].kind else { panic!() };
    let report = outgoing(&test.core, notification).await.expect("content");
    let text = report.text().await;
    assert!(text.contains("rfc822; d@e.example") && !text.contains("rfc822; c@e.example"), "{text}");
}

#[tokio::test]
async fn a_failure_returns_what_was_asked_for_within_bounds() {
    let large = format!("{CONTENT}{}", "a line of a large message\r\n".repeat(12_000));
    let ret = |ret| MessageTerms { ret, ..MessageTerms::default() };
    let secret = MessageTerms { ret: Some(Ret::Full), tls: TlsTerm::Required, ..MessageTerms::default() };
    let binary = MessageTerms { ret: Some(Ret::Full), binary: true, ..MessageTerms::default() };
    for (terms, content, whole) in [
        (ret(None), CONTENT.to_owned(), false),
        (ret(Some(Ret::Headers)), CONTENT.to_owned(), false),
        (ret(Some(Ret::Full)), CONTENT.to_owned(), true),
        (ret(Some(Ret::Full)), CONTENT.replace("body", "gr\u{fc}n"), true),
        (ret(Some(Ret::Full)), CONTENT.replace("Subject: x", "Subject: gr\u{fc}n"), false),
        (ret(Some(Ret::Full)), large, false),
        (binary, CONTENT.replace("body", "bo\ndy"), false),
        (secret.clone(), CONTENT.to_owned(), false),
    ] {
        let test = Test::new().await;
        let (project, _) = test.project("physics").await;
        let required = terms.tls == TlsTerm::Required;
        asked(&test, project, terms, None, &[("b@e.example", "")], content.as_bytes()).await;
        tell(&test, take(&test).await, |_| perm()).await;
        let (report, text) = report(&test).await;
        assert_eq!(text.contains("Content-Type: message/rfc822\r\n"), whole, "{text}");
        assert_eq!(text.contains("Content-Type: text/rfc822-headers"), !whole, "{text}");
        // RFC 8689 §5: a report goes no less protected than what it is about.
        assert_eq!(report.terms.tls == TlsTerm::Required, required);
    }
}

#[tokio::test]
async fn mail_is_held_until_its_release_and_its_life_begins_then() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let mut short_way = new_mail(&test.core, 10);
    let now = test.core.now();
    let id = asked(
        &test,
        project,
        MessageTerms::default(),
        Some(Hold::For(3_600)),
        &[("b@e.example", "")],
        CONTENT.as_bytes(),
    )
    .await;
    assert!(short_way.ready().is_none(), "what is held does not go to the workers");
    assert!(take(&test).await.is_empty());
    let shown = detail(&test, &slug, id).await;
    let release = now.plus(Duration::from_secs(3_600));
    assert_eq!((shown.recipients[0].due_at, shown.release_at), (Some(release), Some(release)));
    assert_eq!(outgoing(&test.core, id).await.expect("content").terms.release_at, Some(release));
    test.clock.advance(Duration::from_secs(3_599));
    assert!(take(&test).await.is_empty());
    test.clock.advance(Duration::from_secs(1));
    let claims = take(&test).await;
    assert_eq!(claims.len(), 1);
    assert_eq!(claims[0].expires_at, release.plus(test.core.config.queue_lifetime));
    tell(&test, claims, |_| temp()).await;
    assert_eq!(warn_of_delays(&test.core, &Actor::System).await.expect("warned"), 0, "it is not late yet");
}

#[tokio::test]
async fn held_mail_is_cancelled_and_released_by_people() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let member = test.member(project, "m@example.org", relay_types::member::Role::Member).await;
    let until = Hold::Until(test.core.now().plus(Duration::from_secs(86_400)));
    let hold = async || {
        asked(&test, project, MessageTerms::default(), Some(until), &[("b@e.example", "")], CONTENT.as_bytes()).await
    };
    let first = hold().await;
    assert_eq!(cancel(&test.core, &member, &slug, first).await.expect("cancelled"), 1);
    let second = hold().await;
    assert_eq!(retry_now(&test.core, &member, &slug, second).await.expect("released"), 1);
    let claims = take(&test).await;
    assert_eq!(claims.iter().map(|claim| claim.message_id).collect::<Vec<_>>(), [second]);
}

#[tokio::test]
async fn mail_held_for_later_keeps_its_time_when_its_whole_destination_is_moved() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let operator = test.operator("op@example.org").await;
    let release = test.core.now().plus(Duration::from_secs(86_400));
    let until = Some(Hold::Until(release));
    let to = [("b@e.example", "")];
    let id = asked(&test, project, MessageTerms::default(), until, &to, CONTENT.as_bytes()).await;
    assert_eq!(retry_destination(&test.core, &operator, "e.example").await.expect("retried"), 0);
    assert_eq!(hold_destination(&test.core, &operator, "e.example").await.expect("held"), 1);
    assert_eq!(release_destination(&test.core, &operator, "e.example").await.expect("released"), 1);
    assert_eq!(detail(&test, &slug, id).await.recipients[0].due_at, Some(release));
    assert!(take(&test).await.is_empty());
    test.clock.advance(Duration::from_secs(86_400));
    assert_eq!(take(&test).await.len(), 1);
}

#[tokio::test]
async fn what_is_declared_and_not_needed_is_dropped_and_the_header_is_heard() {
    let test = Test::new().await;
    let (project, _) = test.project("physics").await;
    let binary = || MessageTerms { binary: true, ..MessageTerms::default() };
    let required = || MessageTerms { tls: TlsTerm::Required, ..MessageTerms::default() };
    let with = |field: &str| format!("{field}{CONTENT}");
    for (terms, content, is_binary, tls) in [
        (binary(), CONTENT.to_owned(), false, TlsTerm::Usual),
        (binary(), CONTENT.replace("body", "bo\ndy"), true, TlsTerm::Usual),
        (binary(), CONTENT.replace("body\r\n", "body"), true, TlsTerm::Usual),
        (MessageTerms::default(), with("TLS-Required: No\r\n"), false, TlsTerm::Optional),
        (MessageTerms::default(), with("tls-required:\r\n NO \r\n"), false, TlsTerm::Optional),
        (MessageTerms::default(), with("TLS-Required: Yes\r\n"), false, TlsTerm::Usual),
        (MessageTerms::default(), with("TLS-Required: No\r\nTLS-Required: No\r\n"), false, TlsTerm::Usual),
        (required(), with("TLS-Required: No\r\n"), false, TlsTerm::Required),
    ] {
        let id = asked(&test, project, terms, None, &[("b@e.example", "")], content.as_bytes()).await;
        let kept = outgoing(&test.core, id).await.expect("content").terms;
        assert_eq!((kept.binary, kept.tls), (is_binary, tls), "{content:?}");
    }
}
