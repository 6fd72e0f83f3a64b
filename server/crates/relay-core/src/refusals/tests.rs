use super::{writer::flush, *};
use crate::test_support::{Test, network, service_account, word};

fn refusal(actor: Actor, rule: Rule, address: &str) -> NewRefusal {
    NewRefusal {
        actor,
        rule,
        client: "198.51.100.9".parse().expect("an address"),
        helo: Some("host.example".to_owned()),
        listener: "submission".to_owned(),
        username: None,
        address: Some(address.to_owned()).filter(|address| !address.is_empty()),
        cause: None,
    }
}

fn refuse(core: &Core, refusal: NewRefusal) -> String {
    let code = code_for(core, &refusal);
    record(core, refusal, &code, &format!("550 5.7.1 no: {}", short_url(core, &code)));
    code
}

fn nobody() -> Actor {
    Actor::Anonymous { client: None }
}

async fn listed(test: &Test, project: &Slug) -> Vec<(Rule, u32, Option<String>)> {
    let page = list(&test.core, &Actor::System, project, &RefusalFilter::default()).await.expect("a page");
    page.items.into_iter().map(|row| (row.rule, row.count, row.address)).collect()
}

#[tokio::test]
async fn equal_refusals_within_a_minute_are_one_row_with_one_code() {
    let test = Test::new().await;
    let (id, project) = test.project("lab").await;
    let app = service_account(id);
    let again = || refusal(app.clone(), Rule::ReversePathNotVerified, "a@b.example");
    let first = refuse(&test.core, again());
    assert_eq!(refuse(&test.core, again()), first);
    flush(&test.core).await;
    assert_eq!(refuse(&test.core, again()), first);
    let other = refuse(&test.core, refusal(app.clone(), Rule::ReversePathNotVerified, "c@b.example"));
    assert_ne!(other, first);
    flush(&test.core).await;
    let row = |count, address: &str| (Rule::ReversePathNotVerified, count, Some(address.to_owned()));
    assert_eq!(listed(&test, &project).await, [row(1, "c@b.example"), row(3, "a@b.example")]);
    test.clock.advance(Duration::from_secs(60));
    let later = refuse(&test.core, again());
    assert_ne!(later, first);
    flush(&test.core).await;
    assert_eq!(listed(&test, &project).await.len(), 3);
    assert_eq!(
        counts(&test.core, &Actor::System, &project).await.expect("counts"),
        [(Rule::ReversePathNotVerified, 5)]
    );
    assert_eq!(count_day(&test.core, id).await.expect("a count"), 5);
    assert_eq!(test.core.refusals.take(test.core.now()), []);
}

#[tokio::test]
async fn a_code_given_before_the_minute_ended_still_leads_to_the_refusal() {
    let test = Test::new().await;
    let (id, _) = test.project("lab").await;
    let app = service_account(id);
    let again = || refusal(app.clone(), Rule::Sandbox, "a@b.example");
    let code = code_for(&test.core, &again());
    test.clock.advance(Duration::from_secs(61));
    flush(&test.core).await;
    record(&test.core, again(), &code, "550 5.7.1 no");
    flush(&test.core).await;
    assert_eq!(fix(&test.core, &Actor::System, &code).await.expect("a fix").rule, Rule::Sandbox);
}

#[tokio::test]
async fn what_could_not_be_written_is_written_with_what_came_since() {
    let test = Test::new().await;
    let (id, project) = test.project("lab").await;
    let app = service_account(id);
    let again = || refusal(app.clone(), Rule::Sandbox, "a@b.example");
    let code = refuse(&test.core, again());
    // As after a write that failed: the group goes on under its code.
    let rows = test.core.refusals.take(test.core.now());
    test.core.refusals.put_back(rows);
    assert_eq!(refuse(&test.core, again()), code);
    flush(&test.core).await;
    let row = |count| (Rule::Sandbox, count, Some("a@b.example".to_owned()));
    assert_eq!(listed(&test, &project).await, [row(2)]);
    assert_eq!(test.core.refusals.take(test.core.now()), [], "nothing is left to write");
    // The same when the minute ends between code and reply, twice.
    let other = code_for(&test.core, &again());
    test.clock.advance(Duration::from_secs(61));
    for code in [&other, &code_for(&test.core, &again()), &other] {
        record(&test.core, again(), code, "550 5.7.1 no");
    }
    flush(&test.core).await;
    assert_eq!(test.core.refusals.take(test.core.now()), [], "nothing is left to write");
    assert_eq!(listed(&test, &project).await.iter().map(|row| row.1).sum::<u32>(), 5);
}

#[tokio::test]
async fn a_short_url_leads_those_who_may_see_it() {
    let test = Test::new().await;
    let (id, project) = test.project("lab").await;
    let cast = test.cast(id, &project).await;
    let code = refuse(&test.core, refusal(network(id), Rule::FromNotVerified, "a@b.example"));
    let of_nobody = refuse(&test.core, refusal(nobody(), Rule::AuthenticationRequired, ""));
    flush(&test.core).await;
    assert_eq!(short_url(&test.core, &code), format!("https://mail.example.org/s/{code}"));
    for (actor, own, unassigned) in [
        (&cast.viewer, "Ok", "NotFound"),
        (&cast.operator, "Ok", "Ok"),
        (&cast.outsider, "NotFound", "NotFound"),
        (&cast.service_account, "NotFound", "NotFound"),
        (&cast.anonymous, "SignedOut", "SignedOut"),
    ] {
        assert_eq!(word(&fix(&test.core, actor, &code.to_lowercase()).await), own, "{actor:?}");
        assert_eq!(word(&fix(&test.core, actor, &of_nobody).await), unassigned, "{actor:?}");
    }
    assert_eq!(word(&fix(&test.core, &cast.operator, "00000000").await), "NotFound");
    let fix = fix(&test.core, &cast.viewer, &code).await.expect("a fix");
    assert_eq!(
        (fix.project, fix.rule, fix.address.as_deref()),
        (Some(project), Rule::FromNotVerified, Some("a@b.example"))
    );
}

#[tokio::test]
async fn a_failed_auth_is_shown_to_the_project_whose_account_was_tried() {
    let test = Test::new().await;
    let (_, project) = test.project("lab").await;
    let settings = relay_types::service_account::ServiceAccountSettings {
        label: "app".to_owned(),
        expires_at: None,
        allowed_cidrs: Vec::new(),
        allowed_senders: relay_types::service_account::AllowedSenders::All,
        default_sender: None,
        may_notify: false,
        cut_through: false,
        limits: Default::default(),
    };
    crate::service_accounts::create(&test.core, &Actor::System, &project, settings).await.expect("an account");
    let name =
        crate::service_accounts::list(&test.core, &Actor::System, &project).await.expect("a list")[0].username.clone();
    for username in [format!("{name}@example.org"), "sa-nobody".to_owned(), "a\0b\r\n".to_owned()] {
        let tried = NewRefusal { username: Some(username), ..refusal(nobody(), Rule::CredentialsInvalid, "") };
        refuse(&test.core, tried);
    }
    flush(&test.core).await;
    assert_eq!(listed(&test, &project).await, [(Rule::CredentialsInvalid, 1, None)]);
    let all = RefusalFilter::default();
    let unassigned = list_unassigned(&test.core, &Actor::System, &all).await.expect("a page");
    assert_eq!(unassigned.items.len(), 2);
}

#[tokio::test]
async fn causes_are_told_apart_though_the_replies_are_the_same() {
    let test = Test::new().await;
    let (id, project) = test.project("lab").await;
    for cause in ["wrong secret", "the service account is disabled", "wrong secret"] {
        let cause = Some(cause);
        refuse(&test.core, NewRefusal { cause, ..refusal(service_account(id), Rule::CredentialsInvalid, "") });
    }
    flush(&test.core).await;
    let page = list(&test.core, &Actor::System, &project, &RefusalFilter::default()).await.expect("a page");
    let mut rows: Vec<_> = page.items.into_iter().map(|row| (row.cause, row.count)).collect();
    rows.sort_unstable();
    let row = |cause: &str, count| (Some(cause.to_owned()), count);
    // Two actors, as `service_account` makes a new one each time, are told apart by their labels alone.
    assert_eq!(rows, [row("the service account is disabled", 1), row("wrong secret", 2)]);
}

#[tokio::test]
async fn a_flood_is_counted_in_few_rows() {
    let test = Test::new().await;
    for host in 0..2_000u32 {
        let client = IpAddr::from(host.to_be_bytes());
        refuse(&test.core, NewRefusal { client, ..refusal(nobody(), Rule::AuthenticationRequired, "") });
    }
    let rows = test.core.refusals.take(test.core.now());
    assert_eq!(rows.len(), 513);
    assert_eq!(rows.iter().map(|row| row.count).sum::<i32>(), 2_000);
}

#[tokio::test]
async fn a_list_is_narrowed_and_paged() {
    let test = Test::new().await;
    let (id, project) = test.project("lab").await;
    for n in 0..55 {
        refuse(&test.core, refusal(service_account(id), Rule::Sandbox, &format!("user_{n}@b.example")));
    }
    refuse(&test.core, refusal(service_account(id), Rule::Limit, "User%@b.example"));
    flush(&test.core).await;
    let page = async |filter: RefusalFilter| list(&test.core, &Actor::System, &project, &filter).await.expect("a page");
    let first = page(RefusalFilter::default()).await;
    assert_eq!(first.items.len(), 50);
    let second = page(RefusalFilter { after: first.next, ..Default::default() }).await;
    assert_eq!((second.items.len(), second.next), (6, None));
    assert!(second.items[0].id < first.items[49].id);
    assert_eq!(page(RefusalFilter { rule: Some(Rule::Limit), ..Default::default() }).await.items.len(), 1);
    for (search, found) in [("USER_1@", 1), ("user%@", 1), ("_1@", 1), ("198.51", 50), ("nothing", 0)] {
        let filter = RefusalFilter { search: Some(search.to_owned()), ..Default::default() };
        assert_eq!(page(filter).await.items.len(), found, "{search}");
    }
    test.clock.advance(Duration::from_secs(31 * 86_400));
    assert_eq!(prune(&test.core, &Actor::System).await.expect("pruned"), 56);
}

#[tokio::test]
async fn who_may_not_is_refused() {
    let test = Test::new().await;
    let (id, project) = test.project("lab").await;
    let cast = test.cast(id, &project).await;
    let all = RefusalFilter::default();
    for (actor, refusal) in cast.refused(Access::View) {
        assert_eq!(word(&list(&test.core, actor, &project, &all).await), refusal, "{actor:?}");
        assert_eq!(word(&counts(&test.core, actor, &project).await), refusal, "{actor:?}");
    }
    for actor in [&cast.owner, &cast.member, &cast.service_account, &cast.network] {
        assert_eq!(word(&list_unassigned(&test.core, actor, &all).await), "Forbidden", "{actor:?}");
        assert_eq!(word(&prune(&test.core, actor).await), "Forbidden", "{actor:?}");
    }
    assert_eq!(word(&list_unassigned(&test.core, &cast.anonymous, &all).await), "SignedOut");
    assert_eq!(word(&list_unassigned(&test.core, &cast.operator, &all).await), "Ok");
}
