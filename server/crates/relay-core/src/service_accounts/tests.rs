use super::*;
use crate::{
    test_support::{Cast, Test, word},
    uses,
};
use relay_types::{
    Cidr, EmailAddress, SenderPattern,
    limit::Limits,
    service_account::{AccountState, AllowedSenders},
};
use std::{net::IpAddr, time::Duration};
use zeroize::Zeroizing;

pub(crate) fn settings(label: &str) -> ServiceAccountSettings {
    ServiceAccountSettings {
        label: label.to_owned(),
        expires_at: None,
        allowed_cidrs: Vec::new(),
        allowed_senders: AllowedSenders::All,
        default_sender: None,
        may_notify: false,
        cut_through: false,
        limits: Limits::default(),
    }
}

/// An account with its first secret.
struct Account {
    test: Test,
    project: Slug,
    id: ServiceAccountId,
    username: String,
    secret: String,
}

const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 9));

impl Account {
    async fn new() -> Self {
        let test = Test::new().await;
        let (_, project) = test.project("lab").await;
        let (id, issued) = create(&test.core, &Actor::System, &project, settings("app")).await.expect("an account");
        let detail = get(&test.core, &Actor::System, &project, id).await.expect("the account");
        let secret = issued.reveal().to_owned();
        Self { project, id, username: detail.account.username, secret, test }
    }

    async fn sign_in_from(&self, client: IpAddr, username: &str, secret: &str) -> &'static str {
        let secret = Zeroizing::new(secret.to_owned());
        match authenticate(&self.test.core, client, username, secret).await {
            Ok(Actor::ServiceAccount { id, label, .. }) => {
                assert_eq!((id, label.as_str()), (self.id, "app"));
                "in"
            }
            Ok(actor) => panic!("{actor:?}"),
            Err(AuthFailure::Invalid(cause)) => cause,
            Err(AuthFailure::Throttled { .. }) => "throttled",
            Err(AuthFailure::Unavailable) => "unavailable",
        }
    }

    async fn sign_in(&self, secret: &str) -> &'static str {
        self.sign_in_from(CLIENT, &self.username, secret).await
    }

    async fn change(&self, change: impl FnOnce(&mut ServiceAccountSettings)) {
        let mut settings = settings("app");
        change(&mut settings);
        let changed = update(&self.test.core, &Actor::System, &self.project, self.id, settings).await;
        changed.expect("changed");
    }

    async fn detail(&self) -> ServiceAccountDetail {
        get(&self.test.core, &Actor::System, &self.project, self.id).await.expect("the account")
    }
}

#[tokio::test]
async fn a_name_and_secret_are_made_here_and_open_the_door() {
    let account = Account::new().await;
    assert!(account.username.starts_with("sa-") && account.username.len() == 13, "{}", account.username);
    assert_eq!(account.secret.len(), 32);
    let upper = account.username.to_uppercase();
    let long = "x".repeat(300);
    for (username, secret, result) in [
        (account.username.as_str(), account.secret.as_str(), "in"),
        (&format!("{}@example.org", account.username), &account.secret, "in"),
        (&format!("{upper}@EXAMPLE.org"), &account.secret, "in"),
        (&format!("{}@example.com", account.username), &account.secret, "unknown user name"),
        ("sa-nobody", &account.secret, "unknown user name"),
        ("a\0b", &account.secret, "unknown user name"),
        ("", "", "unknown user name"),
        (&long, &account.secret, "unknown user name"),
        (&account.username, "", "wrong secret"),
        (&account.username, "wrong", "wrong secret"),
        (&account.username, &format!("x{}", account.secret), "wrong secret"),
        (&account.username, &account.secret.to_lowercase(), "wrong secret"),
    ] {
        assert_eq!(account.sign_in_from(CLIENT, username, secret).await, result, "{username} {secret}");
    }
}

#[tokio::test]
async fn what_changed_since_the_last_success_is_seen_at_the_next() {
    let account = Account::new().await;
    let enable = async |enabled| {
        set_enabled(&account.test.core, &Actor::System, &account.project, account.id, enabled).await.expect("changed");
    };
    assert_eq!(account.sign_in(&account.secret).await, "in");
    enable(false).await;
    assert_eq!(account.sign_in(&account.secret).await, "the service account is disabled");
    enable(true).await;
    assert_eq!(account.sign_in(&account.secret).await, "in");
    account.change(|settings| settings.allowed_cidrs = vec![Cidr::parse("192.0.2.0/24").expect("a block")]).await;
    assert_eq!(account.sign_in(&account.secret).await, "the service account may not be used from this address");
    let inside = "::ffff:192.0.2.1".parse().expect("an address");
    assert_eq!(account.sign_in_from(inside, &account.username, &account.secret).await, "in");
    let later = account.test.core.now().plus(Duration::from_secs(60));
    account.change(|settings| settings.expires_at = Some(later)).await;
    assert_eq!(account.sign_in(&account.secret).await, "in");
    account.test.clock.advance(Duration::from_secs(60));
    assert_eq!(account.sign_in(&account.secret).await, "the service account has expired");
    assert_eq!(account.detail().await.account.state, AccountState::Expired);
    account.change(|_| {}).await;
    assert_eq!(account.sign_in(&account.secret).await, "in");
    remove(&account.test.core, &Actor::System, &account.project, account.id).await.expect("removed");
    assert_eq!(account.sign_in(&account.secret).await, "the service account was removed");
}

#[tokio::test]
async fn two_secrets_live_while_one_is_rotated() {
    let account = Account::new().await;
    let core = &account.test.core;
    let first = account.detail().await.secrets[0].id;
    let revoke = async |secret| word(&revoke_secret(core, &Actor::System, &account.project, account.id, secret).await);
    assert_eq!(revoke(first).await, "Conflict", "the only secret stays");
    let second = issue_secret(core, &Actor::System, &account.project, account.id).await.expect("a second secret");
    let third = issue_secret(core, &Actor::System, &account.project, account.id).await;
    assert_eq!(word(&third), "Conflict");
    assert_eq!(account.sign_in(&account.secret).await, "in");
    assert_eq!(account.sign_in(second.reveal()).await, "in");
    assert_eq!(revoke(first).await, "Ok");
    assert_eq!(account.sign_in(&account.secret).await, "wrong secret");
    assert_eq!(account.sign_in(second.reveal()).await, "in");
    assert_eq!(revoke(first).await, "NotFound");
    let secrets = account.detail().await.secrets;
    assert_eq!(secrets.iter().map(|one| one.hint.as_str()).collect::<Vec<_>>(), [&second.reveal()[28..]]);
}

#[tokio::test]
async fn guessing_is_throttled_but_a_working_program_goes_on() {
    let account = Account::new().await;
    assert_eq!(account.sign_in(&account.secret).await, "in");
    let mut results = Vec::new();
    for _ in 0..12 {
        results.push(account.sign_in("wrong").await);
    }
    assert_eq!(results.iter().filter(|result| **result == "wrong secret").count(), 10);
    assert_eq!(results[10..], ["throttled", "throttled"]);
    assert_eq!(account.sign_in(&account.secret).await, "in", "it proved itself a short time ago");
    let neighbour = "203.0.113.1".parse().expect("an address");
    for attempt in 0..20 {
        let name = format!("sa-guess{attempt}");
        assert_eq!(account.sign_in_from(neighbour, &name, "wrong").await, "unknown user name");
    }
    assert_eq!(account.sign_in_from(neighbour, "sa-another", "wrong").await, "throttled");
    account.test.clock.advance(Duration::from_secs(3_600));
    assert_eq!(account.sign_in_from(neighbour, "sa-another", "wrong").await, "unknown user name");
}

#[tokio::test]
async fn guesses_at_the_same_time_are_no_more_than_guesses_one_by_one() {
    let account = Account::new().await;
    let from = |number: u8| IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, number));
    let wave = (0..40).map(|number| account.sign_in_from(from(number), &account.username, "wrong"));
    let results = futures_util::future::join_all(wave).await;
    let judged = results.iter().filter(|result| **result == "wrong secret").count();
    // Ten are free, and one more may be at the other place to hash meanwhile.
    assert!((10..=11).contains(&judged), "{judged}");
    assert_eq!(results.iter().filter(|result| **result == "throttled").count(), 40 - judged);
}

#[tokio::test]
async fn right_credentials_of_a_disabled_account_are_no_guess() {
    let account = Account::new().await;
    let core = &account.test.core;
    set_enabled(core, &Actor::System, &account.project, account.id, false).await.expect("disabled");
    for _ in 0..25 {
        assert_eq!(account.sign_in(&account.secret).await, "the service account is disabled");
    }
}

#[tokio::test]
async fn the_last_use_is_kept_per_secret_and_source() {
    let account = Account::new().await;
    let core = &account.test.core;
    let other: IpAddr = "2001:db8::1".parse().expect("an address");
    assert_eq!(account.sign_in(&account.secret).await, "in");
    assert_eq!(account.sign_in_from(other, &account.username, &account.secret).await, "in");
    let first_use = core.now();
    uses::flush(core, false).await;
    let written = async || {
        let detail = account.detail().await;
        let mut sources: Vec<_> = detail.sources.iter().map(|one| (one.address.clone(), one.last_used_at)).collect();
        sources.sort();
        (detail.account.last_used_at, detail.secrets[0].last_used_at, sources)
    };
    let both = |at| vec![("198.51.100.9".to_owned(), at), ("2001:db8::1".to_owned(), first_use)];
    assert_eq!(written().await, (Some(first_use), Some(first_use), both(first_use)));
    // Within a minute nothing is written again, unless it is the end.
    account.test.clock.advance(Duration::from_secs(30));
    assert_eq!(account.sign_in(&account.secret).await, "in");
    uses::flush(core, false).await;
    assert_eq!(written().await.2, both(first_use));
    uses::flush(core, true).await;
    assert_eq!(written().await, (Some(core.now()), Some(core.now()), both(core.now())));
    let sources = account.detail().await.sources;
    assert_eq!(sources.iter().find(|one| one.address == "198.51.100.9").expect("it").first_used_at, first_use);
}

#[tokio::test]
async fn settings_that_cannot_be_used_name_their_field() {
    let account = Account::new().await;
    let core = &account.test.core;
    let pattern = |text: &str| SenderPattern::parse(text).expect(text);
    let address = |text: &str| EmailAddress::parse(text).expect(text);
    let cases: Vec<(ServiceAccountSettings, &str)> = vec![
        (settings("  "), "label"),
        (settings("app"), "Conflict"),
        (settings("other"), "Ok"),
        (ServiceAccountSettings { expires_at: Some(core.now()), ..settings("a") }, "expires_at"),
        (ServiceAccountSettings { allowed_senders: AllowedSenders::Only(vec![]), ..settings("b") }, "allowed_senders"),
        (
            ServiceAccountSettings {
                allowed_senders: AllowedSenders::Only(vec![pattern("noreply+*@d.example")]),
                default_sender: Some(address("a@d.example")),
                ..settings("c")
            },
            "default_sender",
        ),
        (
            ServiceAccountSettings {
                limits: Limits { per_hour: Some(u32::MAX), ..Limits::default() },
                ..settings("d")
            },
            "limit_per_hour",
        ),
    ];
    for (settings, result) in cases {
        let label = settings.label.clone();
        let made = create(core, &Actor::System, &account.project, settings).await.map(|(id, _)| id);
        assert_eq!(word(&made), result, "{label}");
    }
    // A removed account's name is free again.
    remove(core, &Actor::System, &account.project, account.id).await.expect("removed");
    assert!(create(core, &Actor::System, &account.project, settings("app")).await.is_ok());
    let labels: Vec<_> = list(core, &Actor::System, &account.project).await.expect("a list");
    assert_eq!(labels.iter().map(|one| one.label.as_str()).collect::<Vec<_>>(), ["app", "other"]);
}

#[tokio::test]
async fn a_change_is_in_the_audit_trail_without_secrets() {
    let account = Account::new().await;
    account.change(|settings| settings.may_notify = true).await;
    let page = crate::audit::list(&account.test.core, &Actor::System, &account.project, &Default::default())
        .await
        .expect("a page");
    let updated = &page.items[0];
    assert_eq!(updated.action, "service_account.update");
    let changes: Vec<_> = updated.changes.iter().map(|change| change.field.as_str()).collect();
    assert_eq!(changes, ["may_notify"]);
    assert!(!format!("{page:?}").contains(&account.secret));
}

#[tokio::test]
async fn who_may_not_is_refused() {
    let account = Account::new().await;
    let (core, project, id) = (&account.test.core, &account.project, account.id);
    let of = crate::projects::id_of(core, project).await.expect("the project");
    let cast: Cast = account.test.cast(of, project).await;
    let secret = account.detail().await.secrets[0].id;
    for (actor, refusal) in cast.refused(Access::View) {
        assert_eq!(word(&list(core, actor, project).await), refusal, "{actor:?}");
        assert_eq!(word(&get(core, actor, project, id).await), refusal, "{actor:?}");
    }
    for (actor, refusal) in cast.refused(Access::Manage) {
        let made = create(core, actor, project, settings("x")).await.map(|(id, _)| id);
        assert_eq!(word(&made), refusal, "{actor:?}");
        assert_eq!(word(&update(core, actor, project, id, settings("x")).await), refusal, "{actor:?}");
        assert_eq!(word(&set_enabled(core, actor, project, id, false).await), refusal, "{actor:?}");
        assert_eq!(word(&issue_secret(core, actor, project, id).await), refusal, "{actor:?}");
        assert_eq!(word(&revoke_secret(core, actor, project, id, secret).await), refusal, "{actor:?}");
        assert_eq!(word(&remove(core, actor, project, id).await), refusal, "{actor:?}");
    }
    // The neighbour's owner with an id that is not theirs.
    let neighbour = &Slug::parse("lab-neighbour").expect("a slug");
    let outsider = &cast.outsider;
    assert_eq!(word(&get(core, outsider, neighbour, id).await), "NotFound");
    assert_eq!(word(&update(core, outsider, neighbour, id, settings("x")).await), "NotFound");
    assert_eq!(word(&set_enabled(core, outsider, neighbour, id, false).await), "NotFound");
    assert_eq!(word(&issue_secret(core, outsider, neighbour, id).await), "NotFound");
    assert_eq!(word(&revoke_secret(core, outsider, neighbour, id, secret).await), "NotFound");
    assert_eq!(word(&remove(core, outsider, neighbour, id).await), "NotFound");
    assert_eq!(account.sign_in(&account.secret).await, "in");
}

#[tokio::test]
async fn a_secret_that_nobody_was_told_is_replaced_until_it_is() {
    let account = Account::new().await;
    let (core, project, system) = (&account.test.core, &account.project, &Actor::System);
    assert_eq!(untold(core, system, project).await.expect("asked"), []);
    assert_eq!(word(&issue_untold(core, system, project, account.id).await), "NotFound", "all was told");
    let (id, lost) = create_untold(core, system, project, settings("report")).await.expect("made");
    let username = get(core, system, project, id).await.expect("the account").account.username;
    assert_eq!(untold(core, system, project).await.expect("asked"), [id]);
    let kept = issue_untold(core, system, project, id).await.expect("another");
    let opens = async |secret: &IssuedSecret| {
        authenticate(core, CLIENT, &username, Zeroizing::new(secret.reveal().to_owned())).await.is_ok()
    };
    assert!(!opens(&lost).await && opens(&kept).await);
    assert_eq!(untold(core, system, project).await.expect("asked"), [id], "it is not told yet either");
    told(core, system, &[id]).await.expect("told");
    assert_eq!(untold(core, system, project).await.expect("asked"), []);
    assert!(opens(&kept).await);
}

#[tokio::test]
async fn only_the_system_issues_what_a_report_tells() {
    let account = Account::new().await;
    let (core, project) = (&account.test.core, &account.project);
    let of = projects::authorize(core, &Actor::System, project, Access::View).await.expect("the project");
    let cast = account.test.cast(of, project).await;
    for actor in [&cast.owner, &cast.viewer, &cast.outsider, &cast.operator, &cast.anonymous, &cast.service_account] {
        assert!(create_untold(core, actor, project, settings("mine")).await.is_err(), "{actor:?}");
        assert!(untold(core, actor, project).await.is_err(), "{actor:?}");
        assert!(issue_untold(core, actor, project, account.id).await.is_err(), "{actor:?}");
        assert!(told(core, actor, &[account.id]).await.is_err(), "{actor:?}");
    }
}
