//! Projects: who may do what, and what is stored.

use super::*;
use crate::{
    Access,
    config::PlatformRoute,
    test_support::{Test, id_of as id_of_person, word},
};
use relay_types::{
    EmailAddress,
    limit::Limits,
    route::{Route, RouteChange, RouteKind, Smarthost, SmarthostTls},
};

#[tokio::test]
async fn authorize_refuses_by_the_matrix() {
    let test = Test::new().await;
    let (id, slug) = test.project("acme").await;
    let cast = test.cast(id, &slug).await;
    for access in [Access::View, Access::Manage, Access::Administer, Access::Operate] {
        for (actor, expected) in cast.refused(access) {
            assert_eq!(word(&authorize(&test.core, actor, &slug, access).await), expected, "{actor:?} {access:?}");
        }
        assert_eq!(authorize(&test.core, &cast.operator, &slug, access).await.expect("operator"), id);
        assert_eq!(authorize(&test.core, &Actor::System, &slug, access).await.expect("system"), id);
    }
    for (actor, access) in
        [(&cast.viewer, Access::View), (&cast.member, Access::Manage), (&cast.owner, Access::Administer)]
    {
        assert_eq!(authorize(&test.core, actor, &slug, access).await.expect("a member"), id);
    }
    let nowhere = Slug::parse("nowhere").expect("a slug");
    assert_eq!(word(&authorize(&test.core, &cast.operator, &nowhere, Access::View).await), "NotFound");
    assert_eq!(word(&authorize(&test.core, &cast.anonymous, &nowhere, Access::View).await), "SignedOut");
}

fn smarthost(host: &str, tls: SmarthostTls, username: Option<&str>, password: Option<&str>) -> RouteChange {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    RouteChange::Smarthost {
        host: host.to_owned(),
        port: 587,
        tls,
        username: owned(username),
        password: owned(password),
    }
}

async fn shown(test: &Test, slug: &Slug) -> relay_types::project::Project {
    frame(&test.core, &Actor::System, slug).await.expect("a frame").project
}

#[tokio::test]
async fn refusals_by_the_matrix() {
    let test = Test::new().await;
    let (id, slug) = test.project("acme").await;
    let cast = test.cast(id, &slug).await;
    let core = &test.core;
    for (actor, expected) in cast.refused(Access::View) {
        assert_eq!(word(&frame(core, actor, &slug).await), expected, "{actor:?}");
        assert_eq!(word(&limit_use(core, actor, &slug).await), expected, "{actor:?}");
    }
    for (actor, expected) in cast.refused(Access::Administer) {
        assert_eq!(word(&rename(core, actor, &slug, "New").await), expected, "{actor:?}");
        assert_eq!(word(&set_bounce_contact(core, actor, &slug, None).await), expected, "{actor:?}");
        assert_eq!(word(&set_route(core, actor, &slug, RouteChange::Capture).await), expected, "{actor:?}");
    }
    for (actor, expected) in cast.refused(Access::Operate) {
        assert_eq!(word(&set_limits(core, actor, &slug, Limits::default()).await), expected, "{actor:?}");
        assert_eq!(word(&set_sandbox(core, actor, &slug, true).await), expected, "{actor:?}");
        assert_eq!(word(&set_sandbox(core, actor, &slug, false).await), expected, "{actor:?}");
        assert_eq!(word(&suspend(core, actor, &slug, "spam").await), expected, "{actor:?}");
        assert_eq!(word(&resume(core, actor, &slug).await), expected, "{actor:?}");
    }
    for (actor, expected) in [
        (&cast.anonymous, "SignedOut"),
        (&cast.owner, "Forbidden"),
        (&cast.service_account, "Forbidden"),
        (&cast.network, "Forbidden"),
    ] {
        let other = Slug::parse("other").expect("a slug");
        assert_eq!(word(&create(core, actor, "Other", other, false).await), expected, "{actor:?}");
        assert_eq!(word(&list(core, actor).await), expected, "{actor:?}");
    }
}

#[tokio::test]
async fn a_project_is_made_once_with_a_name_and_a_slug() {
    let test = Test::new().await;
    let operator = test.operator("op@example.org").await;
    let slug = || Slug::parse("acme").expect("a slug");
    assert_eq!(word(&create(&test.core, &operator, " ", slug(), false).await), "name");
    assert_eq!(word(&create(&test.core, &operator, &"x".repeat(81), slug(), false).await), "name");
    assert_eq!(word(&create(&test.core, &operator, "a\nb", slug(), false).await), "name");
    assert_eq!(word(&create(&test.core, &operator, " Acme ", slug(), true).await), "Ok");
    assert_eq!(word(&create(&test.core, &operator, "Other", slug(), true).await), "slug");
    let project = shown(&test, &slug()).await;
    assert_eq!((project.name.as_str(), project.sandbox, project.route), ("Acme", true, Route::Platform(RouteKind::Mx)));
    assert_eq!(test.audited().await, ["op@example.org project.create acme"]);
}

#[tokio::test]
async fn a_frame_shows_what_the_one_who_asks_may_do() {
    let test = Test::new().await;
    let (id, slug) = test.project("acme").await;
    let cast = test.cast(id, &slug).await;
    for (actor, expected) in [
        (&cast.viewer, (false, false, false)),
        (&cast.member, (true, false, false)),
        (&cast.owner, (true, true, false)),
        (&cast.operator, (true, true, true)),
    ] {
        let frame = frame(&test.core, actor, &slug).await.expect("a frame");
        let can = frame.abilities;
        assert_eq!((can.manage, can.administer, can.operate), expected, "{actor:?}");
        assert_eq!(frame.members, 3);
    }
}

#[tokio::test]
async fn settings_are_stored_and_audited_with_before_and_after() {
    let test = Test::new().await;
    let (id, slug) = test.project("acme").await;
    let cast = test.cast(id, &slug).await;
    let core = &test.core;
    rename(core, &cast.owner, &slug, "Acme Ltd").await.expect("renamed");
    let contact = EmailAddress::parse("ops@example.org").expect("an address");
    set_bounce_contact(core, &cast.owner, &slug, Some(contact.clone())).await.expect("set");
    let limits = Limits { per_hour: Some(100), per_day: None, ..Limits::default() };
    set_limits(core, &cast.operator, &slug, limits).await.expect("set");
    set_sandbox(core, &cast.operator, &slug, true).await.expect("set");
    let project = shown(&test, &slug).await;
    assert_eq!(project.name, "Acme Ltd");
    assert_eq!(project.bounce_contact, Some(contact));
    assert_eq!(project.limits, limits);
    assert!(project.sandbox);

    let page = audit::list(core, &cast.viewer, &slug, &Default::default()).await.expect("entries");
    let renamed = page.items.iter().find(|entry| entry.action == "project.rename").expect("an entry");
    let expected =
        FieldChange { field: "name".to_owned(), before: Some("acme".to_owned()), after: Some("Acme Ltd".to_owned()) };
    assert_eq!(renamed.changes, [expected]);
    assert_eq!(renamed.client.as_deref(), Some("192.0.2.7"));

    let entries = test.audited().await.len();
    rename(core, &cast.owner, &slug, "Acme Ltd").await.expect("nothing to do");
    assert_eq!(test.audited().await.len(), entries, "what changes nothing is not audited");
}

#[tokio::test]
async fn the_sandbox_lowers_the_limit_in_force() {
    let test = Test::new().await;
    let (id, slug) = test.project_in_sandbox("acme", true).await;
    let per_hour = async || standing(&test.core, id).await.expect("standing").limits.per_hour;
    let set = async |limit| {
        let limits = Limits { per_hour: Some(limit), per_day: None, ..Limits::default() };
        set_limits(&test.core, &Actor::System, &slug, limits).await.expect("set");
    };
    assert_eq!(per_hour().await, Some(20));
    set(5).await;
    assert_eq!(per_hour().await, Some(5));
    set(500).await;
    assert_eq!(per_hour().await, Some(20));
    set_sandbox(&test.core, &Actor::System, &slug, false).await.expect("live");
    assert_eq!(per_hour().await, Some(500));
    let used = limit_use(&test.core, &Actor::System, &slug).await.expect("use");
    assert_eq!((used.limits.per_hour, used.last_hour, used.last_day), (Some(500), 0, 0));
    let too_many = Limits { per_hour: None, per_day: Some(u32::MAX), ..Limits::default() };
    assert_eq!(word(&set_limits(&test.core, &Actor::System, &slug, too_many).await), "per_day");
}

#[tokio::test]
async fn a_suspension_has_a_reason_that_fits_a_reply() {
    let test = Test::new().await;
    let (id, slug) = test.project("acme").await;
    let core = &test.core;
    for reason in ["", " ", "two\r\nlines", "grüße", &"x".repeat(201)] {
        assert_eq!(word(&suspend(core, &Actor::System, &slug, reason).await), "reason", "{reason}");
    }
    suspend(core, &Actor::System, &slug, " complaints ").await.expect("suspended");
    let suspended = standing(core, id).await.expect("standing").suspended.expect("suspended");
    assert_eq!((suspended.reason.as_str(), suspended.since), ("complaints", core.now()));
    test.clock.advance(std::time::Duration::from_secs(60));
    suspend(core, &Actor::System, &slug, "more complaints").await.expect("a new reason");
    assert_eq!(standing(core, id).await.expect("standing").suspended.expect("suspended").since, suspended.since);
    resume(core, &Actor::System, &slug).await.expect("resumed");
    assert_eq!(standing(core, id).await.expect("standing").suspended, None);
}

#[tokio::test]
async fn a_route_is_judged_at_the_field() {
    use SmarthostTls::{Implicit, Opportunistic, Starttls};
    let test = Test::new().await;
    let (_, slug) = test.project("acme").await;
    for (change, expected) in [
        (RouteChange::Mx, "Ok"),
        (RouteChange::Capture, "Ok"),
        (RouteChange::Platform, "Ok"),
        (smarthost("smtp.example.org", Opportunistic, None, None), "Ok"),
        (smarthost("SMTP.example.org.", Starttls, None, None), "Ok"),
        (smarthost("192.0.2.1", Implicit, Some("u"), Some("p")), "Ok"),
        (smarthost("[2001:db8::1]", Implicit, Some(""), Some("")), "Ok"),
        (smarthost("", Starttls, None, None), "host"),
        (smarthost("smtp", Starttls, None, None), "host"),
        (smarthost("smtp.example.org/x", Starttls, None, None), "host"),
        (smarthost("a b.example.org", Starttls, None, None), "host"),
        (smarthost("smtp.example.org", Opportunistic, Some("u"), Some("p")), "username"),
        (smarthost("smtp.example.org", Starttls, None, Some("p")), "username"),
        (smarthost("smtp.example.org", Starttls, Some("u\nv"), Some("p")), "username"),
        (smarthost("smtp.example.org", Starttls, Some("u"), None), "password"),
        (smarthost("smtp.example.org", Starttls, Some("u"), Some("p\0q")), "password"),
    ] {
        let said = format!("{change:?}");
        assert_eq!(word(&set_route(&test.core, &Actor::System, &slug, change).await), expected, "{said}");
    }
    let mut port = smarthost("smtp.example.org", Starttls, None, None);
    if let RouteChange::Smarthost { port, .. } = &mut port {
        *port = 0;
    }
    assert_eq!(word(&set_route(&test.core, &Actor::System, &slug, port).await), "port");
}

#[tokio::test]
async fn only_an_operator_makes_this_machine_a_smarthost() {
    let test = Test::new().await;
    let (id, slug) = test.project("acme").await;
    let cast = test.cast(id, &slug).await;
    let tls = SmarthostTls::Opportunistic;
    let set =
        async |actor: &Actor, host| word(&set_route(&test.core, actor, &slug, smarthost(host, tls, None, None)).await);
    let others_only = async || match route(&test.core, id).await.expect("a route") {
        Some(PlatformRoute::Smarthost(access)) => access.others_only,
        _ => panic!("a smarthost"),
    };
    for here in ["127.0.0.1", "[::1]", "::ffff:127.0.0.1", "0.0.0.0", "169.254.169.254"] {
        assert_eq!(set(&cast.owner, here).await, "host", "{here}");
    }
    assert_eq!(set(&cast.owner, "10.0.0.1").await, "Ok", "the organisation's own networks");
    // What a name leads to is seen when mail goes there.
    assert_eq!(set(&cast.owner, "smtp.example.org").await, "Ok");
    assert!(others_only().await);
    assert_eq!(set(&cast.operator, "127.0.0.1").await, "Ok");
    assert_eq!(set(&cast.owner, "127.0.0.1").await, "Ok", "an owner may keep it");
    assert!(!others_only().await);
    assert_eq!(set(&cast.owner, "127.0.0.2").await, "host");
    // What an owner chose becomes an operator's choice when the operator saves the same.
    assert_eq!(set(&cast.owner, "smtp.example.org").await, "Ok");
    assert!(others_only().await);
    assert_eq!(set(&cast.operator, "smtp.example.org").await, "Ok");
    assert!(!others_only().await);
}

#[tokio::test]
async fn the_password_of_a_smarthost_is_sealed_kept_for_its_host_and_never_shown() {
    let test = Test::new().await;
    let (id, slug) = test.project("acme").await;
    let core = &test.core;
    let set = async |change| word(&set_route(core, &Actor::System, &slug, change).await);
    let credentials = async || match route(core, id).await.expect("a route") {
        Some(PlatformRoute::Smarthost(access)) => access.credentials.map(|(name, secret)| (name, secret.to_string())),
        _ => None,
    };
    let stored = Some(("relay".to_owned(), "hush hush".to_owned()));
    let tls = SmarthostTls::Starttls;
    assert_eq!(set(smarthost("smtp.example.org", tls, Some("relay"), Some("hush hush"))).await, "Ok");
    assert_eq!(credentials().await, stored);
    assert_eq!(set(smarthost("smtp.example.org", SmarthostTls::Implicit, Some("relay"), None)).await, "Ok");
    assert_eq!(credentials().await, stored, "kept for the same host and user name");
    assert_eq!(set(smarthost("evil.example", tls, Some("relay"), None)).await, "password");
    assert_eq!(set(smarthost("smtp.example.org", tls, Some("other"), None)).await, "password");
    assert_eq!(credentials().await, stored);

    let entries = test.audited().await.len();
    assert_eq!(
        set(smarthost("smtp.example.org", SmarthostTls::Implicit, Some("relay"), Some("hush hush"))).await,
        "Ok"
    );
    assert_eq!(test.audited().await.len(), entries, "the same once more changes nothing");

    let shown = shown(&test, &slug).await.route;
    let expected = Smarthost {
        host: "smtp.example.org".to_owned(),
        port: 587,
        tls: SmarthostTls::Implicit,
        username: Some("relay".to_owned()),
    };
    assert_eq!(shown, Route::Smarthost(expected));
    let entries = audit::list_all(core, &Actor::System, &Default::default()).await.expect("entries");
    assert!(!format!("{entries:?}").contains("hush"));
    let row = crate::tables::project::Entity::find_by_id(id.uuid()).one(core.db.read()).await;
    let row = row.expect("read").expect("a row");
    assert!(!row.route.contains("hush"));
    assert!(row.route_password_sealed.is_some_and(|sealed| !sealed.windows(4).any(|part| part == b"hush")));

    assert_eq!(set(RouteChange::Platform).await, "Ok");
    assert!(route(core, id).await.expect("a route").is_none());
}

#[tokio::test]
async fn the_operator_sees_all_projects_by_name() {
    let test = Test::new().await;
    let (id, slug) = test.project("zulu").await;
    test.project("acme").await;
    let cast = test.cast(id, &slug).await;
    let rows = list(&test.core, &cast.operator).await.expect("rows");
    let seen: Vec<_> = rows.iter().map(|row| (row.project.slug.as_str(), row.members)).collect();
    assert_eq!(seen, [("acme", 0), ("zulu", 3), ("zulu-neighbour", 1)]);
}

#[tokio::test]
async fn the_contact_hears_of_warnings_or_else_the_owners_who_can_sign_in() {
    let test = Test::new().await;
    let (id, slug) = test.project("acme").await;
    let cast = test.cast(id, &slug).await;
    let locked = test.member(id, "locked@acme.example", Role::Owner).await;
    crate::users::set_disabled(&test.core, &cast.operator, id_of_person(&locked), true).await.expect("locked");
    let contacts = async || -> Vec<String> {
        let found = contacts(&test.core, id).await.expect("contacts");
        found.iter().map(ToString::to_string).collect()
    };
    assert_eq!(contacts().await, ["owner@acme.example"]);
    let contact = EmailAddress::parse("ops@example.org").expect("an address");
    set_bounce_contact(&test.core, &cast.owner, &slug, Some(contact)).await.expect("set");
    assert_eq!(contacts().await, ["ops@example.org"]);
}
