//! Many at once, and what expires.

use super::*;

async fn fill(test: &Test, project: &Slug, addresses: usize, domain: &str) {
    let lines: Vec<String> = (0..addresses).map(|number| format!("u{number:05}@{domain},gone")).collect();
    import::imported(test, project, &lines.join("\n")).await;
}

async fn how_many(test: &Test, project: &Slug, search: Option<&str>) -> u64 {
    let filter = SuppressionFilter { search: search.map(str::to_owned), ..Default::default() };
    count(&test.core, &Actor::System, project, &filter).await.expect("a count")
}

#[tokio::test]
async fn what_a_search_finds_is_paged_and_removed_and_nothing_else() {
    let test = Test::new().await;
    let (_, project) = test.project("lab").await;
    let (_, other) = test.project("other").await;
    fill(&test, &project, 2_345, "one.example").await;
    fill(&test, &project, 120, "two.example").await;
    fill(&test, &other, 10, "one.example").await;
    assert_eq!(how_many(&test, &project, None).await, 2_465);
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let filter = SuppressionFilter { search: Some("u0011".to_owned()), after, size: PageSize::default() };
        let page = list(&test.core, &Actor::System, &project, &filter).await.expect("a page");
        seen.extend(page.items.into_iter().map(|one| one.address.to_string()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 20);
    assert!(seen.is_sorted());
    let removed = async |search: Option<&str>| {
        let filter = SuppressionFilter { search: search.map(str::to_owned), ..Default::default() };
        remove_matching(&test.core, &Actor::System, &project, &filter).await.expect("removed")
    };
    assert_eq!(removed(Some("u0011")).await, 20);
    assert_eq!(removed(Some("@two.example")).await, 110);
    assert_eq!(how_many(&test, &project, None).await, 2_335);
    for nothing in ["\0", " ", "\u{7f}\t"] {
        let filter = SuppressionFilter { search: Some(nothing.to_owned()), ..Default::default() };
        assert_eq!(
            word(&remove_matching(&test.core, &Actor::System, &project, &filter).await),
            "search",
            "{nothing:?}"
        );
    }
    assert_eq!(how_many(&test, &project, None).await, 2_335);
    assert_eq!(removed(None).await, 2_335);
    assert_eq!((how_many(&test, &project, None).await, how_many(&test, &other, None).await), (0, 10));
    assert!(test.audited().await[0].contains("suppression.remove_many"));
}

#[tokio::test]
async fn those_that_are_chosen_are_removed_each_with_an_entry() {
    let test = Test::new().await;
    let (_, project) = test.project("lab").await;
    fill(&test, &project, 5, "one.example").await;
    let page = list(&test.core, &Actor::System, &project, &SuppressionFilter::default()).await.expect("a page");
    let ids: Vec<_> = page.items.iter().take(3).map(|one| one.id).collect();
    let chosen = async |ids: &[SuppressionId]| remove_chosen(&test.core, &Actor::System, &project, ids).await;
    assert_eq!(chosen(&ids).await.expect("removed"), 3);
    assert_eq!(chosen(&ids).await.expect("gone"), 0);
    assert_eq!(word(&chosen(&[]).await), "ids");
    assert_eq!(word(&chosen(&vec![ids[0]; 101]).await), "ids");
    assert_eq!(how_many(&test, &project, None).await, 2);
    assert_eq!(test.audited().await.iter().filter(|line| line.contains("suppression.remove")).count(), 3);
}

#[tokio::test]
async fn each_kind_ends_when_its_setting_says_and_is_refused_no_more_from_that_moment() {
    let test = Test::with(|config| config.suppressions.no_mail = None).await;
    let (id, project) = test.project("lab").await;
    let said = |enhanced| Cause::Recipient(Reply::new(550, enhanced, "no"));
    for (to, enhanced) in [("a@e.example", (5, 1, 1)), ("b@e.example", (5, 2, 1)), ("c@e.example", (5, 1, 10))] {
        fails(&test, Some(id), portal(), &[to], said(enhanced)).await;
    }
    let days = |days: u64| Duration::from_secs(days * 86_400);
    let until = test.core.now().plus(days(3));
    add(&test.core, &Actor::System, &project, "d@e.example", "on leave", Some(until)).await.expect("added");
    let past = add(&test.core, &Actor::System, &project, "e@e.example", "x", Some(test.core.now())).await;
    assert_eq!(word(&past), "expires_at");
    let left = async || -> String {
        let mut left = String::new();
        for name in ["a", "b", "c", "d"] {
            let to = address(&format!("{name}@e.example"));
            if of_address(&test.core, id, &to).await.expect("a verdict").is_some() {
                left += name;
            }
        }
        assert_eq!(left.len(), listed(&test, &project, SuppressionFilter::default()).await.len());
        left
    };
    assert_eq!(left().await, "abcd");
    test.clock.advance(days(3));
    assert_eq!(left().await, "abc");
    // Listed anew, with the new reason, before the old entry is removed.
    add(&test.core, &Actor::System, &project, "d@e.example", "left", None).await.expect("added again");
    test.clock.advance(days(11));
    assert_eq!(left().await, "acd");
    assert_eq!(prune(&test.core, &Actor::System).await.expect("pruned"), 1);
    test.clock.advance(days(76));
    assert_eq!(left().await, "cd");
    assert_eq!(prune(&test.core, &Actor::System).await.expect("pruned"), 1);
    test.clock.advance(days(4_000));
    assert_eq!(left().await, "cd");
    let cast = test.cast(id, &project).await;
    assert_eq!(word(&prune(&test.core, &cast.owner).await), "Forbidden");
}

#[tokio::test]
async fn the_story_says_who_was_listed_and_until_when() {
    let test = Test::new().await;
    let (id, project) = test.project("lab").await;
    let message = fails(&test, Some(id), portal(), &["Gone@e.example"], unknown("User unknown")).await;
    let told = async |message| {
        let detail = crate::messages::get(&test.core, &Actor::System, &project, message).await.expect("the message");
        let lines = detail.events.into_iter().filter(|event| matches!(event.kind, EventKind::Suppressed { .. }));
        lines.map(|event| event.kind).collect::<Vec<_>>()
    };
    let until = Some(test.core.now().plus(Duration::from_secs(90 * 86_400)));
    assert_eq!(told(message).await, [EventKind::Suppressed { address: address("gone@e.example"), until }]);
    let again = fails(&test, Some(id), portal(), &["gone@e.example"], unknown("User unknown")).await;
    assert_eq!(told(again).await, [], "it was listed before");
}

#[tokio::test]
async fn simulated_recipients_are_on_no_list() {
    let test = Test::new().await;
    let (id, project) = test.project("lab").await;
    let bounce = "bounce@simulator.relay.example.org";
    let message = fails(&test, Some(id), portal(), &[bounce], unknown("Simulated")).await;
    assert_eq!(listed(&test, &project, SuppressionFilter::default()).await, []);
    assert_eq!(word(&add(&test.core, &Actor::System, &project, bounce, "x", None).await), "address");
    let detail = crate::messages::get(&test.core, &Actor::System, &project, message).await.expect("the message");
    assert!(!detail.events.iter().any(|event| matches!(event.kind, EventKind::Suppressed { .. })));
}
