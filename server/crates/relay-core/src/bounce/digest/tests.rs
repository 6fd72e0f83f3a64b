//! Digests: which bounces they tell of, to whom and how often.

use super::*;
use crate::{
    queue::{self, Claimed},
    submission::{self, Arrival, Submission, kept::Origin},
    test_support::{Cast, Test, word},
};
use relay_types::{
    EmailAddress, ReversePath,
    member::Role,
    message::{Attempt, Cause, EventKind, MessageId, Outcome},
    project::Slug,
    reply::Reply,
};

const HOUR: Duration = Duration::from_secs(3_600);

struct World {
    test: Test,
    id: ProjectId,
    project: Slug,
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect(text)
}

impl World {
    async fn new() -> Self {
        let test = Test::new().await;
        let (id, project) = test.project("physics").await;
        test.member(id, "ada@owner.example", Role::Owner).await;
        Self { test, id, project }
    }

    async fn contact(&self, contact: &str) {
        let contact = Some(address(contact));
        let set = projects::set_bounce_contact(&self.test.core, &Actor::System, &self.project, contact).await;
        set.expect("set");
    }

    async fn mail(&self, from: &str, to: &[&str]) -> MessageId {
        let submission = Submission {
            arrival: Arrival::Portal,
            reverse_path: ReversePath::parse(from).expect(from),
            recipients: to.iter().map(|one| address(one)).collect(),
            terms: Default::default(),
            smtputf8: false,
            content: b"From: cron <a@d.example>\r\nSubject: nightly\r\n\r\nbody\r\n".to_vec().into(),
        };
        let origin = Origin { source: "portal", id: None, label: "test".to_owned() };
        let accepted = submission::accept_judged(&self.test.core, Some(self.id), origin, submission).await;
        accepted.expect("a verdict").expect("accepted")
    }

    /// Everything that is due fails for good; the messages, in their order.
    async fn fail(&self) -> Vec<MessageId> {
        let mut claims: Vec<Claimed> = queue::claim(&self.test.core, 1_000, 1_000, &[]).await.expect("claims");
        let mut failed = Vec::new();
        while let Some(first) = claims.first().cloned() {
            let (of_it, rest): (Vec<_>, Vec<_>) =
                claims.into_iter().partition(|one| one.message_id == first.message_id);
            claims = rest;
            let attempt = Attempt {
                number: 1,
                started_at: self.test.core.now(),
                milliseconds: 1,
                host: Some("mx.e.example".to_owned()),
                address: None,
                tls: None,
                passes_reports_on: false,
                dialogue: Vec::new(),
                outcomes: Vec::new(),
            };
            let gone = Outcome::PermFail(Cause::Reply(Reply::new(550, (5, 1, 1), "No such user")));
            let outcomes = of_it.into_iter().map(|one| (one, gone.clone())).collect();
            queue::record(&self.test.core, first.message_id, attempt, outcomes).await.expect("recorded");
            failed.push(first.message_id);
        }
        failed
    }

    /// What the schedule does.
    async fn told(&self) -> u64 {
        tell_contacts(&self.test.core, &Actor::System).await.expect("told")
    }

    async fn reason(&self, id: MessageId) -> String {
        let detail = crate::messages::get(&self.test.core, &Actor::System, &self.project, id).await.expect("a message");
        let reason = detail.events.into_iter().find_map(|event| match event.kind {
            EventKind::NotNotified { reason } => Some(reason),
            _ => None,
        });
        reason.expect("nobody was notified")
    }
}

#[tokio::test]
async fn a_bounce_with_a_null_reverse_path_is_told_to_the_contact_within_the_hour_and_once() {
    let world = World::new().await;
    world.contact("postmaster@lab.example").await;
    let id = world.mail("", &["gone@e.example", "lost@f.example"]).await;
    assert_eq!(world.fail().await, [id]);
    let reason = world.reason(id).await;
    assert!(reason.starts_with("The reverse-path is null; the project's bounce contact hears"), "{reason}");
    assert_eq!(world.told().await, 0, "it is gathered for an hour");
    world.test.clock.advance(HOUR);
    assert_eq!(world.told().await, 1);
    assert_eq!(world.told().await, 0);
    let mails = world.test.mails_to("postmaster@lab.example").await;
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    for part in [
        "Subject: A message of physics could not be delivered\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "From cron <a@d.example>, accepted 2026-11-21 13:46",
        "  nightly\r\n",
        "  gone@e.example\r\n    550 5.1.1 No such user\r\n  lost@f.example\r\n",
        &format!("https://mail.example.org/p/physics/messages/{id}\r\n"),
        "https://mail.example.org/p/physics/settings\r\n",
    ] {
        assert!(mail.contains(part), "{part} is missing in\n{mail}");
    }
    assert!(world.test.mails_to("ada@owner.example").await.is_empty(), "the contact hears instead of the owners");
}

#[tokio::test]
async fn a_notification_that_cannot_be_delivered_is_told_to_the_owners_when_there_is_no_contact() {
    let world = World::new().await;
    world.mail("a@d.example", &["gone@e.example"]).await;
    world.fail().await;
    world.test.clock.advance(HOUR);
    assert_eq!(world.told().await, 0, "the reverse-path was told");
    let [notification] = world.fail().await[..] else { panic!("the notification is due") };
    world.test.clock.advance(HOUR);
    assert_eq!(world.told().await, 1);
    let mails = world.test.mails_to("ada@owner.example").await;
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    assert!(mail.contains("  Your message could not be delivered\r\n  a@d.example\r\n"), "{mail}");
    assert!(mail.contains(&notification.to_string()), "{mail}");
}

#[tokio::test]
async fn a_digest_that_bounces_is_told_to_nobody() {
    let world = World::new().await;
    world.contact("postmaster@lab.example").await;
    world.mail("", &["gone@e.example"]).await;
    world.fail().await;
    world.test.clock.advance(HOUR);
    assert_eq!(world.told().await, 1);
    let claims = queue::claim(&world.test.core, 1_000, 1_000, &[]).await.expect("claims");
    let [digest] = claims.as_slice() else { panic!("{claims:?}") };
    assert_eq!(digest.project_id, None, "it is the platform's");
    let sent = queue::outgoing(&world.test.core, digest.message_id).await.expect("content");
    assert_eq!(sent.reverse_path, ReversePath::Null);
    queue::give_back(&world.test.core, &claims).await.expect("given back");
    assert_eq!(world.fail().await.len(), 1);
    world.test.clock.advance(HOUR);
    assert_eq!((world.told().await, world.fail().await.len()), (0, 0));
}

#[tokio::test]
async fn a_storm_is_one_mail_that_counts_what_it_does_not_list() {
    let world = World::new().await;
    world.contact("postmaster@lab.example").await;
    for _ in 0..23 {
        world.mail("", &["gone@e.example"]).await;
    }
    world.fail().await;
    world.test.clock.advance(HOUR);
    assert_eq!(world.told().await, 1);
    let mails = world.test.mails_to("postmaster@lab.example").await;
    let [mail] = mails.as_slice() else { panic!("{} mails", mails.len()) };
    assert!(mail.contains("Subject: 23 messages of physics could not be delivered\r\n"), "{mail}");
    assert_eq!(mail.matches("550 5.1.1 No such user").count(), 20);
    assert!(mail.contains("And 3 more. All of them:\r\n\r\nhttps://mail.example.org/p/physics/messages?state=bounced"));
}

#[tokio::test]
async fn a_project_hears_of_its_own_bounces_only() {
    let world = World::new().await;
    let (other, _) = world.test.project("chemistry").await;
    world.test.member(other, "eve@owner.example", Role::Owner).await;
    world.mail("", &["gone@e.example"]).await;
    world.fail().await;
    world.test.clock.advance(HOUR);
    assert_eq!(world.told().await, 1);
    assert_eq!(world.test.mails_to("ada@owner.example").await.len(), 1);
    assert!(world.test.mails_to("eve@owner.example").await.is_empty());
}

#[tokio::test]
async fn only_the_schedule_tells() {
    let world = World::new().await;
    let cast: Cast = world.test.cast(world.id, &world.project).await;
    for actor in [&cast.owner, &cast.viewer, &cast.outsider, &cast.operator, &cast.anonymous, &cast.service_account] {
        assert!(word(&tell_contacts(&world.test.core, actor).await) != "Ok", "{actor:?}");
    }
}
