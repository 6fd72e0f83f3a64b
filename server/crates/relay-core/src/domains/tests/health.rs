//! What a check keeps, who hears of it, and how far it is.

use super::*;

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
        world.after(27).await;
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
    world.after(27).await;
    assert_eq!(mails().await.len(), 1);
    world.answers.forget("lab.example");
    publish_well(&world.answers, "lab.example");
    for _ in 0..3 {
        world.after(27).await;
    }
    let mended = mails().await;
    assert_eq!(mended.len(), 2, "{mended:?}");
    assert!(mended.iter().any(|mail| mail.contains("Subject: lab.example: mended: ")), "{mended:?}");
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
    world.test.clock.advance(Duration::from_secs(27 * 3_600));
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

#[tokio::test]
async fn a_report_of_an_older_version_is_made_again_and_what_people_were_told_stays() {
    let world = World::new().await;
    let core = &world.test.core;
    let id = world.add("lab.example").await.expect("a domain");
    let before = check(core, &Actor::System, &world.project, id).await.expect("checked").report.expect("a report");
    let told = async || findings::told(core.db.read(), Owner::Domain(id)).await.expect("read");
    let was_told = told().await;
    assert!(was_told.as_ref().is_some_and(|told| !told.is_empty()));
    let transaction = core.db.begin().await.expect("a transaction");
    transaction.execute_unprepared("UPDATE report SET packed = NULL").await.expect("changed");
    transaction.commit().await.expect("committed");
    assert_eq!((world.detail(id).await.report, told().await), (None, was_told));
    let after = check(core, &Actor::System, &world.project, id).await.expect("checked").report.expect("a report");
    assert_eq!(after, before);
}

#[tokio::test]
async fn domains_of_a_closed_project_rest_until_it_is_opened_again() {
    let world = World::new().await;
    let core = &world.test.core;
    world.add("lab.example").await.expect("a domain");
    set_default_domain(core, &Actor::System, name("relay.example")).await.expect("set");
    assert_eq!((world.due().await, world.due().await), (2, 0));
    projects::close(core, &Actor::System, &world.project, "").await.expect("closed");
    assert_eq!(world.after(27).await, 1, "the default domain alone");
    projects::reopen(core, &Actor::System, &world.project).await.expect("opened");
    assert_eq!((world.due().await, world.due().await), (1, 0));
}
