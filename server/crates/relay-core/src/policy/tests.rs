use super::*;
use crate::{
    core::Core,
    domains, networks, platform, projects, senders, service_accounts,
    test_support::{Test, signed_in, word},
};
use relay_types::{
    Cidr, DomainName, SenderPattern,
    limit::Limits,
    member::Role,
    overview::Counts,
    project::Slug,
    service_account::{ServiceAccountId, ServiceAccountSettings},
};
use std::time::Duration;

/// A project with a verified address, a verified domain, an account, a network; and another project with its own.
struct World {
    test: Test,
    id: ProjectId,
    project: Slug,
    account: Actor,
    account_id: ServiceAccountId,
    network: Actor,
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect(text)
}

fn settings() -> ServiceAccountSettings {
    ServiceAccountSettings {
        label: "app".to_owned(),
        expires_at: None,
        allowed_cidrs: Vec::new(),
        allowed_senders: AllowedSenders::All,
        default_sender: None,
        may_notify: false,
        cut_through: false,
        limits: Limits::default(),
    }
}

impl World {
    async fn new(sandbox: bool) -> Self {
        let test = Test::new().await;
        let core = &test.core;
        let (id, project) = test.project_in_sandbox("lab", sandbox).await;
        let (_, other) = test.project("other").await;
        for (project, sender, domain) in
            [(&project, "app@one.example", "lab.example"), (&other, "app@two.example", "other.example")]
        {
            senders::mark_verified(core, &Actor::System, project, sender).await.expect("a sender");
            let domain = DomainName::parse(domain).expect("a name");
            domains::mark_verified(core, &Actor::System, project, domain).await.expect("a domain");
        }
        let made = service_accounts::create(core, &Actor::System, &project, settings()).await.expect("an account");
        let account = signed_in(core, id, &project, made.0).await;
        let block = Cidr::parse("192.0.2.0/24").expect("a block");
        networks::add(core, &Actor::System, &project, block, "hosts").await.expect("a network");
        let client = "192.0.2.1".parse().expect("an address");
        let network = networks::identify(core, client).await.expect("a verdict").expect("a network");
        Self { id, project, account, account_id: made.0, network, test }
    }

    fn core(&self) -> &Core {
        &self.test.core
    }

    async fn change_account(&self, change: impl FnOnce(&mut ServiceAccountSettings)) {
        let mut settings = settings();
        change(&mut settings);
        let changed =
            service_accounts::update(self.core(), &Actor::System, &self.project, self.account_id, settings).await;
        changed.expect("changed");
    }

    async fn mail(&self, actor: &Actor, from: &str) -> Option<Rule> {
        let path = ReversePath::parse(from).expect(from);
        rule(judge_mail(self.core(), actor, &path).await)
    }

    async fn rcpt(&self, actor: &Actor, to: &str, already: usize) -> std::result::Result<(), Rejection> {
        judge_rcpt(self.core(), actor, &address(to), already, &mut NewSoFar::default()).await.expect("a verdict")
    }

    async fn header(&self, actor: &Actor, from: &[&str], sender: Option<&str>) -> Option<(Rule, Option<String>)> {
        let from: Vec<_> = from.iter().map(|text| address(text)).collect();
        let judged = judge_header(self.core(), actor, &from, sender.map(address).as_ref()).await;
        judged.expect("a verdict").err().map(|rejection| (rejection.rule, rejection.address))
    }

    async fn count(&self, subject: uuid::Uuid, accepted: u64) {
        let transaction = self.core().db.begin().await.expect("a transaction");
        let counts = Counts { accepted, ..Counts::default() };
        limits::count(&transaction, subject, self.core().now(), counts).await.expect("counted");
        transaction.commit().await.expect("commit");
    }
}

fn rule(verdict: Verdict<()>) -> Option<Rule> {
    verdict.expect("a verdict").err().map(|rejection| rejection.rule)
}

#[tokio::test]
async fn the_reverse_path_is_a_verified_sender_of_the_project_and_allowed_for_the_account() {
    use Rule::{NullReversePath, ReversePathNotAllowed, ReversePathNotVerified};
    let world = World::new(false).await;
    let narrow = |patterns: &[&str]| {
        AllowedSenders::Only(patterns.iter().map(|text| SenderPattern::parse(text).expect(text)).collect())
    };
    let anyone_may = AllowedSenders::All;
    let cases: [(&str, AllowedSenders, Option<Rule>); 15] = [
        ("app@one.example", anyone_may.clone(), None),
        ("APP@One.Example", anyone_may.clone(), None),
        ("\"app\"@one.example", anyone_may.clone(), None),
        ("other@one.example", anyone_may.clone(), Some(ReversePathNotVerified)),
        ("anything@lab.example", anyone_may.clone(), None),
        ("app@below.lab.example", anyone_may.clone(), Some(ReversePathNotVerified)),
        ("app@notlab.example", anyone_may.clone(), Some(ReversePathNotVerified)),
        ("\"a@lab.example\"@evil.example", anyone_may.clone(), Some(ReversePathNotVerified)),
        ("app@two.example", anyone_may.clone(), Some(ReversePathNotVerified)),
        ("a@other.example", anyone_may, Some(ReversePathNotVerified)),
        ("noreply+7@lab.example", narrow(&["noreply+*@lab.example"]), None),
        ("noreply@lab.example", narrow(&["noreply+*@lab.example"]), Some(ReversePathNotAllowed)),
        ("app@one.example", narrow(&["noreply+*@lab.example", "app@one.example"]), None),
        ("app@two.example", narrow(&["app@two.example"]), Some(ReversePathNotVerified)),
        ("", narrow(&["*@lab.example"]), Some(NullReversePath)),
    ];
    for (path, allowed, refused) in cases {
        world.change_account(|settings| settings.allowed_senders = allowed.clone()).await;
        assert_eq!(world.mail(&world.account, path).await, refused, "{path} with {allowed:?}");
    }
    for (path, refused) in
        [("app@one.example", None), ("x@lab.example", None), ("app@two.example", Some(ReversePathNotVerified))]
    {
        assert_eq!(world.mail(&world.network, path).await, refused, "{path} from the network");
    }
}

#[tokio::test]
async fn the_null_reverse_path_is_for_those_who_may_notify() {
    let world = World::new(false).await;
    assert_eq!(world.mail(&world.account, "").await, Some(Rule::NullReversePath));
    world.change_account(|settings| settings.may_notify = true).await;
    assert_eq!(world.mail(&world.account, "").await, None);
    assert_eq!(world.mail(&world.network, "").await, None, "behind it is a mail server");
}

#[tokio::test]
async fn only_submitters_submit() {
    let world = World::new(false).await;
    let anonymous = Actor::Anonymous { client: None };
    let operator = world.test.operator("op@example.org").await;
    for (actor, refused) in [
        (&anonymous, Some(Rule::AuthenticationRequired)),
        (&operator, Some(Rule::AuthenticationRequired)),
        (&Actor::System, None),
    ] {
        assert_eq!(world.mail(actor, "app@one.example").await, refused, "{actor:?}");
        assert_eq!(world.rcpt(actor, "to@example.net", 0).await.err().map(|rejection| rejection.rule), refused);
        assert_eq!(world.header(actor, &["app@one.example"], None).await.map(|(rule, _)| rule), refused);
    }
}

#[tokio::test]
async fn a_change_is_felt_by_the_next_mail_of_an_open_session() {
    let world = World::new(false).await;
    let (core, project, system) = (world.core(), &world.project, &Actor::System);
    let mail = async || world.mail(&world.account, "app@one.example").await;
    assert_eq!(mail().await, None);
    service_accounts::set_enabled(core, system, project, world.account_id, false).await.expect("disabled");
    assert_eq!(mail().await, Some(Rule::CredentialsInvalid));
    service_accounts::set_enabled(core, system, project, world.account_id, true).await.expect("enabled");
    assert_eq!(mail().await, None);
    projects::suspend(core, system, project, "unpaid").await.expect("suspended");
    assert_eq!(mail().await, Some(Rule::Suspended));
    let path = ReversePath::Address(address("app@one.example"));
    let rejection = judge_mail(core, &world.network, &path).await.expect("a verdict").expect_err("a refusal");
    assert_eq!((rejection.rule, rejection.detail.as_deref()), (Rule::Suspended, Some("unpaid")));
    projects::resume(core, system, project).await.expect("resumed");
    platform::pause(core, system, "new disks").await.expect("paused");
    assert_eq!(mail().await, Some(Rule::Paused));
    platform::resume(core, system).await.expect("resumed");
    let sender = senders::list(core, system, project).await.expect("a list").remove(0);
    senders::remove(core, system, project, sender.id).await.expect("removed");
    assert_eq!(mail().await, Some(Rule::ReversePathNotVerified));
    assert_eq!(world.mail(&world.account, "a@lab.example").await, None);
    let later = core.now().plus(Duration::from_secs(1));
    world.change_account(|settings| settings.expires_at = Some(later)).await;
    world.test.clock.advance(Duration::from_secs(1));
    assert_eq!(world.mail(&world.account, "a@lab.example").await, Some(Rule::CredentialsInvalid));
    service_accounts::remove(core, system, project, world.account_id).await.expect("removed");
    assert_eq!(world.mail(&world.account, "a@lab.example").await, Some(Rule::CredentialsInvalid));
    assert_eq!(world.mail(&world.network, "a@lab.example").await, None);
    let block = networks::list(core, system, project).await.expect("a list").remove(0);
    networks::remove(core, system, project, block.id).await.expect("removed");
    assert_eq!(world.mail(&world.network, "a@lab.example").await, Some(Rule::AuthenticationRequired));
}

#[tokio::test]
async fn the_networks_of_an_account_hold_for_its_open_sessions_each_by_its_own_address() {
    let world = World::new(false).await;
    let Actor::ServiceAccount { id, project_id, secret, .. } = world.account else { panic!("an account") };
    let from = |client: &str| Actor::ServiceAccount {
        id,
        project_id,
        label: "app".to_owned(),
        client: client.parse().expect("an address"),
        secret,
    };
    let (here, mapped, there) = (from("192.0.2.7"), from("::ffff:192.0.2.7"), from("198.51.100.7"));
    let mail = async |actor: &Actor| world.mail(actor, "app@one.example").await;
    for actor in [&here, &mapped, &there] {
        assert_eq!(mail(actor).await, None, "{actor:?}");
    }
    world.change_account(|settings| settings.allowed_cidrs = vec![Cidr::parse("192.0.2.0/24").expect("it")]).await;
    let refused = Some(Rule::CredentialsInvalid);
    // In turn, so that what is remembered of one session is not taken for the other's.
    for (actor, expected) in [(&here, None), (&there, refused), (&mapped, None), (&there, refused), (&here, None)] {
        assert_eq!(mail(actor).await, expected, "{actor:?}");
        assert_eq!(world.rcpt(actor, "to@example.com", 0).await.err().map(|rejection| rejection.rule), expected);
        assert_eq!(world.header(actor, &["app@one.example"], None).await.map(|(rule, _)| rule), expected);
    }
    let path = ReversePath::Address(address("app@one.example"));
    let rejection = judge_mail(world.core(), &there, &path).await.expect("a verdict").expect_err("a refusal");
    assert_eq!(rejection.detail.as_deref(), Some("the service account may not be used from this address"));
    world.change_account(|settings| settings.allowed_cidrs = Vec::new()).await;
    assert_eq!(mail(&there).await, None);
}

#[tokio::test]
async fn a_revoked_secret_ends_the_sessions_it_opened_and_no_others() {
    let world = World::new(false).await;
    let (core, system) = (world.core(), &Actor::System);
    service_accounts::issue_secret(core, system, &world.project, world.account_id).await.expect("a second");
    let detail = service_accounts::get(core, system, &world.project, world.account_id).await.expect("the account");
    let [old, new] = detail.secrets.iter().map(|secret| secret.id).collect::<Vec<_>>()[..] else { panic!("two") };
    let mut by_new = world.account.clone();
    if let Actor::ServiceAccount { secret, .. } = &mut by_new {
        *secret = new;
    }
    let mail = async |actor: &Actor| world.mail(actor, "app@one.example").await;
    assert_eq!((mail(&world.account).await, mail(&by_new).await), (None, None));
    service_accounts::revoke_secret(core, system, &world.project, world.account_id, old).await.expect("revoked");
    assert_eq!((mail(&world.account).await, mail(&by_new).await), (Some(Rule::CredentialsInvalid), None));
}

#[tokio::test]
async fn every_mailbox_of_from_and_sender_are_judged() {
    use Rule::{FromNotAllowed, FromNotVerified, HeaderAmbiguous, SenderNotAllowed, SenderNotVerified};
    let world = World::new(false).await;
    let only_lab = AllowedSenders::Only(vec![SenderPattern::parse("*@lab.example").expect("a pattern")]);
    world.change_account(|settings| settings.allowed_senders = only_lab).await;
    type Refused<'a> = Option<(Rule, Option<&'a str>)>;
    let cases: [(&[&str], Option<&str>, Refused<'_>); 9] = [
        (&["a@lab.example"], None, None),
        (&["a@lab.example", "b@lab.example"], Some("c@lab.example"), None),
        (&[], None, Some((HeaderAmbiguous, None))),
        (&["ceo@bank.example"], None, Some((FromNotVerified, Some("ceo@bank.example")))),
        (&["a@lab.example", "app@two.example"], None, Some((FromNotVerified, Some("app@two.example")))),
        (&["app@one.example"], None, Some((FromNotAllowed, Some("app@one.example")))),
        (&["a@lab.example"], Some("app@two.example"), Some((SenderNotVerified, Some("app@two.example")))),
        (&["a@lab.example"], Some("app@one.example"), Some((SenderNotAllowed, Some("app@one.example")))),
        (&["app@one.example"], Some("app@two.example"), Some((FromNotAllowed, Some("app@one.example")))),
    ];
    for (from, sender, refused) in cases {
        let refused = refused.map(|(rule, about)| (rule, about.map(str::to_owned)));
        assert_eq!(world.header(&world.account, from, sender).await, refused, "{from:?} {sender:?}");
    }
    assert_eq!(world.header(&world.network, &["app@one.example"], Some("a@lab.example")).await, None);
    let many: Vec<String> = (0..250).map(|n| format!("a{n}@lab.example")).collect();
    let mut many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(world.header(&world.network, &many, None).await, None);
    many.push("app@two.example");
    assert_eq!(world.header(&world.network, &many, None).await.map(|(rule, _)| rule), Some(FromNotVerified));
}

#[tokio::test]
async fn the_sandbox_knows_its_own_addresses_and_members() {
    let world = World::new(true).await;
    world.test.member(world.id, "ada@example.net", Role::Viewer).await;
    world.test.user("eve@example.net").await;
    for (to, refused) in [
        ("app@one.example", false),
        ("anyone@lab.example", false),
        ("Ada@Example.net", false),
        ("eve@example.net", true),
        ("app@two.example", true),
        ("to@example.com", true),
    ] {
        for actor in [&world.account, &world.network] {
            let judged = world.rcpt(actor, to, 0).await;
            let expected = refused.then(|| Rejection::new(Rule::Sandbox).about(&address(to)));
            assert_eq!(judged.err(), expected, "{to}");
        }
    }
    // The account's own list of senders is no list of recipients.
    world
        .change_account(|settings| {
            settings.allowed_senders = AllowedSenders::Only(vec![SenderPattern::parse("a@lab.example").expect("it")]);
        })
        .await;
    assert_eq!(world.rcpt(&world.account, "b@lab.example", 0).await, Ok(()));
}

#[tokio::test]
async fn limits_of_project_and_account_tell_how_long_to_wait() {
    let world = World::new(false).await;
    let core = world.core();
    let of_project = Limits { per_hour: Some(10), per_day: Some(100), ..Limits::default() };
    projects::set_limits(core, &Actor::System, &world.project, of_project).await.expect("set");
    world.change_account(|settings| settings.limits = Limits { per_hour: Some(5), ..Limits::default() }).await;
    let to = "to@example.com";
    assert_eq!(world.rcpt(&world.account, to, 4).await, Ok(()));
    let over = world.rcpt(&world.account, to, 5).await.expect_err("a refusal");
    assert_eq!(over.detail.as_deref(), Some("Over the limit of the service account"));
    assert_eq!(world.rcpt(&world.network, to, 9).await, Ok(()), "the account's limit is not the network's");
    assert!(world.rcpt(&world.network, to, 10).await.is_err());
    // Counted at 13:46:40: the minute leaves the window at 14:46:00.
    world.count(world.id.uuid(), 10).await;
    world.count(world.account_id.uuid(), 4).await;
    let over = world.rcpt(&world.account, to, 0).await.expect_err("a refusal");
    assert_eq!((over.rule, over.wait), (Rule::Limit, Some(3_560)));
    assert_eq!(over.detail.as_deref(), Some("Over the limit of the project"));
    world.test.clock.advance(Duration::from_secs(3_560));
    assert_eq!(world.rcpt(&world.account, to, 0).await, Ok(()));
    assert_eq!(limits::used(core, world.id.uuid()).await.expect("counts"), (0, 10));
    world.count(world.id.uuid(), 90).await;
    let over = world.rcpt(&world.network, to, 0).await.expect_err("a refusal");
    // The hour of 13:00 leaves the 24 hours at 13:00 of the next day.
    assert_eq!(over.wait, Some(22 * 3_600 + 14 * 60));
    world.test.clock.advance(Duration::from_secs(32 * 86_400));
    assert!(limits::prune(core, &Actor::System).await.expect("pruned") > 0);
    assert_eq!(limits::hours(core, world.id.uuid(), relay_types::Timestamp(0)).await.expect("hours"), []);
}

#[tokio::test]
async fn a_new_project_is_held_to_the_limit_of_the_sandbox() {
    let world = World::new(true).await;
    let refused = async |already| world.rcpt(&world.network, "a@lab.example", already).await.is_err();
    assert_eq!((refused(19).await, refused(20).await), (false, true));
    let tight = Limits { per_hour: Some(3), ..Limits::default() };
    projects::set_limits(world.core(), &Actor::System, &world.project, tight).await.expect("set");
    assert_eq!(world.mail(&world.network, "a@lab.example").await, None);
    assert_eq!((refused(2).await, refused(3).await), (false, true));
}

#[tokio::test]
async fn a_message_from_the_portal_is_judged_as_one_of_the_project() {
    let world = World::new(true).await;
    let portal = async |from: &str, to: &[&str]| {
        let to: Vec<_> = to.iter().map(|text| address(text)).collect();
        rule(judge_portal(world.core(), world.id, &address(from), &to).await)
    };
    assert_eq!(portal("app@one.example", &["a@lab.example"]).await, None);
    assert_eq!(portal("app@two.example", &["a@lab.example"]).await, Some(Rule::ReversePathNotVerified));
    assert_eq!(portal("app@one.example", &["to@example.com"]).await, Some(Rule::Sandbox));
    projects::suspend(world.core(), &Actor::System, &world.project, "unpaid").await.expect("suspended");
    assert_eq!(portal("app@one.example", &["a@lab.example"]).await, Some(Rule::Suspended));
}

#[tokio::test]
async fn a_suppressed_recipient_is_refused_at_once_also_within_a_transaction() {
    let world = World::new(false).await;
    let (core, to) = (world.core(), "Gone@example.com");
    assert_eq!(world.mail(&world.network, "app@one.example").await, None);
    assert_eq!(world.rcpt(&world.network, to, 0).await, Ok(()));
    let added = suppressions::add(core, &Actor::System, &world.project, "gone@example.com", "left", None).await;
    let refused = world.rcpt(&world.network, to, 1).await.expect_err("a refusal");
    assert_eq!((refused.rule, refused.address.as_deref()), (Rule::SuppressedRecipient, Some(to)));
    assert_eq!(refused.detail.as_deref(), Some("since 2026-11-21: \"left\""));
    assert_eq!(world.rcpt(&world.network, "other@example.com", 1).await, Ok(()));
    suppressions::remove(core, &Actor::System, &world.project, added.expect("added")).await.expect("removed");
    assert_eq!(world.rcpt(&world.network, to, 1).await, Ok(()));
}

#[tokio::test]
async fn a_network_was_used_when_a_message_passed() {
    let world = World::new(false).await;
    let used = async || {
        crate::uses::flush(world.core(), true).await;
        networks::list(world.core(), &Actor::System, &world.project).await.expect("a list")[0].last_used_at
    };
    assert_eq!(world.mail(&world.network, "app@one.example").await, None);
    assert!(world.header(&world.network, &["app@two.example"], None).await.is_some());
    assert_eq!(used().await, None);
    assert_eq!(world.header(&world.network, &["app@one.example"], None).await, None);
    assert_eq!(used().await, Some(world.core().now()));
}

#[tokio::test]
async fn only_operators_prune() {
    let world = World::new(false).await;
    let cast = world.test.cast(world.id, &world.project).await;
    for (actor, refusal) in
        [(&cast.owner, "Forbidden"), (&cast.anonymous, "SignedOut"), (&cast.service_account, "Forbidden")]
    {
        assert_eq!(word(&limits::prune(world.core(), actor).await), refusal, "{actor:?}");
    }
}
