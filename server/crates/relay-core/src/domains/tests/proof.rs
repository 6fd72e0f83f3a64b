//! How a domain is proven, lost and found again.

use super::*;

#[tokio::test]
async fn domains_that_cannot_take_mail_are_refused() {
    let world = World::new().await;
    world.answers.set_mx("null.example", &[(0, ".")]);
    world.answers.set_addresses("host.example", &["192.0.2.1".parse().expect("an address")]);
    world.answers.set_temporary_failure("broken.example", "SERVFAIL");
    for (domain, result, words) in [
        ("lab.example", "Ok", ""),
        ("host.example", "Ok", ""),
        ("null.example", "name", "null MX"),
        ("nowhere.example", "name", "neither MX nor A nor AAAA"),
        ("broken.example", "name", "Try again"),
        ("lab.example", "Conflict", "already"),
    ] {
        let added = world.add(domain).await;
        assert_eq!(word(&added), result, "{domain}");
        if let Err(error) = added {
            assert!(error.to_string().contains(words), "{domain}: {error}");
        }
    }
}

#[tokio::test]
async fn a_domain_is_proven_lost_after_a_day_without_proof_and_back_by_itself() {
    let world = World::new().await;
    let id = world.add("lab.example").await.expect("a domain");
    let contact = EmailAddress::parse("ops@lab.example").expect("an address");
    let set =
        crate::projects::set_bounce_contact(&world.test.core, &Actor::System, &world.project, Some(contact)).await;
    set.expect("a contact");
    let record = world.detail(id).await.challenge.expect("a challenge");
    assert_eq!(record.name, "_relaykeep-challenge.lab.example");
    assert!(record.value.starts_with("relaykeep-challenge=") && record.value.len() == 52, "{}", record.value);
    let state = async || world.detail(id).await.domain.state;
    assert_eq!((world.due().await, world.due().await), (1, 0));
    assert_eq!(state().await, Verification::Pending);
    assert!(!world.may_send("a@lab.example").await);

    world.answers.set_txt(&record.name, &["something else", &record.value]);
    world.test.clock.advance(Duration::from_secs(300));
    assert_eq!(world.due().await, 1);
    let detail = world.detail(id).await;
    assert_eq!((detail.domain.state, detail.domain.problem), (Verification::Verified, None));
    let challenge = detail.challenge.expect("a challenge");
    let found = challenge.found.expect("a look");
    assert!(challenge.right && found.values.len() == 2 && found.values.contains(&record.value), "{found:?}");
    let verified_at = world.test.core.now();
    assert_eq!((found.ttl, found.asked_at, found.resolvers), (Some(300), verified_at, vec![]));
    assert!(world.may_send("a@lab.example").await);
    assert!(!world.may_send("a@below.lab.example").await, "not below the name");

    world.answers.set_temporary_failure(&record.name, "SERVFAIL");
    for _ in 0..40 {
        world.after(1).await;
    }
    assert!(world.may_send("a@lab.example").await, "a temporary failure never counts");
    let detail = world.detail(id).await;
    assert!(detail.domain.problem.expect("a problem").starts_with("DNS does not answer: SERVFAIL. The state"));
    let kept = detail.challenge.and_then(|record| record.found).expect("a look");
    assert_eq!(kept.asked_at, verified_at, "the last answer keeps its age");

    world.answers.forget(&record.name);
    for hour in 0..=24 {
        assert!(world.may_send("a@lab.example").await, "after {hour} h");
        assert_eq!(world.after(1).await, 1);
    }
    assert_eq!(state().await, Verification::Lost);
    assert!(!world.may_send("a@lab.example").await);
    let warnings = world.test.mails_to("ops@lab.example").await;
    assert_eq!(warnings.len(), 1, "told once, when it began");
    assert!(warnings[0].contains("Subject: lab.example: the challenge record is missing"), "{}", warnings[0]);

    world.answers.set_txt(&record.name, &[&record.value]);
    world.after(1).await;
    assert_eq!(state().await, Verification::Verified);
    assert!(world.may_send("a@lab.example").await);
    let trail = crate::audit::list(&world.test.core, &Actor::System, &world.project, &Default::default())
        .await
        .expect("a page");
    let actions: Vec<_> = trail.items.iter().map(|entry| entry.action.as_str()).take(4).collect();
    assert_eq!(actions, ["domain.verify", "domain.lose", "domain.verify", "project.set_bounce_contact"]);
}

#[tokio::test]
async fn what_was_found_before_its_circumstances_were_kept_is_still_shown() {
    let world = World::new().await;
    let core = &world.test.core;
    let id = world.add("lab.example").await.expect("a domain");
    world.answers.set_txt("_relaykeep-challenge.lab.example", &["one \"quoted\" \\ text"]);
    let detail = check(core, &Actor::System, &world.project, id).await.expect("checked");
    let transaction = core.db.begin().await.expect("a transaction");
    let older = serde_json::to_string(&["one \"quoted\" \\ text"]).expect("a list").replace('\'', "''");
    for statement in [
        format!("UPDATE \"domain\" SET challenge_found = '{older}'"),
        "UPDATE dkim_key SET found = '[]'".to_owned(),
        "DELETE FROM seaql_migrations WHERE version = 'm20261121_000008_found'".to_owned(),
    ] {
        transaction.execute_unprepared(&statement).await.expect("changed");
    }
    transaction.commit().await.expect("committed");
    Core::migrate(&core.config().database_url).await.expect("migrated");
    let found = |record: &DnsRecord| record.found.clone().expect("a look");
    let after = world.detail(id).await;
    let (challenge, before) = (after.challenge.expect("a challenge"), detail.challenge.expect("a challenge"));
    assert_eq!(found(&challenge), Found { ttl: None, ..found(&before) });
    assert_eq!(found(&after.keys[0].record), Found { ttl: None, ..found(&detail.keys[0].record) });
}

#[tokio::test]
async fn a_person_who_asks_sees_the_records_at_once() {
    let world = World::new().await;
    let id = world.add("lab.example").await.expect("a domain");
    let before = world.detail(id).await;
    world.answers.set_txt(&before.challenge.as_ref().expect("a challenge").name, &["wrong"]);
    let core = &world.test.core;
    let detail = check(core, &Actor::System, &world.project, id).await.expect("checked");
    assert_eq!(detail.domain.problem.as_deref(), Some("The challenge record has another value."));
    assert!(!detail.challenge.expect("a challenge").right);
    assert_eq!(detail.keys[0].record.found.as_ref().map(|found| found.values.len()), Some(0), "asked, and absent");
    let record = before.challenge.expect("a challenge");
    world.answers.set_txt(&record.name, &[&record.value]);
    world.answers.set_txt(&before.keys[1].record.name, &[&before.keys[1].record.value]);
    let detail = check(core, &Actor::System, &world.project, id).await.expect("checked");
    assert_eq!(detail.domain.state, Verification::Verified);
    assert!(detail.domain.signed);
    let states: Vec<_> = detail.keys.iter().map(|key| key.state).collect();
    assert_eq!(states, [DkimKeyState::Pending, DkimKeyState::Active]);
    assert_eq!(detail.keys.iter().map(|key| key.record.right).collect::<Vec<_>>(), [false, true]);
    world.answers.set_txt(&before.keys[1].record.name, &["v=DKIM1; p="]);
    let detail = check(core, &Actor::System, &world.project, id).await.expect("checked");
    assert_eq!(detail.keys[1].state, DkimKeyState::Missing);
    assert!(!detail.domain.signed);
}

#[tokio::test]
async fn what_an_operator_marks_needs_no_record() {
    let world = World::new().await;
    let core = &world.test.core;
    let pending = world.add("lab.example").await.expect("a domain");
    let marked = mark_verified(core, &Actor::System, &world.project, name("lab.example")).await.expect("marked");
    assert_eq!(marked, pending);
    let closed = mark_verified(core, &Actor::System, &world.project, name("closed.example")).await.expect("marked");
    for _ in 0..50 {
        world.after(1).await;
    }
    for id in [marked, closed] {
        let detail = world.detail(id).await;
        assert_eq!((detail.domain.state, detail.challenge), (Verification::Verified, None));
        assert_eq!(detail.keys.len(), 2);
    }
    remove(core, &Actor::System, &world.project, marked).await.expect("removed");
    assert!(!world.may_send("a@lab.example").await);
    assert!(world.may_send("a@closed.example").await);
}
