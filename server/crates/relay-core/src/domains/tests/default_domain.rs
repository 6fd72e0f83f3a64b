//! The operator's default domain.

use super::*;

#[tokio::test]
async fn the_default_domain_is_replaced_with_its_keys() {
    let world = World::new().await;
    let core = &world.test.core;
    assert!(default_domain(core, &Actor::System).await.expect("a look").is_none());
    assert_eq!(word(&check_default(core, &Actor::System).await), "NotFound");
    for domain in ["one.example", "two.example", "two.example"] {
        set_default_domain(core, &Actor::System, name(domain)).await.expect("set");
    }
    let detail = default_domain(core, &Actor::System).await.expect("a look").expect("a domain");
    assert_eq!((detail.domain.name, detail.keys.len()), (name("two.example"), 2));
    assert!(!world.may_send("a@two.example").await, "it signs; it is no project's sender");
    let record = detail.keys[0].record.clone();
    world.answers.set_txt(&record.name, &[&record.value]);
    let checked = check_default(core, &Actor::System).await.expect("checked");
    assert_eq!(checked.keys[0].state, DkimKeyState::Active);
    assert!(checked.domain.signed && checked.domain.checked_at.is_some());
    assert_eq!(list(core, &Actor::System, &world.project).await.expect("a list"), []);
}

#[tokio::test]
async fn there_is_one_default_domain() {
    let test = Test::new().await;
    let transaction = test.core.db.begin().await.expect("a transaction");
    for (domain, expected) in [("one.example", "Ok"), ("two.example", "Conflict")] {
        let verified = Verification::Verified;
        let one = insert(&test.core, &transaction, None, &name(domain), String::new(), verified, Vec::new()).await;
        assert_eq!(word(&one), expected, "{domain}");
    }
}

#[tokio::test]
async fn a_default_domain_that_was_changed_meanwhile_is_not_replaced_unseen() {
    let test = Test::new().await;
    let (core, system) = (&test.core, &Actor::System);
    let [one, two, three] = ["one.example", "two.example", "three.example"].map(name);
    replace_default_domain(core, system, one.clone(), None).await.expect("the first");
    assert_eq!(word(&replace_default_domain(core, system, two.clone(), None).await), "Conflict");
    replace_default_domain(core, system, two, Some(&one)).await.expect("the second");
    assert_eq!(word(&replace_default_domain(core, system, three, Some(&one)).await), "Conflict");
    let now = default_domain(core, system).await.expect("read").expect("set");
    assert_eq!(now.domain.name.as_str(), "two.example");
}

#[tokio::test]
async fn operators_hear_once_that_the_default_domain_became_worse_and_once_that_it_is_mended() {
    let world = World::new().await;
    let core = &world.test.core;
    world.test.cast(world.id, &world.project).await;
    let Actor::User { id: away, .. } = world.test.operator("away@lab.example").await else { panic!("a person") };
    crate::users::set_disabled(core, &Actor::System, away, true).await.expect("disabled");
    publish_well(&world.answers, "relay.example");
    set_default_domain(core, &Actor::System, name("relay.example")).await.expect("set");
    let mails = async || world.test.mails_to("operator@lab.example").await;
    let woken = async || tokio::time::timeout(Duration::from_millis(1), core.queue_wake.notified()).await.is_ok();
    woken().await;
    world.due().await;
    assert!(!woken().await, "delivery has nothing to do");
    assert_eq!(mails().await.len(), 0, "what was never checked before is shown, not mailed");

    world.answers.set_mx("relay.example", &[(0, ".")]);
    for _ in 0..3 {
        world.after(27).await;
    }
    let worse = mails().await;
    assert_eq!(worse.len(), 1, "{worse:?}");
    assert!(woken().await, "it goes out at once");
    assert!(worse[0].contains("the default domain of ") && worse[0].contains("/admin/settings"), "{}", worse[0]);

    publish_well(&world.answers, "relay.example");
    for _ in 0..3 {
        world.after(27).await;
    }
    let mended = mails().await;
    assert_eq!(mended.len(), 2, "{mended:?}");
    assert!(mended.iter().any(|mail| mail.contains("Subject: relay.example: mended: ")), "{mended:?}");
    for other in ["owner@lab.example", "desk@lab.example", "outsider@lab.example", "away@lab.example"] {
        assert_eq!(world.test.mails_to(other).await.len(), 0, "{other}");
    }
}
