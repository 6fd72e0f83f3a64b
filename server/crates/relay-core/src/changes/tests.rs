use super::*;
use crate::{
    members, queue, refusals,
    refusals::NewRefusal,
    sessions,
    submission::{self, Arrival, Submission, kept::Origin},
    test_support::{CLIENT, Test, id_of, word},
};
use relay_types::{EmailAddress, ReversePath, member::Role, project::ProjectId, refusal::Rule};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

async fn mail(test: &Test, project: ProjectId) -> MessageId {
    let submission = Submission {
        arrival: Arrival::Portal,
        reverse_path: ReversePath::parse("a@d.example").expect("a reverse-path"),
        recipients: vec![EmailAddress::parse("b@e.example").expect("an address")],
        terms: Default::default(),
        smtputf8: false,
        content: b"From: a@d.example\r\n\r\nx\r\n".to_vec().into(),
    };
    let origin = Origin { source: "portal", id: None, label: "test".to_owned() };
    let accepted = submission::accept_judged(&test.core, Some(project), origin, submission).await.expect("a verdict");
    accepted.expect("accepted")
}

async fn heard(listener: &mut Listener) -> News {
    tokio::time::timeout(PATIENCE, listener.next()).await.expect("news")
}

/// Hears until this topic is among the news.
async fn until(listener: &mut Listener, topic: Topic) {
    while !matches!(heard(listener).await, News::Changed(topics) if topics.contains(&topic)) {}
}

#[tokio::test]
async fn a_message_and_what_becomes_of_it_is_heard() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let mut of_project = listen(&test.core, &Actor::System, Some(&slug), None, None).await.expect("a listener");
    let id = mail(&test, project).await;
    until(&mut of_project, Topic::Messages).await;
    let mut of_message = listen(&test.core, &Actor::System, Some(&slug), Some(id), None).await.expect("a listener");
    queue::hold(&test.core, &Actor::System, &slug, id).await.expect("held");
    until(&mut of_message, Topic::Message).await;
    until(&mut of_project, Topic::Messages).await;
}

#[tokio::test]
async fn what_another_node_wrote_is_heard_without_a_bell() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let mut listener = listen(&test.core, &Actor::System, Some(&slug), None, None).await.expect("a listener");
    // A core of its own on the same database is what another node is; its bells ring here for nobody.
    let core = Core::open(test.core.config().clone(), test.core.resolver().clone(), test.clock.clone());
    let other = core.await.expect("another node");
    let refusal = NewRefusal {
        actor: Actor::TrustedNetwork {
            id: relay_types::network::NetworkId::from_uuid(Uuid::now_v7()),
            project_id: project,
            label: "hosts".to_owned(),
        },
        rule: Rule::ReversePathNotVerified,
        client: CLIENT,
        helo: None,
        listener: "networks".to_owned(),
        username: None,
        address: None,
        cause: None,
    };
    let code = refusals::code_for(&other, &refusal);
    refusals::record(&other, refusal, &code, "550 5.7.1 No");
    let stop = tokio_util::sync::CancellationToken::new();
    let writer = tokio::spawn(refusals::run_writer(other, stop.clone()));
    until(&mut listener, Topic::Refusals).await;
    stop.cancel();
    writer.await.expect("the writer ends");
}

#[tokio::test]
async fn who_was_cut_off_hears_first_what_has_changed_since() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let before = listen(&test.core, &Actor::System, Some(&slug), None, None).await.expect("a listener").place();
    mail(&test, project).await;
    let resumed = listen(&test.core, &Actor::System, Some(&slug), None, Some(&before)).await;
    let mut resumed = resumed.expect("a listener");
    assert_eq!(heard(&mut resumed).await, News::Changed(vec![Topic::Messages]));
    // From any other place everything may have changed.
    let lost = listen(&test.core, &Actor::System, Some(&slug), None, Some("nonsense")).await;
    let all = vec![Topic::Messages, Topic::Refusals, Topic::Names];
    assert_eq!(heard(&mut lost.expect("a listener")).await, News::Changed(all));
    let place = resumed.place();
    let current = listen(&test.core, &Actor::System, Some(&slug), None, Some(&place)).await;
    let mut current = current.expect("a listener");
    // Nothing has changed since, so the first news is the one that comes now.
    sessions::delete(&test.core, "none").await.expect("deleted");
    assert_eq!(heard(&mut current).await, News::Access);
}

#[tokio::test]
async fn another_projects_mail_is_not_heard() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let (other, _) = test.project("chemistry").await;
    let mut listener = listen(&test.core, &Actor::System, Some(&slug), None, None).await.expect("a listener");
    mail(&test, other).await;
    // Its own refusal comes later and is the first it hears.
    let place = listener.place();
    mail(&test, project).await;
    assert_eq!(heard(&mut listener).await, News::Changed(vec![Topic::Messages]));
    assert_ne!(listener.place(), place);
}

#[tokio::test]
async fn only_who_may_see_may_listen_and_only_for_as_long() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let cast = test.cast(project, &slug).await;
    let id = mail(&test, project).await;
    let (foreign, _) = test.project("chemistry").await;
    let foreign = mail(&test, foreign).await;
    for (actor, expected) in cast.refused(Access::View) {
        let answer = listen(&test.core, actor, Some(&slug), Some(id), None).await;
        assert_eq!(word(&answer), expected, "{actor:?}");
    }
    for (actor, expected) in [(&cast.anonymous, "SignedOut"), (&cast.owner, "Forbidden"), (&cast.operator, "Ok")] {
        assert_eq!(word(&listen(&test.core, actor, None, None, None).await), expected, "{actor:?}");
    }
    for (actor, refused) in [(&cast.desk, &cast.owner), (&cast.operator, &cast.desk)] {
        let listener = listen(&test.core, actor, None, None, None).await.expect("a listener");
        assert_eq!(word(&listener.judge(&test.core, actor).await), "Ok", "{actor:?}");
        assert_eq!(word(&listener.judge(&test.core, refused).await), "Forbidden", "{refused:?}");
    }
    let answer = listen(&test.core, &cast.viewer, Some(&slug), Some(foreign), None).await;
    assert_eq!(word(&answer), "NotFound", "a message of another project");

    let guest = test.member(project, "guest@e.example", Role::Viewer).await;
    let mut listener = listen(&test.core, &guest, Some(&slug), None, None).await.expect("a listener");
    assert_eq!(word(&listener.judge(&test.core, &guest).await), "Ok");
    members::remove(&test.core, &cast.owner, &slug, id_of(&guest)).await.expect("removed");
    while heard(&mut listener).await != News::Access {}
    assert_eq!(word(&listener.judge(&test.core, &guest).await), "NotFound");
}

#[tokio::test]
async fn a_reader_ends_with_its_last_listener() {
    let test = Test::new().await;
    let (_, slug) = test.project("physics").await;
    let first = listen(&test.core, &Actor::System, Some(&slug), None, None).await.expect("a listener");
    let second = listen(&test.core, &Actor::System, Some(&slug), None, None).await.expect("a listener");
    assert_eq!(test.core.changes.readers().len(), 1);
    drop((first, second));
    let ended = async {
        while !test.core.changes.readers().is_empty() {
            test.core.changes.committed();
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.expect("the reader ends");
}
