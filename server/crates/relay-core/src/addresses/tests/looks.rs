//! Looks at DNS: what is stored of an answer, and what of none.

use super::*;
use relay_dns::{FixedAnswers, Resolver};
use relay_types::reverse::Fcrdns;

async fn world(answers: &FixedAnswers) -> World {
    World::with(Test::with_resolver(Resolver::fixed(answers.clone()), |_| {}).await).await
}

const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

#[tokio::test]
async fn a_look_shows_the_names_and_what_they_point_to() {
    let answers = FixedAnswers::new();
    let world = world(&answers).await;
    let id = world.assigned("192.0.2.7", "acme").await;
    let look = async || {
        world.test.clock.advance(Duration::from_secs(5));
        check(world.core(), &world.cast.member, Some(&world.slug), id).await.expect("a look")
    };
    let seen = look().await;
    assert_eq!((seen.address.fcrdns, seen.address.found), (Some(Fcrdns::Permerror), Some(vec![])));
    assert_eq!(seen.address.checked_at, Some(world.core().now()));

    answers.set_ptr(IP, &["www.acme.example", "other.acme.example"]);
    answers.set_addresses("www.acme.example", &[IP]);
    let seen = look().await;
    assert_eq!(seen.address.fcrdns, Some(Fcrdns::Pass));
    assert_eq!(seen.address.found, Some(vec!["other.acme.example".to_owned(), "www.acme.example".to_owned()]));
    assert_eq!(seen.forward.expect("an answer").name, "www.acme.example", "the one that points back");
    assert_eq!(seen.forward_record, None);

    answers.forget("www.acme.example");
    let seen = look().await;
    assert_eq!(seen.address.fcrdns, Some(Fcrdns::Fail));
    assert_eq!(seen.forward_record.as_deref(), Some("other.acme.example. 3600 IN A 192.0.2.7"));

    answers.set_ptr(IP, &["not_a_host.acme.example"]);
    assert_eq!(look().await.address.fcrdns, Some(Fcrdns::Fail), "such a name points nowhere");
}

#[tokio::test]
async fn servers_that_do_not_answer_take_nothing_away() {
    let answers = FixedAnswers::new();
    let world = world(&answers).await;
    let id = world.assigned("192.0.2.7", "acme").await;
    answers.set_ptr(IP, &["www.acme.example"]).set_addresses("www.acme.example", &[IP]);
    check(world.core(), &world.cast.desk, None, id).await.expect("a look");
    world.test.clock.advance(Duration::from_secs(5));
    answers.set_temporary_failure("7.2.0.192.in-addr.arpa", "no answer in 6 s");
    let seen = check(world.core(), &world.cast.desk, None, id).await.expect("a look");
    assert_eq!(seen.address.fcrdns, Some(Fcrdns::Temperror));
    assert_eq!(seen.address.found, Some(vec!["www.acme.example".to_owned()]), "still known");
    assert!(seen.ptr.expect("an answer").servers[0].said.contains("no answer in 6 s"));
}

#[tokio::test]
async fn a_name_whose_forward_record_is_back_is_in_question_no_longer() {
    let answers = FixedAnswers::new();
    let world = world(&answers).await;
    let id = world.assigned("192.0.2.7", "acme").await;
    world.name(id, "www.acme.example").await;
    let since = Set(Some(world.core().now().0));
    let change =
        ActiveModel { id: Set(id.uuid()), missing_since: since.clone(), warned_at: since, ..Default::default() };
    change.update(world.core().db.read()).await.expect("stored");
    answers.set_ptr(IP, &["www.acme.example"]);
    let seen = check(world.core(), &world.cast.desk, None, id).await.expect("a look");
    assert!(seen.address.loses_name_at.is_some());
    assert_eq!(seen.forward.expect("an answer").name, "www.acme.example");
    answers.set_addresses("www.acme.example", &[IP]);
    world.test.clock.advance(Duration::from_secs(5));
    let seen = check(world.core(), &world.cast.desk, None, id).await.expect("a look");
    assert_eq!(seen.address.loses_name_at, None);
}

#[tokio::test]
async fn nobody_asks_twice_in_five_seconds_nor_about_a_prefix() {
    let answers = FixedAnswers::new();
    let world = world(&answers).await;
    let id = world.assigned("192.0.2.7", "acme").await;
    let prefix = world.assigned("2001:db8:1::/48", "acme").await;
    let ask = async |id| word(&check(world.core(), &world.cast.desk, None, id).await);
    assert_eq!(ask(id).await, "Ok");
    world.test.clock.advance(Duration::from_millis(4_999));
    assert_eq!(ask(id).await, "TooMany");
    world.test.clock.advance(Duration::from_millis(1));
    let (one, other) = tokio::join!(ask(id), ask(id));
    assert!([one, other].contains(&"Ok") && [one, other].contains(&"TooMany"), "{one} {other}");
    assert_eq!(ask(prefix).await, "Conflict");
}
