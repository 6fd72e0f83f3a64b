use super::*;
use crate::{
    policy::{SenderStanding, judge_sender},
    test_support::{Test, word},
};
use relay_dns::{FixedAnswers, Resolver};
use relay_types::{
    EmailAddress,
    dns_record::{DnsRecord, Found},
    domain::DkimKeyState,
    finding::Severity,
    service_account::AllowedSenders,
};
use std::time::Duration;

struct World {
    test: Test,
    answers: FixedAnswers,
    id: ProjectId,
    project: Slug,
}

fn name(text: &str) -> DomainName {
    DomainName::parse(text).expect(text)
}

impl World {
    async fn new() -> Self {
        let answers = FixedAnswers::new();
        answers.set_mx("lab.example", &[(10, "mx.lab.example")]);
        let test = Test::with_resolver(Resolver::fixed(answers.clone()), |_| {}).await;
        let (id, project) = test.project("lab").await;
        Self { test, answers, id, project }
    }

    async fn add(&self, domain: &str) -> Result<DomainId> {
        add(&self.test.core, &Actor::System, &self.project, name(domain)).await
    }

    async fn detail(&self, id: DomainId) -> DomainDetail {
        get(&self.test.core, &Actor::System, &self.project, id).await.expect("the domain")
    }

    async fn due(&self) -> u64 {
        check_due(&self.test.core, &Actor::System).await.expect("checked")
    }

    /// Moves the clock on and does what is due.
    async fn after(&self, hours: u64) -> u64 {
        self.test.clock.advance(Duration::from_secs(hours * 3_600));
        self.due().await
    }

    async fn may_send(&self, address: &str) -> bool {
        let address = EmailAddress::parse(address).expect(address);
        let standing = judge_sender(&self.test.core, self.id, &AllowedSenders::All, &address).await;
        standing.expect("a verdict") == SenderStanding::Allowed
    }
}

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

#[tokio::test]
async fn the_default_domain_is_replaced_with_its_keys() {
    let world = World::new().await;
    let core = &world.test.core;
    assert!(default_domain(core, &Actor::System).await.expect("a look").is_none());
    assert_eq!(word(&check_default(core, &Actor::System).await), "NotFound");
    for domain in ["one.example", "two.example", "two.example"] {
        set_default_domain(core, &Actor::System, name(domain)).await.expect("set");
    }
    let detail = default_domain(core, &Actor::System).await.expect("a look").expect("a domain");
    assert_eq!((detail.domain.name, detail.keys.len()), (name("two.example"), 2));
    assert!(!world.may_send("a@two.example").await, "it signs; it is no project's sender");
    let record = detail.keys[0].record.clone();
    world.answers.set_txt(&record.name, &[&record.value]);
    let checked = check_default(core, &Actor::System).await.expect("checked");
    assert_eq!(checked.keys[0].state, DkimKeyState::Active);
    assert!(checked.domain.signed && checked.domain.checked_at.is_some());
    assert_eq!(list(core, &Actor::System, &world.project).await.expect("a list"), []);
}

#[tokio::test]
async fn who_may_not_is_refused() {
    let world = World::new().await;
    let (core, project) = (&world.test.core, &world.project);
    let id = world.add("lab.example").await.expect("a domain");
    let cast = world.test.cast(world.id, project).await;
    let other = || name("other.example");
    for (actor, refusal) in cast.refused(Access::View) {
        assert_eq!(word(&list(core, actor, project).await), refusal, "{actor:?}");
        assert_eq!(word(&get(core, actor, project, id).await), refusal, "{actor:?}");
    }
    for (actor, refusal) in cast.refused(Access::Manage) {
        assert_eq!(word(&add(core, actor, project, other()).await), refusal, "{actor:?}");
        assert_eq!(word(&check(core, actor, project, id).await), refusal, "{actor:?}");
        assert_eq!(word(&rotate_keys(core, actor, project, id).await), refusal, "{actor:?}");
        assert_eq!(word(&remove(core, actor, project, id).await), refusal, "{actor:?}");
    }
    for (actor, refusal) in cast.refused(Access::Operate) {
        assert_eq!(word(&mark_verified(core, actor, project, other()).await), refusal, "{actor:?}");
    }
    for actor in [&cast.owner, &cast.member, &cast.viewer, &cast.outsider, &cast.service_account, &cast.network] {
        assert_eq!(word(&default_domain(core, actor).await), "Forbidden", "{actor:?}");
        assert_eq!(word(&set_default_domain(core, actor, other()).await), "Forbidden", "{actor:?}");
        assert_eq!(word(&check_default(core, actor).await), "Forbidden", "{actor:?}");
        assert_eq!(word(&check_due(core, actor).await), "Forbidden", "{actor:?}");
        assert_eq!(word(&rotate_default_keys(core, actor).await), "Forbidden", "{actor:?}");
        assert_eq!(word(&delegated_zone(core, actor).await), "Forbidden", "{actor:?}");
        assert_eq!(word(&findings::prune(core, actor).await), "Forbidden", "{actor:?}");
    }
    // The neighbour's owner with the id of a domain that is not theirs.
    let neighbour = &Slug::parse("lab-neighbour").expect("a slug");
    assert_eq!(word(&get(core, &cast.outsider, neighbour, id).await), "NotFound");
    assert_eq!(word(&check(core, &cast.outsider, neighbour, id).await), "NotFound");
    assert_eq!(word(&rotate_keys(core, &cast.outsider, neighbour, id).await), "NotFound");
    assert_eq!(word(&remove(core, &cast.outsider, neighbour, id).await), "NotFound");
}

#[tokio::test]
async fn there_is_one_default_domain() {
    let test = Test::new().await;
    let transaction = test.core.db.begin().await.expect("a transaction");
    for (domain, expected) in [("one.example", "Ok"), ("two.example", "Conflict")] {
        let verified = Verification::Verified;
        let one = insert(&test.core, &transaction, None, &name(domain), String::new(), verified, Vec::new()).await;
        assert_eq!(word(&one), expected, "{domain}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_projects_that_add_a_name_at_once_have_keys_of_their_own() {
    let test = Test::new().await;
    let (_, one) = test.project("one").await;
    let (_, two) = test.project("two").await;
    let add = |slug: Slug| {
        let core = test.core.clone();
        tokio::spawn(async move { mark_verified(&core, &Actor::System, &slug, name("shared.example")).await })
    };
    let (first, second) = (add(one.clone()), add(two.clone()));
    let ids = [(one, first.await), (two, second.await)];
    let mut selectors = Vec::new();
    for (slug, id) in ids {
        let id = id.expect("a task").expect("added");
        let detail = get(&test.core, &Actor::System, &slug, id).await.expect("the domain");
        selectors.extend(detail.keys.into_iter().map(|key| key.selector));
    }
    selectors.sort();
    assert_eq!(selectors, ["rk2026a", "rk2026a2", "rk2026e", "rk2026e2"]);
}

#[tokio::test]
async fn a_default_domain_that_was_changed_meanwhile_is_not_replaced_unseen() {
    let test = Test::new().await;
    let (core, system) = (&test.core, &Actor::System);
    let [one, two, three] = ["one.example", "two.example", "three.example"].map(name);
    replace_default_domain(core, system, one.clone(), None).await.expect("the first");
    assert_eq!(word(&replace_default_domain(core, system, two.clone(), None).await), "Conflict");
    replace_default_domain(core, system, two, Some(&one)).await.expect("the second");
    assert_eq!(word(&replace_default_domain(core, system, three, Some(&one)).await), "Conflict");
    let now = default_domain(core, system).await.expect("read").expect("set");
    assert_eq!(now.domain.name.as_str(), "two.example");
}

/// Publishes all that a domain needs, but its proof and keys.
fn publish_well(answers: &FixedAnswers, domain: &str) {
    answers.set_mx(domain, &[(10, "mx.lab.example")]);
    answers.set_addresses("mx.lab.example", &["192.0.2.25".parse().expect("an address")]);
}

#[tokio::test]
async fn a_check_keeps_the_report_and_how_it_changed() {
    let world = World::new().await;
    let core = &world.test.core;
    let id = world.add("lab.example").await.expect("a domain");
    assert_eq!((world.detail(id).await.report, world.detail(id).await.domain.worst), (None, None));
    let detail = check(core, &Actor::System, &world.project, id).await.expect("checked");
    let report = detail.report.expect("a report");
    assert_eq!((report.about.as_str(), report.checked_at), ("lab.example", core.now()));
    assert_eq!(detail.domain.worst, Some(report.worst()));
    assert_eq!(detail.domain.to_mend as usize, report.to_mend());
    assert!(detail.domain.to_mend > 0 && detail.next_check_at.is_some());
    let proof = |detail: &DomainDetail| {
        let history = detail.histories.iter().find(|history| history.check == "proof.record").expect("a history");
        history.changes.iter().map(|change| (change.at, change.severity)).collect::<Vec<_>>()
    };
    let first = core.now();
    assert_eq!(proof(&world.detail(id).await), [(first, Severity::Error)]);
    let record = detail.challenge.expect("a challenge");
    world.answers.set_txt(&record.name, &[&record.value]);
    world.test.clock.advance(Duration::from_secs(60));
    let detail = check(core, &Actor::System, &world.project, id).await.expect("checked");
    let second = core.now();
    assert_eq!(proof(&detail), [(first, Severity::Error), (second, Severity::Good)]);
    let listed = list(core, &Actor::System, &world.project).await.expect("a list");
    assert_eq!((listed[0].worst, listed[0].to_mend), (detail.domain.worst, detail.domain.to_mend));
    // What ended more than 30 days ago is forgotten; what holds still is not.
    world.test.clock.advance(Duration::from_secs(31 * 86_400));
    assert_eq!(proof(&world.detail(id).await), [(second, Severity::Good)]);
    assert!(findings::prune(core, &Actor::System).await.expect("pruned") >= 1);
    assert_eq!(proof(&world.detail(id).await), [(second, Severity::Good)]);
    remove(core, &Actor::System, &world.project, id).await.expect("removed");
    assert!(findings::latest(core.db.read(), Owner::Domain(id)).await.expect("a look").is_none());
    assert!(findings::histories(core.db.read(), Owner::Domain(id), core.now()).await.expect("a look").is_empty());
}

#[tokio::test]
async fn a_change_for_the_worse_is_mailed_once_and_its_mending_once() {
    let world = World::new().await;
    let core = &world.test.core;
    let id = world.add("lab.example").await.expect("a domain");
    let contact = EmailAddress::parse("ops@contact.example").expect("an address");
    crate::projects::set_bounce_contact(core, &Actor::System, &world.project, Some(contact)).await.expect("a contact");
    let mails = async || world.test.mails_to("ops@contact.example").await;
    publish_well(&world.answers, "lab.example");
    for record in
        world.detail(id).await.challenge.iter().chain(world.detail(id).await.keys.iter().map(|key| &key.record))
    {
        world.answers.set_txt(&record.name, &[&record.value]);
    }
    world.due().await;
    assert_eq!(world.detail(id).await.domain.state, Verification::Verified);
    assert_eq!(mails().await.len(), 0, "what was never checked before is shown, not mailed");

    // Its mail servers go: an error that was not there before.
    world.answers.set_mx("lab.example", &[(0, ".")]);
    for _ in 0..3 {
        world.after(26).await;
    }
    let worse = mails().await;
    assert_eq!(worse.len(), 1, "{worse:?}");
    assert!(worse[0].contains("Subject: lab.example: "), "{}", worse[0]);
    assert!(worse[0].contains(&format!("/p/lab/domains/{id}")), "{}", worse[0]);
    let overview = crate::overview::get(core, &Actor::System, &world.project, Default::default()).await.expect("read");
    let [to_mend] = &overview.domains_to_mend[..] else { panic!("{:?}", overview.domains_to_mend) };
    assert_eq!((to_mend.id, to_mend.name.as_str()), (id, "lab.example"));
    assert!(!to_mend.title.is_empty() && to_mend.worst.is_bad());

    // A failure that may pass is no mending.
    world.answers.set_temporary_failure("lab.example", "SERVFAIL");
    world.after(26).await;
    assert_eq!(mails().await.len(), 1);
    world.answers.forget("lab.example");
    publish_well(&world.answers, "lab.example");
    for _ in 0..3 {
        world.after(26).await;
    }
    let mended = mails().await;
    assert_eq!(mended.len(), 2, "{mended:?}");
    assert!(mended.iter().any(|mail| mail.contains("Subject: lab.example: mended: ")), "{mended:?}");
}

#[tokio::test]
async fn a_new_key_signs_once_it_is_seen_and_the_old_record_stays_for_the_queue() {
    let world = World::new().await;
    let core = &world.test.core;
    let id = mark_verified(core, &Actor::System, &world.project, name("lab.example")).await.expect("a domain");
    let rotate = async || rotate_keys(core, &Actor::System, &world.project, id).await;
    assert_eq!(word(&rotate().await), "Conflict", "nothing was seen yet");
    let publish = |detail: &DomainDetail| {
        for key in &detail.keys {
            world.answers.set_txt(&key.record.name, &[&key.record.value]);
        }
    };
    let checked = async || check(core, &Actor::System, &world.project, id).await.expect("checked");
    let states =
        |detail: &DomainDetail| detail.keys.iter().map(|key| (key.selector.clone(), key.state)).collect::<Vec<_>>();
    let owned = |states: &[(&str, DkimKeyState)]| {
        states.iter().map(|&(selector, state)| (selector.to_owned(), state)).collect::<Vec<_>>()
    };
    let signing = async || {
        let keys = dkim_keys::active(core, Some(world.id), &name("lab.example")).await.expect("keys");
        keys.into_iter().map(|key| key.selector).collect::<Vec<_>>()
    };
    use DkimKeyState::{Active, Pending, Retiring};
    publish(&world.detail(id).await);
    checked().await;
    world.test.clock.advance(Duration::from_secs(60));
    let detail = rotate().await.expect("begun");
    let waiting = [("rk2026a", Active), ("rk2026a2", Pending), ("rk2026e", Active), ("rk2026e2", Pending)];
    assert_eq!(states(&detail), owned(&waiting));
    assert_eq!(word(&rotate().await), "Conflict", "one at a time");
    assert_eq!(states(&checked().await), owned(&waiting), "nothing changes before the new records are seen");
    assert_eq!(signing().await, ["rk2026a", "rk2026e"]);

    let seen = detail.keys.iter().find(|key| key.selector == "rk2026a2").expect("the new key");
    world.answers.set_txt(&seen.record.name, &[&seen.record.value]);
    let at = core.now();
    let detail = checked().await;
    let partly = [("rk2026a", Retiring), ("rk2026a2", Active), ("rk2026e", Active), ("rk2026e2", Pending)];
    assert_eq!(states(&detail), owned(&partly));
    assert_eq!(signing().await, ["rk2026a2", "rk2026e"]);
    let retires = at.plus(core.config().queue_lifetime);
    assert_eq!(detail.keys[0].retires_at, Some(retires), "its record is needed until then");

    // The new record goes again: the old one still signs.
    world.answers.forget(&seen.record.name);
    checked().await;
    assert_eq!(signing().await, ["rk2026a", "rk2026e"]);
    publish(&detail);
    checked().await;
    assert_eq!(signing().await, ["rk2026a2", "rk2026e2"]);
    world.test.clock.advance(core.config().queue_lifetime);
    world.due().await;
    let after = world.detail(id).await;
    assert_eq!(states(&after), owned(&[("rk2026a2", Active), ("rk2026e2", Active)]));
    let trail = crate::audit::list(core, &Actor::System, &world.project, &Default::default()).await.expect("a page");
    assert!(trail.items.iter().any(|entry| entry.action == "domain.rotate_keys"));
}

#[tokio::test]
async fn a_delegated_key_is_seen_through_its_alias_and_its_names_come_again() {
    let answers = FixedAnswers::new();
    let resolver = Resolver::fixed(answers.clone());
    let test = Test::with_resolver(resolver, |config| {
        config.dns_health.delegation_domain = Some(name("dkim.relay.example"));
    });
    let test = test.await;
    let core = &test.core;
    let (id, project) = test.project("lab").await;
    let domain = mark_verified(core, &Actor::System, &project, name("lab.example")).await.expect("a domain");
    let detail = get(core, &Actor::System, &project, domain).await.expect("the domain");
    let alias = detail.keys[0].alias.clone().expect("an alias");
    assert_eq!((alias.name.as_str(), alias.kind.as_str()), ("rk1a._domainkey.lab.example", "CNAME"));
    assert_eq!((alias.value.as_str(), alias.right), ("rk1a.lab.example.dkim.relay.example.", false));
    let publish = async || {
        let zone = delegated_zone(core, &Actor::System).await.expect("a zone");
        for line in zone.lines() {
            let (owner, value) = line.split_once(" IN TXT ").expect(line);
            answers.set_txt(owner, &[&value.replace("\" \"", "").replace('"', "")]);
        }
    };
    publish().await;
    let report = check(core, &Actor::System, &project, domain).await.expect("checked").report.expect("a report");
    let offered = report.findings.iter().find(|finding| finding.check == "dkim.delegation").expect("an offer");
    let names: Vec<&str> = offered.changes.iter().map(|change| change.name.as_str()).collect();
    let wanted = ["rk1a", "rk1e", "rk2a", "rk2e"].map(|selector| format!("{selector}._domainkey.lab.example"));
    assert_eq!(names, wanted, "all aliases are asked for at once");
    for number in [1, 2] {
        for letter in ["a", "e"] {
            let name = format!("rk{number}{letter}._domainkey.lab.example");
            answers.set_alias(&name, &format!("rk{number}{letter}.lab.example.dkim.relay.example"));
        }
    }
    let signing = async || {
        let keys = dkim_keys::active(core, Some(id), &name("lab.example")).await.expect("keys");
        keys.into_iter().map(|key| key.selector).collect::<Vec<_>>()
    };
    let detail = check(core, &Actor::System, &project, domain).await.expect("checked");
    assert!(detail.keys.iter().all(|key| key.alias.as_ref().is_some_and(|alias| alias.right)), "{:?}", detail.keys);
    assert_eq!(signing().await, ["rk1a", "rk1e"]);
    // Two rotations, and the domain's owner does nothing.
    for selectors in [["rk2a", "rk2e"], ["rk1a", "rk1e"]] {
        test.clock.advance(Duration::from_secs(60));
        rotate_keys(core, &Actor::System, &project, domain).await.expect("begun");
        publish().await;
        check(core, &Actor::System, &project, domain).await.expect("checked");
        assert_eq!(signing().await, selectors);
        test.clock.advance(core.config().queue_lifetime);
        check(core, &Actor::System, &project, domain).await.expect("checked");
    }
}

#[tokio::test]
async fn whether_its_mail_servers_answer_is_part_of_the_report() {
    let world = World::new().await;
    let core = &world.test.core;
    let silent = Reach::Silent(vec!["mx.lab.example".to_owned()], "no answer in 10 s".to_owned());
    let id = mark_verified(core, &Actor::System, &world.project, name("lab.example")).await.expect("verified");
    let claimed = async || claim_unreached(core, &Actor::System).await.expect("claimed").len();
    assert_eq!((claimed().await, claimed().await), (1, 0), "two nodes do not greet the same servers");
    world.due().await;
    let reach = async || {
        let report = world.detail(id).await.report.expect("a report");
        report.findings.into_iter().find(|finding| finding.check == "mx.reach").map(|finding| finding.outcome)
    };
    assert_eq!(reach().await, None);
    for (found, outcome) in [
        (&silent, "silent"),
        (&Reach::Unknown("port 25 is closed".to_owned()), "silent"),
        (&Reach::Greeted("mx.lab.example".to_owned()), "greeted"),
    ] {
        record_reach(core, &Actor::System, id, found).await.expect("kept");
        world.due().await;
        assert_eq!(reach().await.as_deref(), Some(outcome), "{found:?}");
    }
    assert_eq!(claimed().await, 0, "greeted a moment ago");
    world.test.clock.advance(Duration::from_secs(26 * 3_600));
    assert_eq!(claimed().await, 1);
    let cast = world.test.cast(world.id, &world.project).await;
    for (actor, expected) in [(&cast.owner, "Forbidden"), (&cast.outsider, "Forbidden"), (&cast.anonymous, "SignedOut")]
    {
        assert_eq!(word(&claim_unreached(core, actor).await), expected);
        assert_eq!(word(&record_reach(core, actor, id, &silent).await), expected);
    }
}

#[tokio::test]
async fn how_far_a_check_is_is_seen_by_members_while_it_goes_on() {
    let world = World::new().await;
    let core = &world.test.core;
    let id = world.add("lab.example").await.expect("added");
    let cast = world.test.cast(world.id, &world.project).await;
    let far = async |actor: &Actor| progress(core, actor, &world.project, id).await;
    assert_eq!(far(&cast.viewer).await.expect("a member"), None, "no check goes on");
    let subject = relay_dns::judge::Subject {
        domain: name("lab.example"),
        keys: Vec::new(),
        proof: None,
        delegated_to: None,
        next_selectors: Vec::new(),
    };
    let watched = dns_health::Watched::new(core, id.uuid());
    let ours = dns_health::ours(core).await.expect("ours");
    let judge = |facts: &relay_dns::Facts| relay_dns::judge::domain(facts, &subject, &ours, core.now());
    let nothing = relay_dns::Facts::default();
    watched.seen(&judge(&nothing), &nothing);
    let steps = far(&cast.viewer).await.expect("a member").expect("a check");
    assert!(steps.len() > 4 && steps.iter().all(|step| !step.done), "{steps:?}");
    let (report, facts) = relay_dns::gather(core.resolver(), relay_dns::Ask::Resolver, core.now(), judge).await;
    watched.seen(&report, &facts);
    let steps = far(&cast.owner).await.expect("a member").expect("a check");
    assert!(steps.iter().all(|step| step.done), "{steps:?}");
    for (actor, expected) in
        [(&cast.outsider, "NotFound"), (&cast.service_account, "Forbidden"), (&cast.anonymous, "SignedOut")]
    {
        assert_eq!(word(&far(actor).await), expected);
    }
    drop(watched);
    assert_eq!(far(&cast.viewer).await.expect("a member"), None);
}
