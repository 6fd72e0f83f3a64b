use super::*;
use relay_types::message::MessageState;
use sea_orm::ConnectionTrait;

#[tokio::test]
async fn three_recipients_have_three_fates_and_one_notification() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let id = mail(&test, Some(project), &["ok@e.example", "gone@e.example", "slow@e.example"]).await;
    tell(&test, take(&test).await, |claim| match claim.address.local() {
        "ok" => delivered(),
        "gone" => perm(),
        _ => temp(),
    })
    .await;
    let detail = detail(&test, &slug, id).await;
    let expected = [("ok@e.example", "delivered"), ("gone@e.example", "bounced"), ("slow@e.example", "due")];
    assert_eq!(states(&detail), expected.map(|(address, state)| (address.to_owned(), state)));
    assert_eq!(detail.state, MessageState::Deferred);
    assert_eq!(story(&detail), ["accepted", "not signed", "attempt", "failure notified", "suppressed"]);
    let due = detail.recipients[2].due_at.expect("a due time").since(test.core.now()).as_secs();
    assert!((48..=72).contains(&due), "{due}");
    assert_eq!(messages(&test, &slug).await, 2);

    let report = take(&test).await;
    assert_eq!(report.len(), 1, "the notification, and not the one that waits");
    assert_eq!(report[0].address.to_string(), "a@d.example");
    let outgoing = outgoing(&test.core, report[0].message_id).await.expect("content");
    assert_eq!(outgoing.reverse_path, ReversePath::Null);
    let text = outgoing.text().await;
    for part in [
        "Received: by relay.example.org (Relaykeep)",
        "Final-Recipient: rfc822; gone@e.example",
        "Diagnostic-Code: smtp; 550 5.1.1 No such user",
        "Remote-MTA: dns; mx.e.example",
        "In-Reply-To: <1@d.example>",
        "Subject: x\r\n",
        &format!("https://mail.example.org/p/physics/messages/{id}"),
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert!(!text.contains("slow@e.example") || text.matches("slow@e.example").count() == 0);

    test.clock.advance(Duration::from_secs(80));
    let again: Vec<_> = take(&test).await;
    assert_eq!(again.len(), 1);
    assert_eq!((again[0].address.local(), again[0].attempts), ("slow", 1));
    tell(&test, again, |_| delivered()).await;
    let detail = super::detail(&test, &slug, id).await;
    assert_eq!(detail.state, MessageState::Bounced, "done, and one bounced");
    assert_eq!(messages(&test, &slug).await, 2, "no second notification");
}

#[tokio::test]
async fn failures_of_one_attempt_are_told_together() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    mail(&test, Some(project), &["one@e.example", "two@e.example"]).await;
    tell(&test, take(&test).await, |_| perm()).await;
    assert_eq!(messages(&test, &slug).await, 2);
}

#[tokio::test]
async fn nothing_is_reported_about_a_null_reverse_path_or_a_report() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let id = mail_from(&test, Some(project), "", &["gone@e.example"]).await;
    tell(&test, take(&test).await, |_| perm()).await;
    let null = detail(&test, &slug, id).await;
    assert_eq!(story(&null), ["accepted", "not signed", "attempt", "not notified", "suppressed"]);
    assert_eq!(messages(&test, &slug).await, 1);

    mail(&test, Some(project), &["gone@e.example"]).await;
    tell(&test, take(&test).await, |_| perm()).await;
    let report = take(&test).await;
    let report_id = report[0].message_id;
    tell(&test, report, |_| perm()).await;
    let report = detail(&test, &slug, report_id).await;
    assert_eq!(story(&report), ["accepted", "not signed", "attempt", "not notified"]);
    assert_eq!(messages(&test, &slug).await, 3);
}

#[tokio::test]
async fn a_message_expires_after_its_life_and_the_reverse_path_hears_of_it() {
    let test = Test::with(|config| config.retry_schedule = vec![Duration::from_secs(86_400)]).await;
    let (project, slug) = test.project("physics").await;
    let id = mail(&test, Some(project), &["slow@e.example"]).await;
    let mut attempts = 0;
    loop {
        let claims = take(&test).await;
        if let Some(last) = claims.first()
            && last.message_id != id
        {
            break;
        }
        if !claims.is_empty() {
            attempts += 1;
            tell(&test, claims, |_| temp()).await;
        }
        test.clock.advance(Duration::from_secs(6 * 3_600));
    }
    assert!((4..=7).contains(&attempts), "{attempts}");
    let detail = detail(&test, &slug, id).await;
    assert_eq!(states(&detail), [("slow@e.example".to_owned(), "bounced")]);
    let reply = detail.recipients[0].last_reply.clone().unwrap_or_default();
    assert!(reply.starts_with("554 5.4.7 Message expired: it could not be delivered in 4 days"), "{reply}");
    assert!(reply.ends_with("451 4.7.1 Greylisted"), "{reply}");
}

#[tokio::test]
async fn an_outcome_with_a_stale_lease_is_ignored() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let id = mail(&test, Some(project), &["one@e.example"]).await;
    let first = take(&test).await;
    assert!(take(&test).await.is_empty(), "leased");
    test.clock.advance(test.core.config.lease);
    let second = take(&test).await;
    assert_eq!((second.len(), second[0].attempts), (1, 1), "the lease ran out; the attempt counted");
    tell(&test, first, |_| perm()).await;
    let after = detail(&test, &slug, id).await;
    assert_eq!(states(&after), [("one@e.example".to_owned(), "in_flight")]);
    assert_eq!(story(&after), ["accepted", "not signed"]);
    tell(&test, second.clone(), |_| delivered()).await;
    tell(&test, second, |_| perm()).await;
    let after = detail(&test, &slug, id).await;
    assert_eq!(after.state, MessageState::Delivered);
    assert_eq!(messages(&test, &slug).await, 1);
}

#[tokio::test]
async fn claims_that_are_given_back_are_as_before() {
    let test = Test::new().await;
    let (project, _) = test.project("physics").await;
    mail(&test, Some(project), &["one@e.example", "two@f.example"]).await;
    let claims = take(&test).await;
    give_back(&test.core, &claims).await.expect("given back");
    give_back(&test.core, &[]).await.expect("nothing to give back");
    let again = take(&test).await;
    assert_eq!(again.iter().map(|claim| claim.attempts).collect::<Vec<_>>(), [0, 0]);
    give_back(&test.core, &claims).await.expect("stale leases are ignored");
    assert!(take(&test).await.is_empty());
}

#[tokio::test]
async fn what_is_captured_is_marked() {
    let test = Test::with(|config| config.route = crate::config::PlatformRoute::Capture).await;
    let (project, slug) = test.project("physics").await;
    let id = mail(&test, Some(project), &["one@e.example", "two@f.example"]).await;
    let claims = take(&test).await;
    assert!(claims.iter().all(|claim| claim.destination == "capture"));
    tell(&test, claims, |_| Outcome::Captured).await;
    let detail = detail(&test, &slug, id).await;
    assert!(detail.captured);
    assert_eq!(detail.state, MessageState::Delivered);
    let page = crate::captured::list(&test.core, &Actor::System, &slug, None).await.expect("a list");
    assert_eq!(page.items.iter().map(|row| row.id).collect::<Vec<_>>(), [id]);
}

#[tokio::test]
async fn a_delay_is_told_once_for_all_recipients_that_wait() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let id = mail(&test, Some(project), &["ok@e.example", "one@e.example", "two@e.example"]).await;
    mail_from(&test, Some(project), "", &["three@e.example"]).await;
    let (first, second): (Vec<_>, Vec<_>) = take(&test).await.into_iter().partition(|claim| claim.message_id == id);
    tell(&test, first, |claim| if claim.address.local() == "ok" { delivered() } else { temp() }).await;
    tell(&test, second, |_| temp()).await;
    assert_eq!(warn_of_delays(&test.core, &Actor::System).await.expect("warned"), 0, "not late yet");
    test.clock.advance(test.core.config.delay_warning);
    assert_eq!(warn_of_delays(&test.core, &Actor::System).await.expect("warned"), 1);
    assert_eq!(warn_of_delays(&test.core, &Actor::System).await.expect("warned"), 0);
    let detail = detail(&test, &slug, id).await;
    assert_eq!(story(&detail), ["accepted", "not signed", "attempt", "delay notified"]);
    let EventKind::DelayNotified { notification } = detail.events[3].kind else { panic!("{:?}", detail.events[3]) };
    let report = outgoing(&test.core, notification).await.expect("content");
    let text = report.text().await;
    assert!(text.contains("Action: delayed\r\nStatus: 4.7.1\r\n"), "{text}");
    assert!(text.contains("Will-Retry-Until:") && text.contains("one@e.example") && text.contains("two@e.example"));
    assert!(!text.contains("ok@e.example"));
    let refused = warn_of_delays(&test.core, &test.user("x@example.org").await).await;
    assert_eq!(crate::test_support::word(&refused), "Forbidden");
}

#[tokio::test]
async fn however_many_are_late_all_are_told_by_one_call_also_of_what_nobody_has_tried() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let mut ids = Vec::new();
    for _ in 0..7 {
        ids.push(mail(&test, Some(project), &["b@e.example"]).await);
    }
    test.clock.advance(test.core.config.delay_warning);
    assert_eq!(warn_of_delays(&test.core, &Actor::System).await.expect("warned"), 7);
    let EventKind::DelayNotified { notification } = detail(&test, &slug, ids[6]).await.events[2].kind else { panic!() };
    let report = outgoing(&test.core, notification).await.expect("content");
    let text = report.text().await;
    assert!(text.contains("Action: delayed\r\nStatus: 4.4.7\r\n") && text.contains("Not tried yet"), "{text}");
}

#[tokio::test]
async fn recipients_are_counted_for_the_project() {
    let test = Test::new().await;
    let (project, _) = test.project("physics").await;
    mail(&test, Some(project), &["ok@e.example", "gone@e.example", "slow@e.example"]).await;
    tell(&test, take(&test).await, |claim| match claim.address.local() {
        "ok" => delivered(),
        "gone" => perm(),
        _ => temp(),
    })
    .await;
    let hours = crate::limits::hours(&test.core, project.uuid(), test.core.now()).await.expect("counts");
    let [(_, counts)] = hours[..] else { panic!("{hours:?}") };
    assert_eq!((counts.accepted, counts.delivered, counts.deferred, counts.bounced), (3, 1, 1, 1));
}

#[tokio::test]
async fn two_results_of_one_message_at_the_same_time_leave_it_in_its_true_state() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let id = mail(&test, Some(project), &["one@e.example", "two@f.example"]).await;
    let mut claims = take(&test).await;
    let (second, first) = (claims.pop().expect("a claim"), claims.pop().expect("a claim"));
    let outcomes = vec![(first, delivered())];
    let now = test.core.now();
    let first = record::Record {
        message: id,
        attempt: attempt(&test, 1),
        outcomes,
        chance: 0.5,
        now,
        material: None,
        awaited: false,
        in_session: false,
    };
    // The first round has written and not yet committed when the second begins.
    let transaction = test.core.db.begin().await.expect("a transaction");
    state::lock(&transaction, std::iter::once(id.uuid())).await.expect("locked");
    record::apply(&test.core, &transaction, &[&first], &mut commit::Written::default()).await.expect("applied");
    let (core, number) = (test.core.clone(), attempt(&test, 1));
    let waiting = tokio::spawn(async move { record(&core, id, number, vec![(second, delivered())]).await });
    until_one_waits_for_a_lock(&test).await;
    transaction.commit().await.expect("committed");
    waiting.await.expect("the second").expect("recorded");
    assert_eq!(detail(&test, &slug, id).await.state, MessageState::Delivered);
}

#[tokio::test]
async fn a_person_and_a_result_at_the_same_time_leave_a_message_in_its_true_state() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let id = mail(&test, Some(project), &["one@e.example", "two@f.example"]).await;
    let claims = claim(&test.core, 1, 1, &[]).await.expect("claims");
    let now = test.core.now();
    let outcomes = claims.into_iter().map(|claim| (claim, delivered())).collect();
    let first = record::Record {
        message: id,
        attempt: attempt(&test, 1),
        outcomes,
        chance: 0.5,
        now,
        material: None,
        awaited: false,
        in_session: false,
    };
    let transaction = test.core.db.begin().await.expect("a transaction");
    state::lock(&transaction, std::iter::once(id.uuid())).await.expect("locked");
    record::apply(&test.core, &transaction, &[&first], &mut commit::Written::default()).await.expect("applied");
    let (core, of) = (test.core.clone(), slug.clone());
    let waiting = tokio::spawn(async move { cancel(&core, &Actor::System, &of, id).await });
    until_one_waits_for_a_lock(&test).await;
    transaction.commit().await.expect("committed");
    assert_eq!(waiting.await.expect("a person").expect("cancelled"), 1);
    assert_eq!(detail(&test, &slug, id).await.state, MessageState::Delivered);
}

/// Until a statement of the test's own database waits for another transaction. SQLite's one writer always does.
async fn until_one_waits_for_a_lock(test: &Test) {
    if test.core.db.backend() == DbBackend::Sqlite {
        return;
    }
    let sql = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let waits = async || {
        let statement = sea_orm::Statement::from_string(DbBackend::Postgres, sql);
        test.core.db.read().query_one_raw(statement).await.expect("an answer").is_some()
    };
    let patience = tokio::time::timeout(Duration::from_secs(20), async {
        while !waits().await {
            tokio::task::yield_now().await;
        }
    });
    patience.await.expect("nobody waits");
}

#[tokio::test]
async fn a_dkim_key_that_cannot_be_opened_keeps_no_mail_and_no_result() {
    let answers = relay_dns::FixedAnswers::new();
    let resolver = relay_dns::Resolver::fixed(answers.clone());
    // The platform signs its notifications in the name of its host.
    let test = Test::with_resolver(resolver, |_| {}).await;
    let (core, system) = (&test.core, &Actor::System);
    let (project, slug) = test.project("physics").await;
    let host = core.config.hostname.clone();
    crate::domains::set_default_domain(core, system, host).await.expect("set");
    let name = DomainName::parse("d.example").expect("a name");
    let own = crate::domains::mark_verified(core, system, &slug, name).await.expect("a domain");
    let platform = crate::domains::default_domain(core, system).await.expect("a look").expect("a domain");
    let details = [crate::domains::get(core, system, &slug, own).await.expect("the domain"), platform];
    for key in details.iter().flat_map(|detail| &detail.keys) {
        answers.set_txt(&key.record.name, &[&key.record.value]);
    }
    crate::domains::check(core, system, &slug, own).await.expect("checked");
    crate::domains::check_due(core, system).await.expect("checked");
    let transaction = core.db.begin().await.expect("a transaction");
    transaction
        .execute_unprepared("UPDATE dkim_key SET state = 'active', private_sealed = private_sealed || private_sealed")
        .await
        .expect("as if sealed with another key");
    transaction.commit().await.expect("committed");

    let id = mail(&test, Some(project), &["gone@e.example"]).await;
    tell(&test, take(&test).await, |_| perm()).await;
    let detail = detail(&test, &slug, id).await;
    assert_eq!(states(&detail), [("gone@e.example".to_owned(), "bounced")]);
    assert_eq!(story(&detail), ["accepted", "not signed", "attempt", "failure notified", "suppressed"]);
    let EventKind::NotSigned { reason } = &detail.events[1].kind else { panic!("{:?}", detail.events[1]) };
    assert!(reason.contains("cannot be opened"), "{reason}");
}

#[tokio::test]
async fn a_message_of_which_nobody_can_be_told_hides_no_delay_of_the_others() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let broken = mail(&test, Some(project), &["one@e.example"]).await;
    test.clock.advance(Duration::from_millis(5));
    let id = mail(&test, Some(project), &["two@e.example"]).await;
    let (first, second): (Vec<_>, Vec<_>) = take(&test).await.into_iter().partition(|claim| claim.message_id == id);
    tell(&test, first, |_| temp()).await;
    tell(&test, second, |_| temp()).await;
    // Its project is not to be found, as after a restore of half a database.
    let transaction = test.core.db.begin().await.expect("a transaction");
    let sql = "UPDATE message SET project_id = $1 WHERE id = $2";
    let values = [uuid::Uuid::now_v7().into(), broken.uuid().into()];
    state::execute(&transaction, sql, values).await.expect("changed");
    transaction.commit().await.expect("committed");
    test.clock.advance(test.core.config.delay_warning);
    assert_eq!(warn_of_delays(&test.core, &Actor::System).await.expect("warned"), 1);
    assert_eq!(story(&detail(&test, &slug, id).await).last(), Some(&"delay notified"));
}
