use super::*;
use crate::{Actor, Clock, Core, commit, nodes, queue, test_support::Test};
use relay_dns::{FixedAnswers, Resolver};
use relay_types::message::RecipientState;
use sea_orm::{ConnectionTrait, Statement};
use std::{io::Read, path::PathBuf};

/// Many kinds of rows, text that must be escaped, content larger than a part of it.
async fn filled(test: &Test) {
    let (project, slug) = test.project("physics").await;
    test.cast(project, &slug).await;
    for size in [1, 700_000] {
        let mut new = commit::tests::message(&test.core, test.core.new_id(), size);
        new.project = Some(project);
        new.subject = "tab\there \\ and \\N, ä".to_owned();
        new.content = (0..size).map(|place| (place % 251) as u8).collect();
        commit::commit(&test.core, commit::Work::Accept(Box::new(new), None)).await.expect("kept");
    }
    assert_eq!(queue::claim(&test.core, 1, 1, &[]).await.expect("claims").len(), 1);
    let identity = nodes::Identity { id: uuid::Uuid::nil(), host: "h".into(), version: "1".into(), roles: Vec::new() };
    nodes::join(&test.core, &Actor::System, identity).await.expect("a node");
}

async fn back_up(core: &Core, to: &Path, with_key: bool) -> Result<u64> {
    let config = core.config();
    let from = Installation { database: &config.database_url, key_file: &config.secret_key_file };
    write(from, to, with_key, core.now(), &mut |_, _| ()).await
}

async fn put_back(from: &Path, core: &Core, key_file: &Path, hold: bool) -> Result<(Header, u64)> {
    restore(from, Installation { database: &core.config().database_url, key_file }, hold, &mut |_, _| ()).await
}

/// The rows, sorted; the header is another each time.
fn rows(file: &Path) -> Vec<String> {
    let mut text = String::new();
    GzDecoder::new(File::open(file).expect("a backup")).read_to_string(&mut text).expect("text");
    let mut rows: Vec<String> = text.lines().skip(2).map(str::to_owned).collect();
    rows.sort();
    rows
}

/// A database of this kind in which nothing is but the schema.
async fn empty(folder: &Path, kind: &str) -> Core {
    let url = match kind {
        "sqlite" => format!("sqlite://{}", folder.join(format!("{kind}.sqlite")).display()),
        _ => Test::new().await.core.config().database_url.clone(),
    };
    Database::migrate(&url).await.expect("migrated");
    let test = Test::with(|config| {
        config.secret_key_file = folder.join(format!("{kind}.other"));
    });
    let mut config = test.await.core.config().clone();
    // What the first start has written there.
    let db = Database::open(&url).await.expect("a database");
    db.read().execute_unprepared("DELETE FROM setting").await.expect("nothing in it");
    db.end().await.expect("closed");
    config.database_url = url;
    Core::look(config, Resolver::fixed(FixedAnswers::new()), Clock::System).await.expect("a core")
}

async fn states(core: &Core) -> Vec<String> {
    states_of(core, "recipient").await
}

async fn states_of(core: &Core, table: &str) -> Vec<String> {
    let sql = Statement::from_string(core.db.backend(), format!("SELECT state FROM {table} ORDER BY state"));
    let rows = core.db.read().query_all_raw(sql).await.expect("rows");
    rows.iter().map(|row| row.try_get("", "state").expect("a state")).collect()
}

#[tokio::test]
async fn a_backup_of_one_database_is_the_same_on_the_other() {
    let test = Test::new().await;
    filled(&test).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("one.backup");
    let count = back_up(&test.core, &file, true).await.expect("a backup");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).expect("a file").permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert!(!rows(&file).iter().any(|row| row.contains("\"table\":\"node\"")), "who runs is of its moment");
    let mut kinds = vec!["sqlite"];
    if std::env::var("RELAYKEEP_TEST_POSTGRES").is_ok() {
        kinds.push("postgres");
    }
    for kind in kinds {
        let other = empty(folder.path(), kind).await;
        let key_file = folder.path().join(format!("{kind}.key"));
        let (header, restored) = put_back(&file, &other, &key_file, false).await.expect("restored");
        assert_eq!((restored, header.has_key()), (count, true));
        assert_eq!(
            std::fs::read(&key_file).expect("a key"),
            std::fs::read(&test.core.config().secret_key_file).expect("a key")
        );
        let again = folder.path().join(format!("{kind}.backup"));
        back_up(&other, &again, false).await.expect("a backup");
        assert_eq!(rows(&again), rows(&file), "{kind}");
        assert!(put_back(&file, &other, &key_file, false).await.is_err(), "not onto what is not empty");
        // The restored installation runs.
        let config = crate::CoreConfig { secret_key_file: key_file, ..other.config().clone() };
        let core = Core::open(config, Resolver::fixed(FixedAnswers::new()), Clock::System).await.expect("it opens");
        assert_eq!(states(&core).await, states(&test.core).await);
    }
}

#[tokio::test]
async fn mail_that_waited_can_be_held() {
    let test = Test::new().await;
    filled(&test).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("one.backup");
    back_up(&test.core, &file, true).await.expect("a backup");
    let mut kinds = vec!["sqlite"];
    if std::env::var("RELAYKEEP_TEST_POSTGRES").is_ok() {
        kinds.push("postgres");
    }
    for kind in kinds {
        let other = empty(folder.path(), kind).await;
        put_back(&file, &other, &folder.path().join(kind), true).await.expect("restored");
        assert_eq!(states(&other).await, [RecipientState::Held.as_str(); 2]);
        assert_eq!(states_of(&other, "message").await, ["held"; 2], "lists find it");
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_written_stops_a_restore_before_its_rows() {
    let test = Test::new().await;
    filled(&test).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("one.backup");
    back_up(&test.core, &file, true).await.expect("a backup");
    let other = empty(folder.path(), "sqlite").await;
    assert!(put_back(&file, &other, &folder.path().join("no-folder/key"), false).await.is_err());
    put_back(&file, &other, &folder.path().join("key"), false).await.expect("restored when there is a place for it");
}

#[tokio::test]
async fn what_cannot_be_restored_is_refused_with_a_reason_and_changes_nothing() {
    let test = Test::new().await;
    filled(&test).await;
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| -> PathBuf { folder.path().join(name) };
    back_up(&test.core, &at("whole"), false).await.expect("a backup");
    let other = empty(folder.path(), "sqlite").await;
    let refused = async |from: &str| {
        let error = put_back(&at(from), &other, &at("key"), false).await.err().expect("refused");
        assert_eq!(states(&other).await, Vec::<String>::new(), "{error}");
        error.to_string()
    };
    assert!(refused("whole").await.contains("the backup has no key: put the key file"));
    std::fs::copy(&test.core.config().secret_key_file, at("key")).expect("copied");
    // Cut; a row short; of a newer version; none at all.
    let whole = std::fs::read(at("whole")).expect("octets");
    std::fs::write(at("cut"), &whole[..whole.len() / 2]).expect("written");
    refused("cut").await;
    let mut text = Vec::new();
    GzDecoder::new(&whole[..]).read_to_end(&mut text).expect("text");
    let pack = |name: &str, text: &[u8]| {
        let mut packed = GzEncoder::new(File::create(at(name)).expect("a file"), Compression::fast());
        packed.write_all(text).expect("written");
        packed.finish().expect("packed");
    };
    let lines: Vec<&[u8]> = text.split(|&octet| octet == b'\n').collect();
    let last = lines.len() - 2;
    pack("short", &[&lines[..last], &[b"{\"rows\":9}".as_slice(), b""]].concat().join(&b'\n'));
    assert!(refused("short").await.contains("the backup says 9 rows"));
    pack("open", &lines[..last].join(&b'\n'));
    assert!(refused("open").await.contains("its end is missing"));
    let newer = String::from_utf8_lossy(lines[1]).replace("\"schema\":[", "\"schema\":[\"m99999999_999999_tomorrow\",");
    pack("newer", format!("{FORMAT}\n{newer}\n").as_bytes());
    assert!(refused("newer").await.contains("which has a newer schema than this version"));
    pack("none", b"x\n");
    assert!(refused("none").await.contains("is no backup that this version can read"));
    pack("names", &[lines[0], lines[1], b"{\"table\":\"a\\\"b\",\"columns\":[]}", b""].join(&b'\n'));
    assert!(refused("names").await.contains("names a table that is none"));
    // Another key is there.
    back_up(&test.core, &at("with-key"), true).await.expect("a backup");
    std::fs::write(at("key"), [7; 32]).expect("written");
    assert!(refused("with-key").await.contains("is another key than the backup's"));
    // A file that is there is not written over.
    assert!(back_up(&test.core, &at("whole"), false).await.is_err());
}

#[tokio::test]
async fn a_backup_is_of_one_moment_and_nobody_waits_for_it() {
    let test = Test::new().await;
    filled(&test).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("one.backup");
    let core = test.core.clone();
    let stop = tokio_util::sync::CancellationToken::new();
    let writing = {
        let (core, stop) = (core.clone(), stop.clone());
        tokio::spawn(async move {
            let mut kept = 0;
            while !stop.is_cancelled() {
                let new = commit::tests::message(&core, core.new_id(), 1_000);
                commit::commit(&core, commit::Work::Accept(Box::new(new), None)).await.expect("kept");
                kept += 1;
            }
            kept
        })
    };
    for round in 0..5 {
        let file = folder.path().join(round.to_string());
        back_up(&core, &file, true).await.expect("a backup");
    }
    stop.cancel();
    assert!(writing.await.expect("written") > 0);
    back_up(&core, &file, true).await.expect("a backup");
    // Each message has its recipient and its content, whatever came between.
    let other = empty(folder.path(), "sqlite").await;
    put_back(&folder.path().join("2"), &other, &folder.path().join("key"), false).await.expect("restored");
    let whole = "SELECT COUNT(*) AS n FROM message m WHERE NOT EXISTS (SELECT 1 FROM recipient r WHERE r.message_id = m.id) \
                 OR NOT EXISTS (SELECT 1 FROM message_content c WHERE c.message_id = m.id)";
    let row = other.db.read().query_one_raw(Statement::from_string(other.db.backend(), whole)).await.expect("a row");
    assert_eq!(row.expect("a row").try_get::<i64>("", "n").expect("a number"), 0);
}
