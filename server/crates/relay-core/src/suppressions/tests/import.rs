//! Suppressed addresses from CSV.

use super::*;
use crate::{jobs, tables::job};
use sea_orm::EntityTrait;

pub(super) async fn imported(test: &Test, project: &Slug, csv: &str) -> Job {
    let id = begin_import(&test.core, &Actor::System, project, csv.to_owned()).await.expect("begun");
    let going = super::super::job(&test.core, &Actor::System, project, None).await.expect("read");
    assert_eq!(going.map(|job| job.state), Some(JobState::Running));
    jobs::run_due(&test.core, &Actor::System).await.expect("run");
    super::super::job(&test.core, &Actor::System, project, Some(id)).await.expect("read").expect("the job")
}

#[tokio::test]
async fn good_lines_are_taken_and_bad_ones_are_told_with_number_and_reason() {
    let test = Test::new().await;
    let (id, project) = test.project("lab").await;
    add(&test.core, &Actor::System, &project, "known@uni.example", "by hand", None).await.expect("added");
    let csv = "\u{feff}Reason,address,since,until\r\n\
        left,One@Uni.example,2020-01-01,\r\n\
        ,two@uni.example,,2026-12-31\r\n\
        x,no address,,\r\n\
        again,one@uni.example,,\r\n\
        again,known@uni.example,,\r\n\
        x,three@uni.example,,2020-01-01\r\n\
        x,four@uni.example,,soon\r\n\
        \"'=1+1\",five@uni.example,,\r\n\
        x,bounce@simulator.relay.example.org,,\r\n\
        x,\"six@uni.example\r\n";
    let job = imported(&test, &project, csv).await;
    assert_eq!((job.state, job.total, job.done, job.changed, job.refused_count), (JobState::Done, 10, 10, 3, 5));
    let refused: Vec<_> = job.refused.iter().map(|line| format!("{}: {}", line.line, line.reason)).collect();
    assert_eq!(refused[1], "7: Choose a time to come");
    assert_eq!(refused[2], "8: Until is a day such as 2026-12-31, or empty");
    assert_eq!(refused[4], "11: A quote is not closed");
    assert!(refused[0].starts_with("4: ") && refused[3].starts_with("10: Simulated recipients"), "{refused:?}");
    let row = |address: &str, reason: &str| (address.to_owned(), reason.to_owned());
    let mut all = listed(&test, &project, SuppressionFilter::default()).await;
    all.sort();
    assert_eq!(
        all,
        [
            row("five@uni.example", "=1+1"),
            row("known@uni.example", "by hand"),
            row("one@uni.example", "left"),
            row("two@uni.example", "From a list"),
        ]
    );
    let two = of_address(&test.core, id, &address("two@uni.example")).await.expect("a verdict").expect("listed");
    assert_eq!(two.expires_at.map(|at| at.text()).as_deref(), Some("2027-01-01 00:00:00 UTC"));
    assert!(test.audited().await[0].contains("suppression.import"));
    let begin = async |csv: String| word(&begin_import(&test.core, &Actor::System, &project, csv).await);
    for wrong in [String::new(), "address,reason\n\n".to_owned(), "a\0b".to_owned(), "x".repeat(17 << 20)] {
        assert_eq!(begin(wrong).await, "csv");
    }
    assert_eq!((begin("a@b.example".to_owned()).await, begin("b@b.example".to_owned()).await), ("Ok", "Conflict"));
    let (_, other) = test.project("other").await;
    let elsewhere = begin_import(&test.core, &Actor::System, &other, "c@b.example".to_owned()).await;
    assert_eq!(word(&elsewhere), "Ok", "each project has its own");
    let seen = super::super::job(&test.core, &Actor::System, &project, elsewhere.ok()).await.expect("read");
    assert_eq!(seen, None, "the neighbour's import");
    assert_eq!(word(&jobs::get(&test.core, &Actor::System, job.id).await), "NotFound", "it is not the platform's");
}

/// What a process that ends between two steps leaves behind is gone on with by another, line by line.
#[tokio::test]
async fn a_large_import_goes_on_where_another_node_died() {
    let test = Test::new().await;
    let (_, project) = test.project("lab").await;
    let lines: Vec<String> = (0..2_500).map(|number| format!("u{number}@uni.example,gone")).collect();
    let id = begin_import(&test.core, &Actor::System, &project, lines.join("\n")).await.expect("begun");
    let row = async || job::Entity::find_by_id(id.uuid()).one(&test.core.db.read().clone()).await.expect("a row");
    let mut first = row().await.expect("the job");
    let csv = first.payload.take().expect("lines");
    let mut second = first.clone();
    assert!(super::super::import::step(&test.core, &mut first, &csv).await.expect("a step"));
    // Who read it before that step does not do it again.
    let late = super::super::import::step(&test.core, &mut second, &csv).await;
    assert_eq!(word(&late), "Conflict");
    let shown = super::super::job(&test.core, &Actor::System, &project, None).await.expect("read").expect("it runs");
    assert_eq!((shown.done, shown.changed, shown.total), (1_000, 1_000, 2_500));
    assert_eq!(jobs::run_due(&test.core, &Actor::System).await.expect("run"), 0, "the lease holds");
    test.clock.advance(Duration::from_secs(120));
    assert_eq!(jobs::run_due(&test.core, &Actor::System).await.expect("run"), 1);
    let job = super::super::job(&test.core, &Actor::System, &project, Some(id)).await.expect("read").expect("it");
    assert_eq!((job.state, job.done, job.changed, job.refused_count), (JobState::Done, 2_500, 2_500, 0));
}

#[tokio::test]
async fn a_thousand_refused_lines_are_told_and_the_import_before_is_forgotten() {
    let test = Test::new().await;
    let (_, project) = test.project("lab").await;
    let (_, other) = test.project("other").await;
    let theirs = imported(&test, &other, "a@b.example").await;
    let lines: Vec<String> = (0..2_100).map(|number| format!("\"no, {number}\"\"\\\",x")).collect();
    let first = imported(&test, &project, &format!("{}\ngood@uni.example", lines.join("\n"))).await;
    assert_eq!((first.state, first.done, first.refused_count, first.changed), (JobState::Done, 2_101, 2_100, 1));
    assert_eq!((first.refused.len(), first.refused[999].line), (1_000, 1_000));
    assert_eq!(first.refused[999].text, "\"no, 999\"\"\\\",x");
    imported(&test, &project, "one@uni.example").await;
    let seen = async |project: &Slug, id| super::super::job(&test.core, &Actor::System, project, Some(id)).await;
    assert_eq!(seen(&project, first.id).await.expect("read"), None);
    assert_eq!(seen(&other, theirs.id).await.expect("read").map(|job| job.id), Some(theirs.id));
}

/// One line of millions of commas is no reason to keep millions of cells.
#[tokio::test]
async fn a_line_that_never_ends_is_refused() {
    let test = Test::new().await;
    let (_, project) = test.project("lab").await;
    let job = imported(&test, &project, &format!("address\n{}\none@uni.example", ",".repeat(1 << 20))).await;
    assert_eq!((job.state, job.total, job.changed, job.refused_count), (JobState::Done, 2, 1, 1));
    assert_eq!(job.refused[0].reason, "The line is longer than 64 KB");
}
