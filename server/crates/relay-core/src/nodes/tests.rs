use super::*;
use crate::{
    listeners::{self, Listener},
    platform, queue,
    test_support::{Test, word},
};
use relay_types::{
    Cidr,
    listener::{ListenerAuth, ListenerTls},
};
use sea_orm::{ConnectionTrait, Statement};
use tokio::task::JoinHandle;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

async fn until(what: &str, mut is: impl AsyncFnMut() -> bool) {
    let began = std::time::Instant::now();
    while !is().await {
        assert!(began.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A node on the test's database.
struct Other {
    core: Core,
    stop: CancellationToken,
    running: JoinHandle<Result<()>>,
}

async fn node(test: &Test, id: Uuid, roles: &[Role]) -> Other {
    let core = Core::open(test.core.config().clone(), test.core.resolver().clone(), test.clock.clone());
    let core = core.await.expect("a core");
    let version = "1.2.3".to_owned();
    let identity = Identity { id, host: format!("host-{}", id.as_u128()), version, roles: roles.to_vec() };
    join(&core, &Actor::System, identity).await.expect("a node");
    let stop = CancellationToken::new();
    let (its, until) = (core.clone(), stop.clone());
    let running = tokio::spawn(async move { run(&its, until).await });
    Other { core, stop, running }
}

async fn sql(core: &Core, sql: &str) -> u64 {
    let statement = Statement::from_string(core.db.backend(), sql);
    core.db.read().execute_raw(statement).await.expect("a statement").rows_affected()
}

async fn states(core: &Core) -> Vec<(String, NodeState, bool)> {
    let nodes = list(core, &Actor::System).await.expect("nodes").nodes;
    nodes.into_iter().map(|node| (node.host, node.state, node.leader)).collect()
}

#[tokio::test]
async fn only_operators_see_nodes_and_forget_them() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let cast = test.cast(project, &slug).await;
    let refused = [&cast.owner, &cast.member, &cast.viewer, &cast.outsider, &cast.desk, &cast.anonymous];
    for actor in refused.into_iter().chain([&cast.service_account, &cast.network]) {
        assert_ne!(word(&list(&test.core, actor).await), "Ok");
        assert_ne!(word(&listeners::plaintext_auth(&test.core, actor).await), "Ok");
        assert_ne!(word(&forget(&test.core, actor, &Uuid::nil().to_string()).await), "NotFound");
        let identity = Identity { id: Uuid::nil(), host: String::new(), version: String::new(), roles: Vec::new() };
        assert_ne!(word(&join(&test.core, actor, identity).await), "Ok");
    }
    assert_eq!(word(&list(&test.core, &cast.operator).await), "Ok");
    assert_eq!(word(&forget(&test.core, &cast.operator, &Uuid::nil().to_string()).await), "NotFound");
    assert_eq!(word(&forget(&test.core, &cast.operator, "x").await), "NotFound");
}

#[tokio::test]
async fn a_node_is_seen_while_it_runs_and_said_to_be_stopped() {
    let test = Test::new().await;
    let one = node(&test, Uuid::from_u128(1), &[Role::Web, Role::Delivery]).await;
    let shown = list(&one.core, &Actor::System).await.expect("nodes").nodes;
    assert_eq!((shown[0].roles.as_slice(), shown[0].here), ([Role::Web, Role::Delivery].as_slice(), true));
    until("it leads", async || leads(&one.core)).await;
    until("it says so", async || states(&test.core).await[0].2).await;
    let id = shown[0].id.clone();
    assert_eq!(word(&forget(&test.core, &Actor::System, &id).await), "Conflict");
    one.stop.cancel();
    one.running.await.expect("ended").expect("in order");
    assert_eq!(states(&test.core).await, [("host-1".to_owned(), NodeState::Stopped, false)]);
    forget(&test.core, &Actor::System, &id).await.expect("forgotten");
    assert_eq!(states(&test.core).await, []);
    assert_eq!(test.audited().await[0], "system node.forget host-1");
}

/// A listener of the legacy profile.
fn in_clear(name: &str) -> Listener {
    Listener {
        name: name.to_owned(),
        address: "127.0.0.1:587".parse().expect("an address"),
        hostname: "relay.example".to_owned(),
        tls: ListenerTls::Starttls,
        auth: ListenerAuth::Required,
        plaintext_auth_from: vec![Cidr::parse("192.0.2.0/24").expect("a block")],
        certificate: Default::default(),
        sessions: Default::default(),
        sessions_total: Default::default(),
        accepted_total: Default::default(),
        refused_total: Default::default(),
        last_error: Default::default(),
    }
}

#[tokio::test]
async fn secrets_in_clear_are_warned_of_on_nodes_without_such_listeners_too() {
    let test = Test::new().await;
    let core = &test.core;
    let other = Core::open(core.config().clone(), core.resolver().clone(), test.clock.clone()).await.expect("a core");
    for name in ["scanners", "printers"] {
        other.listeners().add(in_clear(name));
    }
    let roles = vec![Role::Submission];
    let identity = Identity { id: Uuid::from_u128(2), host: "host-2".to_owned(), version: "1.2.3".to_owned(), roles };
    register::join(&other, &identity).await.expect("a node");
    let warned = async || listeners::plaintext_auth(core, &Actor::System).await.expect("warnings");
    assert!(warned().await.is_empty(), "it has not told yet");
    register::beat(&other).await.expect("a sign of life");
    let [scanners, printers] =
        ["scanners", "printers"].map(|name| format!("Listener {name} takes secrets in clear from 192.0.2.0/24"));
    assert_eq!(warned().await, [scanners.clone(), printers.clone()]);
    core.listeners().add(in_clear("printers"));
    assert_eq!(warned().await, [printers.clone(), scanners], "each once, this process's own first");
    register::stopped(&other).await.expect("stopped");
    assert_eq!(warned().await, [printers], "what does not run takes nothing");
}

#[tokio::test]
async fn one_of_two_leads_and_the_other_follows_when_it_is_gone() {
    let test = Test::new().await;
    if test.core.db.backend() == DbBackend::Sqlite {
        return;
    }
    let one = node(&test, Uuid::from_u128(1), &[Role::Web]).await;
    until("the first leads", async || leads(&one.core)).await;
    let two = node(&test, Uuid::from_u128(2), &[Role::Delivery]).await;
    until("both are told", async || states(&test.core).await.len() == 2).await;
    assert!(!leads(&two.core));
    one.stop.cancel();
    one.running.await.expect("ended").expect("in order");
    let began = std::time::Instant::now();
    until("the second leads", async || leads(&two.core)).await;
    assert!(began.elapsed() < BEAT, "it was told, {:?}", began.elapsed());
    // One that dies says nothing: its connection ends, and the lock is free.
    let three = node(&test, Uuid::from_u128(3), &[Role::Delivery]).await;
    until("the third is linked", async || sql(&test.core, "SELECT 1 FROM node WHERE load <> '{}'").await >= 2).await;
    two.running.abort();
    let _ = two.running.await;
    until("the third leads", async || leads(&three.core)).await;
}

#[tokio::test]
async fn what_one_node_changes_holds_on_the_other_and_its_mail_wakes_workers_there() {
    let test = Test::new().await;
    if test.core.db.backend() == DbBackend::Sqlite {
        return;
    }
    let one = node(&test, Uuid::from_u128(1), &[Role::Submission]).await;
    let two = node(&test, Uuid::from_u128(2), &[Role::Delivery]).await;
    let _workers = queue::new_mail(&two.core, 1);
    until("one is told of the other", async || {
        one.core.queue_wake.notify_one();
        tokio::time::timeout(Duration::from_millis(50), two.core.queue_wake.notified()).await.is_ok()
    })
    .await;
    // Again and again: who does not know of the other yet tells nobody.
    let before = two.core.db.generation().now();
    let told_of_a_change = async || {
        platform::pause(&one.core, &Actor::System, "new disks").await.expect("paused");
        platform::resume(&one.core, &Actor::System).await.expect("resumed");
        two.core.db.generation().now() > before
    };
    until("rules are read anew", told_of_a_change).await;
    // Without a link nothing is told, and it is linked again by itself.
    sql(
        &test.core,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'relaykeep link' \
         AND datname = current_database()",
    )
    .await;
    let before = two.core.db.generation().now();
    until("it is told again", async || {
        platform::pause(&one.core, &Actor::System, "new disks").await.expect("paused");
        platform::resume(&one.core, &Actor::System).await.expect("resumed");
        two.core.db.generation().now() > before
    })
    .await;
}

#[tokio::test]
async fn what_a_missing_node_had_is_due_again_and_its_results_are_ignored() {
    let test = Test::new().await;
    if test.core.db.backend() == DbBackend::Sqlite {
        return;
    }
    let one = node(&test, Uuid::from_u128(1), &[Role::Delivery]).await;
    due(&one.core).await;
    let claims = queue::claim(&one.core, 9, 9, &[]).await.expect("claims");
    assert_eq!(claims.len(), 1);
    // It is seen: nobody takes anything from it.
    assert_eq!(gone::free(&test.core).await.expect("looked"), 0);
    one.running.abort();
    let _ = one.running.await;
    sql(&test.core, "UPDATE node SET seen_at = seen_at - 30000").await;
    assert_eq!(states(&test.core).await[0].1, NodeState::Missing);
    let two = node(&test, Uuid::from_u128(2), &[Role::Delivery]).await;
    let again = queue::claim(&two.core, 9, 9, &[]).await.expect("claims");
    assert_eq!(again.iter().map(|claim| claim.recipient_id).collect::<Vec<_>>(), [claims[0].recipient_id]);
    assert_ne!(again[0].lease, claims[0].lease);
    assert!(again[0].attempts > claims[0].attempts, "the attempt that was begun counts");
    // A process of the same node is another run.
    two.running.abort();
    let _ = two.running.await;
    let core = Core::open(test.core.config().clone(), test.core.resolver().clone(), test.clock.clone());
    let core = core.await.expect("a core");
    let identity = Identity { id: Uuid::from_u128(2), host: "h".into(), version: "1".into(), roles: Vec::new() };
    assert_eq!(join(&core, &Actor::System, identity).await.expect("joined"), 1);
}

/// Keeps a message with a recipient that is due.
async fn due(core: &Core) {
    let new = crate::commit::tests::message(core, core.new_id(), 10);
    crate::commit::commit(core, crate::commit::Work::Accept(Box::new(new), None)).await.expect("kept");
}

#[tokio::test]
async fn a_node_whose_clock_is_wrong_neither_takes_leases_nor_loses_its_own() {
    let test = Test::new().await;
    if test.core.db.backend() == DbBackend::Sqlite {
        return;
    }
    let one = node(&test, Uuid::from_u128(1), &[Role::Delivery]).await;
    let far = test.core.config().lease * 2;
    let now = test.core.now();
    for (number, clock) in [(2, now.plus(far)), (3, now.minus(far))] {
        due(&one.core).await;
        assert_eq!(queue::claim(&one.core, 9, 9, &[]).await.expect("claims").len(), 1);
        let core = Core::open(test.core.config().clone(), test.core.resolver().clone(), crate::Clock::manual(clock));
        let core = core.await.expect("a core");
        let identity =
            Identity { id: Uuid::from_u128(number), host: "h".into(), version: "1".into(), roles: Vec::new() };
        join(&core, &Actor::System, identity).await.expect("joined");
        assert_eq!(queue::claim(&core, 9, 9, &[]).await.expect("claims").len(), 0, "{number}");
        // What it accepts itself is due by its own clock.
        due(&core).await;
        assert_eq!(queue::claim(&core, 9, 9, &[]).await.expect("claims").len(), 1);
        assert_eq!(queue::claim(&one.core, 9, 9, &[]).await.expect("claims").len(), 0, "{number}");
    }
    // The clock of tests is set by hand, and far from that of the database.
    until("it is told", async || {
        let nodes = list(&one.core, &Actor::System).await.expect("nodes");
        nodes.clocks_wrong().iter().any(|node| node.host == "host-1")
    })
    .await;
}

#[tokio::test]
async fn what_the_leader_cannot_do_now_does_not_cost_it_the_lead() {
    let test = Test::new().await;
    if test.core.db.backend() == DbBackend::Sqlite {
        return;
    }
    let one = node(&test, Uuid::from_u128(1), &[Role::Delivery]).await;
    until("it leads", async || leads(&one.core)).await;
    let link = async || {
        let link = "SELECT pid FROM pg_stat_activity WHERE application_name = 'relaykeep link' \
                    AND datname = current_database()";
        let statement = Statement::from_string(test.core.db.backend(), link);
        let rows = test.core.db.read().query_all_raw(statement).await.expect("sessions");
        rows.iter().map(|row| row.try_get::<i32>("", "pid").expect("a number")).collect::<Vec<_>>()
    };
    let before = link().await;
    // Leased by a process that is no node.
    due(&test.core).await;
    assert_eq!(queue::claim(&test.core, 9, 9, &[]).await.expect("claims").len(), 1);
    let holder = test.core.db.begin_aside().await.expect("a transaction");
    holder.execute_unprepared("LOCK TABLE recipient IN EXCLUSIVE MODE").await.expect("locked");
    let two = Identity { id: Uuid::from_u128(2), host: "h".into(), version: "1".into(), roles: Vec::new() };
    let core = Core::open(test.core.config().clone(), test.core.resolver().clone(), test.clock.clone());
    register::join(&core.await.expect("a core"), &two).await.expect("joined");
    sql(&test.core, "SELECT pg_notify('relaykeep', 'two 16')").await;
    let waits = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until("the leader looks", async || sql(&test.core, waits).await > 0).await;
    until("the leader gives up", async || sql(&test.core, waits).await == 0).await;
    holder.rollback().await.expect("rolled back");
    let is_due = "SELECT 1 FROM recipient WHERE state = 'due'";
    until("it looks again", async || sql(&test.core, is_due).await == 1).await;
    assert_eq!(link().await, before);
    assert!(leads(&one.core));
}

#[tokio::test]
async fn of_two_processes_with_one_identity_the_first_ends() {
    let test = Test::new().await;
    if test.core.db.backend() == DbBackend::Sqlite {
        return;
    }
    let one = node(&test, Uuid::from_u128(1), &[Role::Web]).await;
    until("the first leads", async || leads(&one.core)).await;
    let two = node(&test, Uuid::from_u128(1), &[Role::Web]).await;
    assert_eq!(word(&one.running.await.expect("ended")), "Conflict");
    until("the second leads", async || leads(&two.core)).await;
}

#[tokio::test]
async fn a_node_that_was_cut_off_while_the_schema_was_changed_ends() {
    let test = Test::new().await;
    if test.core.db.backend() == DbBackend::Sqlite {
        return;
    }
    let one = node(&test, Uuid::from_u128(1), &[Role::Web]).await;
    until("it leads", async || leads(&one.core)).await;
    sql(&test.core, "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m99999999_999999_tomorrow', 0)").await;
    sql(
        &test.core,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'relaykeep link' \
         AND datname = current_database()",
    )
    .await;
    assert_eq!(word(&one.running.await.expect("ended")), "Conflict");
}

#[tokio::test]
async fn hosts_that_run_are_known_before_the_schema_is_changed() {
    let test = Test::new().await;
    if test.core.db.backend() == DbBackend::Sqlite {
        return;
    }
    let url = test.core.config().database_url.clone();
    assert_eq!(running(&url).await.expect("hosts"), Vec::<String>::new());
    let one = node(&test, Uuid::from_u128(7), &[Role::Web]).await;
    assert_eq!(running(&url).await.expect("hosts"), ["host-7"]);
    one.stop.cancel();
    one.running.await.expect("ended").expect("in order");
    assert_eq!(running(&url).await.expect("hosts"), Vec::<String>::new());
    sql(&test.core, "DROP TABLE node").await;
    assert_eq!(running(&url).await.expect("hosts"), Vec::<String>::new());
}

#[test]
fn the_identity_is_made_once_and_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let id = Identity::id_in(folder.path()).expect("an identity");
    assert_eq!(Identity::id_in(folder.path()).expect("an identity"), id);
    std::fs::write(folder.path().join("node"), "").expect("written");
    let another = Identity::id_in(folder.path()).expect("an identity");
    assert_eq!(Identity::id_in(folder.path()).expect("an identity"), another);
    std::fs::write(folder.path().join("node"), "x").expect("written");
    assert_eq!(word(&Identity::id_in(folder.path())), "Internal");
}
