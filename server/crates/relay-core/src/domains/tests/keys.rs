//! DKIM keys: their names, and how new ones take the place of old ones.

use super::*;

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
async fn keys_that_are_made_while_a_check_goes_on_are_looked_for_by_the_next() {
    let world = World::new().await;
    let core = &world.test.core;
    let id = mark_verified(core, &Actor::System, &world.project, name("lab.example")).await.expect("a domain");
    for key in world.detail(id).await.keys {
        world.answers.set_txt(&key.record.name, &[&key.record.value]);
    }
    assert_eq!((world.due().await, world.due().await), (1, 0));
    let before = row(core.db.read(), world.id, id).await.expect("the domain");
    rotate_keys(core, &Actor::System, &world.project, id).await.expect("begun");
    check::check(core, before, Cause::Clock).await.expect("checked");
    assert_eq!((world.due().await, world.due().await), (1, 0));
}
