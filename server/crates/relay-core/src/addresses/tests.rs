//! The inventory: who sees what, what may be given to whom, lists and looks.

mod import;
mod lists;
mod looks;

use super::*;
use crate::{
    Access, Actor, audit,
    tables::{address::ActiveModel, name_change, ticket},
    test_support::{Cast, Test, word},
};
use relay_types::{
    address::{AddressDetail, AddressFilter, AddressId, AssignInput},
    project::Slug,
    range::{RangeId, RangeInput},
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set};
use std::time::Duration;

/// Two projects and two ranges.
struct World {
    test: Test,
    cast: Cast,
    project: ProjectId,
    slug: Slug,
    /// The outsider's project.
    other: Slug,
    four: RangeId,
    six: RangeId,
}

impl World {
    async fn new() -> Self {
        Self::with(Test::new().await).await
    }

    async fn with(test: Test) -> Self {
        let (project, slug) = test.project("acme").await;
        let cast = test.cast(project, &slug).await;
        let range = async |label: &str, block: &str, template: &str| {
            let (label, block, template) = (label.to_owned(), block.to_owned(), template.to_owned());
            let input = RangeInput { label, block, template, ..Default::default() };
            ranges::add(&test.core, &Actor::System, &input).await.expect("a range")
        };
        let four = range("Four", "192.0.2.0/24", "vm{d}.example.fi").await;
        let six = range("Six", "2001:db8::/32", "").await;
        let other = Slug::parse("acme-neighbour").expect("a slug");
        Self { cast, project, slug, other, four, six, test }
    }

    fn core(&self) -> &Core {
        &self.test.core
    }

    async fn assign(&self, block: &str, project: &str) -> Result<AddressId> {
        assign(self.core(), &Actor::System, &input(block, project)).await
    }

    async fn assigned(&self, block: &str, project: &str) -> AddressId {
        self.assign(block, project).await.expect(block)
    }

    async fn get(&self, id: AddressId) -> AddressDetail {
        get_for_desk(self.core(), &Actor::System, id).await.expect("the address")
    }

    /// Gives an address a name, as a ticket would.
    async fn name(&self, id: AddressId, name: &str) {
        let change = ActiveModel { id: Set(id.uuid()), wanted: Set(Some(name.to_owned())), ..Default::default() };
        change.update(self.core().db.read()).await.expect("named");
    }

    /// Addresses with their projects, as the desk sees them.
    async fn all(&self) -> Vec<String> {
        let page = list_all(self.core(), &Actor::System, &AddressFilter::default()).await.expect("a page");
        let shown = page.items.into_iter().map(|row| {
            let project = row.project.map_or("-".to_owned(), |project| project.slug.to_string());
            format!("{} {project}", row.address)
        });
        shown.collect()
    }

    /// An open ticket about the address.
    async fn ticket(&self, id: AddressId, number: i64) {
        let row = ticket::Model {
            id: Uuid::now_v7(),
            number,
            project_id: self.project.uuid(),
            kind: "set_ptr".to_owned(),
            state: "submitted".to_owned(),
            title: String::new(),
            request: "{}".to_owned(),
            address_id: Some(id.uuid()),
            name: None,
            asked_by_id: None,
            asked_by: "a".to_owned(),
            assignee_id: None,
            created_at: 0,
            moved_at: 0,
            due_at: None,
            watched_since: None,
            next_at: None,
            looks: 0,
            forward: None,
            reason: None,
        };
        ticket::Entity::insert(row.into_active_model())
            .exec_without_returning(self.core().db.read())
            .await
            .expect("a ticket");
    }

    /// A change of the address's name that acme asked for.
    async fn change(&self, address: AddressId, state: &str) -> Uuid {
        let id = Uuid::now_v7();
        let change = name_change::Model {
            id,
            address_id: address.uuid(),
            project_id: Some(self.project.uuid()),
            ticket_id: None,
            backend_id: None,
            state: state.to_owned(),
            cause: "ticket".to_owned(),
            actor: "somebody@acme.example".to_owned(),
            actor_id: None,
            at: 0,
            before: None,
            after: None,
            zone: "2.0.192.in-addr.arpa".to_owned(),
            owner: "7.2.0.192.in-addr.arpa".to_owned(),
            ttl: 60,
            attempts: 1,
            next_at: None,
            written_at: None,
            ended_at: None,
            said: None,
            error: None,
            rolled_back: false,
        };
        let row = name_change::Entity::insert(change.into_active_model());
        row.exec_without_returning(self.core().db.read()).await.expect("a change");
        id
    }

    async fn close_ticket(&self, number: i64) {
        let closed = ticket::ActiveModel { state: Set("refused".to_owned()), ..Default::default() };
        let rows = ticket::Entity::update_many().set(closed).filter(ticket::Column::Number.eq(number));
        rows.exec(self.core().db.read()).await.expect("closed");
    }
}

fn input(block: &str, project: &str) -> AssignInput {
    AssignInput { block: block.to_owned(), project: project.to_owned(), ..Default::default() }
}

#[tokio::test]
async fn refusals_by_the_matrix() {
    let world = World::new().await;
    let (core, cast, slug) = (world.core(), &world.cast, &world.slug);
    let id = world.assigned("192.0.2.7", "acme").await;
    let foreign = world.assigned("192.0.2.8", "acme-neighbour").await;
    let filter = AddressFilter::default();
    for (actor, expected) in cast.refused(Access::View) {
        assert_eq!(word(&list(core, actor, slug, &filter).await), expected, "{actor:?}");
        assert_eq!(word(&get(core, actor, slug, id).await), expected, "{actor:?}");
    }
    for (actor, expected) in cast.refused(Access::Manage) {
        assert_eq!(word(&check(core, actor, Some(slug), id).await), expected, "{actor:?}");
    }
    for actor in [&cast.owner, &cast.operator] {
        assert_eq!(word(&get(core, actor, slug, foreign).await), "NotFound", "{actor:?}");
        assert_eq!(word(&check(core, actor, Some(slug), foreign).await), "NotFound", "{actor:?}");
    }
    let strangers = [
        (&cast.anonymous, "SignedOut"),
        (&cast.owner, "Forbidden"),
        (&cast.outsider, "Forbidden"),
        (&cast.viewer, "Forbidden"),
        (&cast.service_account, "Forbidden"),
        (&cast.network, "Forbidden"),
    ];
    for (actor, expected) in strangers {
        assert_eq!(word(&list_of_range(core, actor, world.four, &filter).await), expected, "{actor:?}");
        assert_eq!(word(&list_all(core, actor, &filter).await), expected, "{actor:?}");
        assert_eq!(word(&get_for_desk(core, actor, id).await), expected, "{actor:?}");
        assert_eq!(word(&check(core, actor, None, id).await), expected, "{actor:?}");
    }
    for (actor, expected) in strangers.into_iter().chain([(&cast.desk, "Forbidden")]) {
        assert_eq!(word(&assign(core, actor, &input("192.0.2.9", "acme")).await), expected, "{actor:?}");
        assert_eq!(word(&release(core, actor, id).await), expected, "{actor:?}");
        assert_eq!(word(&set_egress(core, actor, id, true).await), expected, "{actor:?}");
        assert_eq!(word(&set_note(core, actor, id, "x").await), expected, "{actor:?}");
        assert_eq!(word(&super::import(core, actor, None, "192.0.2.9".to_owned()).await), expected, "{actor:?}");
    }
    assert_eq!(list(core, &cast.viewer, slug, &filter).await.expect("a page").items.len(), 1);
    assert_eq!(list_all(core, &cast.desk, &filter).await.expect("a page").items.len(), 2);
    assert_eq!(list_of_range(core, &cast.desk, world.six, &filter).await.expect("a page").items.len(), 0);
    assert_eq!(word(&get_for_desk(core, &cast.desk, foreign).await), "Ok");
}

#[tokio::test]
async fn what_is_typed_is_judged_at_its_field() {
    let world = World::new().await;
    for (block, project, expected) in [
        ("", "acme", "block"),
        ("192.0.2.7/24", "acme", "block"),
        ("198.51.100.7", "acme", "block"),
        ("192.0.0.0/16", "acme", "block"),
        ("192.0.2.0/23", "acme", "block"),
        ("192.0.2.7", "nobody", "project"),
        (" 192.0.2.7 ", " acme ", "Ok"),
        ("2001:DB8::0:1", "acme", "Ok"),
    ] {
        assert_eq!(word(&world.assign(block, project).await), expected, "{block:?} {project:?}");
    }
    let long = AssignInput { note: "x".repeat(201), ..input("192.0.2.7", "acme") };
    assert_eq!(word(&assign(world.core(), &Actor::System, &long).await), "note");
    assert_eq!(world.all().await, ["192.0.2.7 acme", "2001:db8::1 acme"]);
}

#[tokio::test]
async fn blocks_overlap_only_inside_a_prefix_of_the_same_project() {
    let world = World::new().await;
    for (block, project, refused) in [
        ("2001:db8:1::/48", "acme", None),
        ("2001:db8:1::5", "acme", None),
        ("2001:db8:1::", "acme", None),
        ("2001:db8:1::6", "acme-neighbour", Some("It lies in 2001:db8:1::/48 of acme")),
        ("2001:db8:1::6", "", Some("It lies in 2001:db8:1::/48 of acme")),
        ("2001:db8:1::/64", "acme", Some("It shares addresses with 2001:db8:1::/48 of acme")),
        ("2001:db8:1:2::/64", "acme", Some("It shares addresses with 2001:db8:1::/48 of acme")),
        ("2001:db8::/40", "acme", Some("2001:db8:1::/48 of acme lies in it")),
        ("192.0.2.7", "acme-neighbour", None),
        ("192.0.2.0/28", "acme", Some("192.0.2.7 in it belongs to acme-neighbour")),
        ("192.0.2.0/28", "acme-neighbour", None),
    ] {
        let said = world.assign(block, project).await.err().map(|error| error.to_string());
        assert_eq!(said.as_deref(), refused, "{block} {project}");
    }
}

#[tokio::test]
async fn an_address_leaves_a_project_only_without_a_name_and_without_an_open_ticket() {
    let world = World::new().await;
    let id = world.assigned("192.0.2.7", "acme").await;
    assert_eq!(world.assigned("192.0.2.7", "acme-neighbour").await, id, "free to go");
    assert_eq!(world.assigned("192.0.2.7", "acme").await, id);
    assert_eq!(word(&world.assign("192.0.2.7", "").await), "Conflict", "that is a release");

    world.name(id, "www.acme.example").await;
    let refused = world.assign("192.0.2.7", "acme-neighbour").await.expect_err("refused").to_string();
    assert!(refused.contains("has the name www.acme.example of acme"), "{refused}");
    assert_eq!(word(&world.assign("192.0.2.7", "acme").await), "Ok", "its own may note something");
    assert_eq!(word(&release(world.core(), &Actor::System, id).await), "Conflict");
    let change = ActiveModel { id: Set(id.uuid()), wanted: Set(None), ..Default::default() };
    change.update(world.core().db.read()).await.expect("unnamed");

    world.ticket(id, 1042).await;
    let refused = world.assign("192.0.2.7", "acme-neighbour").await.expect_err("refused").to_string();
    assert!(refused.contains("T-1042 of acme is open"), "{refused}");
    assert_eq!(word(&release(world.core(), &Actor::System, id).await), "Conflict");
    world.close_ticket(1042).await;
    assert!(release(world.core(), &Actor::System, id).await.expect("released"), "its ticket tells of it");
    assert_eq!(world.all().await, ["192.0.2.7 -"]);
    assert_eq!(word(&get(world.core(), &world.cast.owner, &world.slug, id).await), "NotFound");
    assert_eq!(world.assigned("192.0.2.7", "acme-neighbour").await, id);
}

#[tokio::test]
async fn an_address_whose_name_is_being_changed_stays_where_it_is() {
    let world = World::new().await;
    let prefix = world.assigned("2001:db8:1::/48", "acme").await;
    let inside = world.assigned("2001:db8:1::1", "acme").await;
    let change = world.change(inside, "byhand").await;
    let refused = release(world.core(), &Actor::System, prefix).await.expect_err("refused").to_string();
    assert_eq!(refused, "The name of 2001:db8:1::1 is being changed; wait until that has ended");
    assert_eq!(word(&world.assign("2001:db8:1::/48", "acme-neighbour").await), "Conflict");
    let job = import::imported(&world, "2001:db8:1::/48,acme-neighbour\n").await;
    assert!(job.refused[0].reason.contains("is being changed"), "{:?}", job.refused);
    let done = name_change::ActiveModel { id: Set(change), state: Set("done".to_owned()), ..Default::default() };
    done.update(world.core().db.read()).await.expect("done");
    assert_eq!(word(&world.assign("2001:db8:1::/48", "acme-neighbour").await), "Ok");
    assert_eq!(world.all().await, ["2001:db8:1::/48 acme-neighbour", "2001:db8:1::1 acme-neighbour"]);
}

#[tokio::test]
async fn what_has_no_history_leaves_the_inventory_when_it_is_released() {
    let world = World::new().await;
    let prefix = world.assigned("2001:db8:1::/48", "acme").await;
    let kept = world.assigned("2001:db8:1::1", "acme").await;
    let inside = world.assigned("2001:db8:1::2", "acme").await;
    let alone = world.assigned("192.0.2.7", "acme").await;
    let refused = release(world.core(), &Actor::System, inside).await.expect_err("refused").to_string();
    assert!(refused.contains("It lies in 2001:db8:1::/48"), "{refused}");
    assert!(!release(world.core(), &Actor::System, alone).await.expect("released"));

    world.ticket(kept, 7).await;
    assert_eq!(word(&release(world.core(), &Actor::System, prefix).await), "Conflict");
    world.close_ticket(7).await;
    assert!(!release(world.core(), &Actor::System, prefix).await.expect("released"));
    assert_eq!(world.all().await, ["2001:db8:1::1 -"]);
    assert_eq!(word(&ranges::remove(world.core(), &Actor::System, world.six).await), "Conflict");
    assert_eq!(word(&ranges::remove(world.core(), &Actor::System, world.four).await), "Ok");

    world.assigned("2001:db8:1::/48", "acme-neighbour").await;
    assert_eq!(world.all().await, ["2001:db8:1::/48 acme-neighbour", "2001:db8:1::1 acme-neighbour"]);
}

#[tokio::test]
async fn an_address_the_relay_sends_from_needs_no_project() {
    let world = World::new().await;
    let egress = AssignInput { egress: true, note: "relay 1".to_owned(), ..input("192.0.2.5", "") };
    let id = assign(world.core(), &Actor::System, &egress).await.expect("noted");
    let detail = world.get(id).await;
    assert!(detail.address.egress && detail.address.project.is_none());
    assert_eq!(detail.note, "relay 1");
    let refused = world.assign("192.0.2.0/28", "acme").await.expect_err("refused").to_string();
    assert_eq!(refused, "The relay sends from 192.0.2.5, which lies in it");
    assert_eq!(word(&set_egress(world.core(), &Actor::System, id, false).await), "Ok");
    assert_eq!(word(&world.assign("192.0.2.0/28", "acme").await), "Ok");
    assert_eq!(world.all().await, ["192.0.2.0/28 acme", "192.0.2.5 acme"]);
}

#[tokio::test]
async fn both_projects_read_in_their_activity_that_an_address_moved() {
    let world = World::new().await;
    let operator = &world.cast.operator;
    let before = world.test.audited().await.len();
    let note = AssignInput { note: "web".to_owned(), ..input("192.0.2.7", "acme") };
    let id = assign(world.core(), operator, &note).await.expect("assigned");
    assign(world.core(), operator, &note).await.expect("the same again");
    set_note(world.core(), operator, id, "web").await.expect("the same");
    set_egress(world.core(), operator, id, false).await.expect("the same");
    assert_eq!(world.test.audited().await.len(), before + 1, "what changes nothing is not audited");
    set_note(world.core(), operator, id, "").await.expect("no note");
    assert_eq!(word(&set_note(world.core(), operator, id, "a\nb").await), "note");
    assign(world.core(), operator, &input("192.0.2.7", "acme-neighbour")).await.expect("moved");
    release(world.core(), operator, id).await.expect("released");
    let of = async |slug: &Slug| {
        let page = audit::list(world.core(), &Actor::System, slug, &Default::default()).await.expect("entries");
        let about = page.items.into_iter().filter(|entry| entry.subject == "192.0.2.7");
        about.map(|entry| entry.action).collect::<Vec<_>>()
    };
    assert_eq!(of(&world.slug).await, ["address.release", "address.edit", "address.assign"]);
    assert_eq!(of(&world.other).await, ["address.release", "address.assign"]);
}

#[tokio::test]
async fn a_project_sees_nothing_of_those_who_had_its_address_before() {
    let world = World::new().await;
    let id = world.assigned("192.0.2.7", "acme").await;
    world.change(id, "done").await;
    let seen = async |slug: &Slug| {
        let detail = get(world.core(), &Actor::System, slug, id).await.expect("the address");
        (detail.changes.len(), detail.history.len())
    };
    assert_eq!(seen(&world.slug).await, (1, 1));
    world.assigned("192.0.2.7", "acme-neighbour").await;
    assert_eq!(seen(&world.other).await, (0, 1));
    assert_eq!(world.get(id).await.changes.len(), 1, "the desk sees all of it");
}

#[tokio::test]
async fn of_two_who_give_the_same_block_away_together_one_succeeds() {
    let world = World::new().await;
    let (a, b) = tokio::join!(world.assign("192.0.2.0/28", "acme"), world.assign("192.0.2.0/29", "acme-neighbour"));
    assert!(a.is_ok() != b.is_ok(), "{} {}", word(&a), word(&b));
}

#[tokio::test]
async fn a_range_keeps_its_addresses_in_its_block() {
    let world = World::new().await;
    world.assigned("192.0.2.200", "acme").await;
    let edited = async |block: &str| {
        let label = "Four".to_owned();
        let input = RangeInput { label, block: block.to_owned(), ..Default::default() };
        ranges::edit(world.core(), &Actor::System, world.four, &input).await
    };
    let refused = edited("192.0.2.0/25").await.expect_err("refused").to_string();
    assert_eq!(refused, "block: 192.0.2.200 is in the range and would be outside of this block");
    assert_eq!(word(&edited("192.0.2.128/25").await), "Ok");
    let range = ranges::get(world.core(), &Actor::System, world.four).await.expect("the range");
    assert_eq!((range.addresses, range.named), (1, 0));
}
