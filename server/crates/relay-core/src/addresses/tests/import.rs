//! Imports: what is taken, what is refused and why, and that a killed node's work goes on.

use super::*;
use crate::{jobs, tables::job};
use relay_types::job::{Job, JobState};

/// The job of an import that ran to its end.
pub(super) async fn imported(world: &World, csv: &str) -> Job {
    let id = super::super::import(world.core(), &world.cast.operator, None, csv.to_owned()).await.expect("begun");
    assert_eq!(jobs::run_due(world.core(), &Actor::System).await.expect("ran"), 1);
    let job = jobs::get(world.core(), &world.cast.desk, id).await.expect("the job");
    assert_eq!(job.state, JobState::Done);
    job
}

#[tokio::test]
async fn each_line_is_taken_or_refused_with_its_reason() {
    let world = World::new().await;
    world.assigned("192.0.2.200", "acme").await;
    let named = world.assigned("192.0.2.201", "acme").await;
    world.name(named, "www.acme.example").await;
    let csv = "\u{feff}address,project,note,egress\r\n\
        192.0.2.1,acme,web,\r\n\
        \"192.0.2.2\",\"acme\",\"mail, \"\"old\"\"\",yes\r\n\
        \r\n\
        2001:db8:1::/48,acme,,\r\n\
        2001:db8:1::7,acme,,\r\n\
        2001:db8:1::8,acme-neighbour,,\r\n\
        192.0.2.1,acme,web,\r\n\
        192.0.2.1,acme-neighbour,moved,\r\n\
        192.0.2.201,acme-neighbour,,\r\n\
        198.51.100.1,acme,,\r\n\
        192.0.2.3,nobody,,\r\n\
        192.0.2.4,acme,,perhaps\r\n\
        web server,acme,,\r\n\
        192.0.2.5,acme,\"x\"y,\r\n\
        192.0.2.200,acme,,yes\r\n\
        192.0.2.0/28,acme,,\r\n";
    let job = imported(&world, csv).await;
    let refused: Vec<String> =
        job.refused.iter().map(|line| format!("{} {}: {}", line.line, line.text, line.reason)).collect();
    assert_eq!(
        refused,
        [
            "7 2001:db8:1::8,acme-neighbour,,: It lies in 2001:db8:1::/48 of acme",
            "10 192.0.2.201,acme-neighbour,,: 192.0.2.201 has the name www.acme.example of acme; release it first",
            "11 198.51.100.1,acme,,: It lies in no range; add the range first",
            "12 192.0.2.3,nobody,,: There is no project nobody",
            "13 192.0.2.4,acme,,perhaps: Egress is yes or no",
            "14 web server,acme,,: Enter an address or a block such as 192.0.2.0/24 or 2001:db8::/48",
            "15 192.0.2.5,acme,\"x\"y,: Text stands behind a quote that is closed",
            "17 192.0.2.0/28,acme,,: 192.0.2.1 in it belongs to acme-neighbour",
        ]
    );
    assert_eq!((job.total, job.done, job.changed, job.refused_count), (15, 15, 6, 8));
    assert_eq!(
        world.all().await,
        [
            "192.0.2.1 acme-neighbour",
            "192.0.2.2 acme",
            "192.0.2.200 acme",
            "192.0.2.201 acme",
            "2001:db8:1::/48 acme",
            "2001:db8:1::7 acme"
        ]
    );
    let page = list_all(world.core(), &Actor::System, &AddressFilter::default()).await.expect("a page");
    assert_eq!(page.items.iter().map(|row| row.egress).collect::<Vec<_>>(), [false, true, true, false, false, false]);
    assert_eq!(world.get(page.items[1].id).await.note, "mail, \"old\"");
    let entries = audit::list(world.core(), &Actor::System, &world.slug, &Default::default()).await.expect("entries");
    let entry = entries.items.iter().find(|entry| entry.subject == "192.0.2.2").expect("an entry");
    assert_eq!((entry.actor.as_str(), entry.action.as_str()), ("operator@acme.example", "address.assign"));
}

#[tokio::test]
async fn a_file_that_is_none_is_refused_before_anything_begins() {
    let world = World::new().await;
    let begin = async |csv: String| word(&super::super::import(world.core(), &Actor::System, None, csv).await);
    assert_eq!(begin(String::new()).await, "csv");
    assert_eq!(begin("address,project\n\n".to_owned()).await, "csv");
    assert_eq!(begin("a\0b".to_owned()).await, "csv");
    assert_eq!(begin("x".repeat(20 * 1024 * 1024 + 1)).await, "csv");
    assert_eq!(begin("192.0.2.1".to_owned()).await, "Ok");
    assert_eq!(begin("192.0.2.1".to_owned()).await, "Conflict", "one at a time");
}

#[tokio::test]
async fn columns_are_those_of_the_header_and_empty_cells_leave_what_is_there() {
    let world = World::new().await;
    let input = AssignInput { note: "web".to_owned(), egress: true, ..input("192.0.2.1", "acme") };
    let id = assign(world.core(), &Actor::System, &input).await.expect("assigned");
    let job = imported(&world, "Project,Range,ADDRESS\nacme,x,192.0.2.1\nacme,x,192.0.2.2").await;
    assert_eq!((job.changed, job.refused_count), (1, 0));
    let detail = world.get(id).await;
    assert_eq!((detail.note.as_str(), detail.address.egress), ("web", true));
    let job = imported(&world, "address,note\n192.0.2.9,'-1 or so\n").await;
    assert_eq!(job.changed, 1);
    let page = list_all(world.core(), &Actor::System, &AddressFilter::default()).await.expect("a page");
    assert_eq!(world.get(page.items[2].id).await.note, "-1 or so", "a download's guard is taken off");
}

#[tokio::test]
async fn an_import_for_one_range_takes_no_address_of_another() {
    let world = World::new().await;
    let csv = "192.0.2.1,acme\n2001:db8::1,acme\n".to_owned();
    let id = super::super::import(world.core(), &Actor::System, Some(world.four), csv).await.expect("begun");
    jobs::run_due(world.core(), &Actor::System).await.expect("ran");
    let job = jobs::get(world.core(), &Actor::System, id).await.expect("the job");
    assert_eq!((job.subject.as_str(), job.changed), ("Four", 1));
    assert_eq!(job.refused[0].reason, "It lies in Six, not in Four");
}

#[tokio::test]
async fn what_a_killed_node_left_another_takes_up_at_the_very_line() {
    let world = World::new().await;
    let lines: String = (0..1_250).map(|n| format!("2001:db8::{n:x},acme,line {n}\n")).collect();
    let csv = format!("address,project,note\n{lines}");
    let id = super::super::import(world.core(), &Actor::System, None, csv.clone()).await.expect("begun");
    let stored = async || {
        let row = job::Entity::find_by_id(id.uuid()).one(world.core().db.read()).await;
        row.expect("read").expect("the job")
    };
    let mut first = stored().await;
    assert!(super::super::import::step(world.core(), &mut first, &csv).await.expect("a step"));
    drop(first);
    let seen = jobs::get(world.core(), &Actor::System, id).await.expect("the job");
    assert_eq!((seen.state, seen.done, seen.changed), (JobState::Running, 500, 500));
    assert_eq!(jobs::run_due(world.core(), &Actor::System).await.expect("asked"), 0, "the dead node's lease runs");

    // A step whose transaction is taken back leaves nothing, and who lost the lease writes nothing.
    let mut second = stored().await;
    second.leased_until = None;
    assert_eq!(word(&super::super::import::step(world.core(), &mut second, &csv).await), "Conflict");
    assert_eq!(world.count().await, 500);

    world.test.clock.advance(Duration::from_secs(61));
    assert_eq!(jobs::run_due(world.core(), &Actor::System).await.expect("ran"), 1);
    let seen = jobs::get(world.core(), &Actor::System, id).await.expect("the job");
    assert_eq!((seen.state, seen.done, seen.changed, seen.refused_count), (JobState::Done, 1_250, 1_250, 0));
    assert_eq!(world.count().await, 1_250);
    assert_eq!(stored().await.payload, None, "nothing is kept of the file");
}

impl World {
    async fn count(&self) -> u64 {
        count(self.core(), self.project).await.expect("a count")
    }
}
