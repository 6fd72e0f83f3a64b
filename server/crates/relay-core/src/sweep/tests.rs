//! Sweeps over one name, day after day.

use super::*;
use crate::test_support::{
    names::{DEFAULT, IP, NAME, Names},
    word,
};
use relay_types::ticket::TicketState;

const A_DAY: u64 = 86_400;

#[tokio::test]
async fn a_name_without_its_forward_record_is_warned_of_and_taken_after_the_grace() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.named().await;
    names.sweep().await;
    assert_eq!(plan(core, &Actor::System).await.expect("a plan").count, 0);

    names.forward(NAME, &[]);
    names.sweep().await;
    let plan_now = plan(core, &names.cast.desk).await.expect("a plan");
    let item = &plan_now.items[0];
    assert_eq!((item.address.as_str(), item.name.as_str(), item.why), (IP, NAME, SweepReason::Forward));
    assert_eq!((item.default.as_deref(), item.due), (Some(DEFAULT), false));
    assert_eq!(item.until.since(core.now()).as_secs(), 14 * A_DAY);
    let mail = names.test.mails_to("owner@bio.example").await.pop().expect("a warning");
    assert!(mail.contains("www.bio.example. 3600 IN A 192.0.2.7"), "{mail}");
    assert!(names.listed().await.loses_name_at.is_some());
    let overview = crate::overview::get(core, &names.cast.viewer, &names.slug, Default::default()).await;
    let told = overview.expect("an overview").names_in_question;
    assert_eq!((told[0].name.as_str(), told[0].until), (NAME, item.until));

    names.pass(13 * A_DAY).await;
    names.sweep().await;
    assert_eq!(names.test.mails_to("owner@bio.example").await.len(), 1, "told once");
    assert_eq!(names.listed().await.wanted.as_deref(), Some(NAME));
    names.pass(A_DAY).await;
    assert!(plan(core, &Actor::System).await.expect("a plan").items[0].due);
    names.sweep().await;
    names.pass(0).await;
    let change = names.change().await.expect("a change");
    assert_eq!((change.cause.as_str(), change.after.as_deref()), ("sweep", Some(DEFAULT)));
    names.apply_by_hand().await;
    assert_eq!(names.listed().await.wanted, None);
    assert_eq!(plan(core, &Actor::System).await.expect("a plan").count, 0);
}

#[tokio::test]
async fn a_record_that_comes_back_ends_the_grace_and_a_failure_that_passes_counts_for_nothing() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.named().await;
    names.dns.set_temporary_failure(NAME, "SERVFAIL");
    names.sweep().await;
    assert_eq!(plan(core, &Actor::System).await.expect("a plan").count, 0, "temporary failure is no mismatch");
    names.forward(NAME, &[]);
    names.sweep().await;
    assert_eq!(plan(core, &Actor::System).await.expect("a plan").count, 1);
    names.dns.set_temporary_failure(NAME, "SERVFAIL");
    names.pass(20 * A_DAY).await;
    names.sweep().await;
    assert_eq!(names.listed().await.wanted.as_deref(), Some(NAME), "nothing is taken while nothing is known");
    names.dns.forget(NAME);
    names.forward(NAME, &[IP]);
    names.sweep().await;
    assert_eq!(plan(core, &Actor::System).await.expect("a plan").count, 0);
}

#[tokio::test]
async fn a_name_that_is_kept_stays() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.named().await;
    names.forward(NAME, &[]);
    names.sweep().await;
    keep(core, &names.cast.desk, names.address, true).await.expect("kept");
    names.pass(20 * A_DAY).await;
    names.sweep().await;
    let item = plan(core, &Actor::System).await.expect("a plan").items.remove(0);
    assert!(item.kept && !item.due);
    assert_eq!(names.listed().await.wanted.as_deref(), Some(NAME));
    keep(core, &names.cast.desk, names.address, false).await.expect("no longer kept");
    names.sweep().await;
    assert_eq!(names.change().await.expect("a change").cause, "sweep");
}

#[tokio::test]
async fn the_names_of_a_closed_project_go_after_their_own_grace() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.named().await;
    projects::close(core, &Actor::System, &names.slug, "moved away").await.expect("closed");
    names.sweep().await;
    let item = plan(core, &Actor::System).await.expect("a plan").items.remove(0);
    assert_eq!((item.why, item.due), (SweepReason::Closed, false));
    names.pass(29 * A_DAY).await;
    names.sweep().await;
    assert_eq!(names.listed().await.wanted.as_deref(), Some(NAME));
    names.pass(A_DAY).await;
    names.sweep().await;
    names.pass(0).await;
    assert_eq!(names.change().await.expect("a change").cause, "closed");
    names.apply_by_hand().await;
    assert_eq!(names.listed().await.wanted, None);
}

#[tokio::test]
async fn a_project_that_is_reopened_within_its_grace_keeps_its_names() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.named().await;
    projects::close(core, &Actor::System, &names.slug, "moved away").await.expect("closed");
    names.pass(29 * A_DAY).await;
    projects::reopen(core, &Actor::System, &names.slug).await.expect("reopened");
    names.pass(9 * A_DAY).await;
    names.sweep().await;
    assert_eq!(names.listed().await.wanted.as_deref(), Some(NAME));
}

#[tokio::test]
async fn the_night_begins_one_sweep() {
    let names = Names::new().await;
    let core = &names.test.core;
    // 2026-11-21 13:46:40 UTC.
    assert_eq!(start_nightly(core, &Actor::System).await.expect("judged"), 0);
    assert_eq!(plan(core, &Actor::System).await.expect("a plan").next_at.text(), "2026-11-22 02:00:00 UTC");
    names.pass(12 * 3_600 + 20 * 60).await;
    assert_eq!(start_nightly(core, &Actor::System).await.expect("begun"), 1);
    assert_eq!(start_nightly(core, &Actor::System).await.expect("judged"), 0);
    names.pass(600).await;
    assert_eq!(start_nightly(core, &Actor::System).await.expect("judged"), 0, "once a night");
    names.pass(A_DAY).await;
    assert_eq!(start_nightly(core, &Actor::System).await.expect("begun"), 1);
}

#[tokio::test]
async fn a_sweep_that_was_cut_off_is_gone_on_with() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.named().await;
    names.forward(NAME, &[]);
    let id = start(core, &Actor::System).await.expect("a sweep");
    assert_eq!(word(&start(core, &Actor::System).await), "Conflict");
    let job = jobs::get(core, &Actor::System, id).await.expect("the job");
    assert_eq!((job.state, job.total, job.done), (JobState::Running, 1, 0));
    names.pass(0).await;
    let job = jobs::get(core, &Actor::System, id).await.expect("the job");
    assert_eq!((job.state, job.done, job.changed), (JobState::Done, 1, 1));
}

#[tokio::test]
async fn a_ticket_ends_the_question_of_a_name() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.named().await;
    names.forward(NAME, &[]);
    names.sweep().await;
    let request = relay_types::ticket::TicketRequest { address: IP.to_owned(), ..Default::default() };
    let kind = relay_types::ticket::TicketKind::RemovePtr;
    let number = names.ask_as(&names.cast.owner, &names.slug, kind, &request).await.expect("a ticket");
    crate::tickets::approve(core, &Actor::System, number).await.expect("approved");
    names.pass(0).await;
    names.apply_by_hand().await;
    assert_eq!(names.state(number).await, TicketState::Done);
    assert_eq!(plan(core, &Actor::System).await.expect("a plan").count, 0);
}

#[tokio::test]
async fn only_the_desk_sweeps() {
    let names = Names::new().await;
    let core = &names.test.core;
    for (actor, refusal) in names.cast.refused_by_the_desk() {
        assert_eq!(word(&plan(core, actor).await), refusal, "{actor:?}");
        assert_eq!(word(&start(core, actor).await), refusal, "{actor:?}");
        assert_eq!(word(&keep(core, actor, names.address, true).await), refusal, "{actor:?}");
        assert_eq!(word(&start_nightly(core, actor).await), refusal, "{actor:?}");
    }
}

#[tokio::test]
async fn what_the_desk_keeps_while_dns_is_asked_is_not_taken() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.named().await;
    names.forward(NAME, &[]);
    names.sweep().await;
    names.pass(20 * A_DAY).await;
    let id = start(core, &Actor::System).await.expect("a sweep");
    let mut job = job::Entity::find_by_id(id.uuid()).one(core.db.read()).await.expect("read").expect("the job");
    let rows = named().all(core.db.read()).await.expect("names");
    let owners = owners(core, &rows).await.expect("owners");
    let looked = vec![look(core, rows[0].clone()).await];
    keep(core, &names.cast.desk, names.address, true).await.expect("kept");
    step(core, &mut job, looked, &owners).await.expect("a step");
    assert_eq!(names.change().await.expect("the ticket's").cause, "ticket");
    assert_eq!(names.listed().await.wanted.as_deref(), Some(NAME));
}

#[tokio::test]
async fn who_is_warned_by_one_node_is_not_warned_by_another() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.named().await;
    names.forward(NAME, &[]);
    let id = start(core, &Actor::System).await.expect("a sweep");
    let mut job = job::Entity::find_by_id(id.uuid()).one(core.db.read()).await.expect("read").expect("the job");
    let rows = named().all(core.db.read()).await.expect("names");
    let owners = owners(core, &rows).await.expect("owners");
    for _ in 0..2 {
        // Both looked before either wrote.
        let looked = vec![look(core, rows[0].clone()).await];
        step(core, &mut job, looked, &owners).await.expect("a step");
    }
    assert_eq!(job.changed, 1);
    assert_eq!(names.test.mails_to("owner@bio.example").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_begin_at_once_one_sweeps() {
    let names = Names::new().await;
    let core = &names.test.core;
    let begun = futures_util::future::join_all((0..20).map(|_| start(core, &Actor::System))).await;
    let words: Vec<&str> = begun.iter().map(word).collect();
    assert_eq!(words.iter().filter(|word| **word == "Ok").count(), 1, "{words:?}");
    assert!(words.iter().all(|word| ["Ok", "Conflict"].contains(word)), "{words:?}");
}

#[tokio::test]
async fn a_sweep_that_is_cut_off_anywhere_warns_each_owner_once() {
    let names = Names::new().await;
    let core = &names.test.core;
    names.named().await;
    names.forward(NAME, &[]);
    let id = start(core, &Actor::System).await.expect("a sweep");
    for cut in 0..200 {
        // As kill -9: the work stops wherever it is, with its transaction open and its lease held. In the end it has
        // seconds, also on a machine that has other things to do.
        let work = jobs::run_due(core, &Actor::System);
        let _ = tokio::time::timeout(Duration::from_micros(200).mul_f64(1.05_f64.powi(cut)), work).await;
        names.test.clock.advance(Duration::from_secs(61));
        if jobs::get(core, &Actor::System, id).await.expect("the job").ended_at.is_some() {
            assert_eq!(names.test.mails_to("owner@bio.example").await.len(), 1);
            return;
        }
    }
    panic!("it never ended");
}
