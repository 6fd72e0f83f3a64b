//! A world with reverse DNS: a range written by hand, a project with an address, DNS answers that a test sets.

use super::{Cast, Test};
use crate::{
    Actor, addresses, name_changes, ranges, sweep,
    tables::{dns_backend, name_change},
    tickets,
};
use relay_dns::{FixedAnswers, Resolver};
use relay_types::{
    address::{Address, AddressFilter, AddressId, AssignInput},
    name_change::NameChangeId,
    project::Slug,
    range::RangeInput,
    ticket::{Ticket, TicketKind, TicketNumber, TicketRequest, TicketState},
};
use sea_orm::{EntityTrait, IntoActiveModel, QueryOrder};
use std::{net::IpAddr, time::Duration};
use uuid::Uuid;

/// The address of the project.
pub(crate) const IP: &str = "192.0.2.7";
/// The name it has by default.
pub(crate) const DEFAULT: &str = "vm7.range.example";
/// The name it shall have.
pub(crate) const NAME: &str = "www.bio.example";

/// The world.
pub(crate) struct Names {
    pub(crate) test: Test,
    pub(crate) dns: FixedAnswers,
    pub(crate) slug: Slug,
    pub(crate) cast: Cast,
    pub(crate) address: AddressId,
}

/// An address as the tables of answers take it.
pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

impl Names {
    /// The project `bio` holds [`IP`], which has its default name in DNS.
    pub(crate) async fn new() -> Self {
        let dns = FixedAnswers::new();
        let test = Test::with_resolver(Resolver::fixed(dns.clone()), |_| {}).await;
        let (id, slug) = test.project("bio").await;
        let cast = test.cast(id, &slug).await;
        let backend = dns_backend::Model {
            id: Uuid::now_v7(),
            label: "by hand".to_owned(),
            settings: r#"{"kind":"snippet"}"#.to_owned(),
            secret_sealed: None,
            tested: None,
            created_at: 0,
        };
        let by_hand = relay_types::dns_backend::DnsBackendId::from_uuid(backend.id).to_string();
        dns_backend::Entity::insert(backend.into_active_model()).exec(test.core.db.read()).await.expect("a back end");
        let range = RangeInput {
            label: "range".to_owned(),
            block: "192.0.2.0/24".to_owned(),
            template: "vm{d}.range.example".to_owned(),
            backend: by_hand,
            ..Default::default()
        };
        ranges::add(&test.core, &Actor::System, &range).await.expect("a range");
        dns.set_ptr(ip(IP), &[DEFAULT]);
        let names = Self { address: AddressId::from_uuid(Uuid::nil()), test, dns, slug, cast };
        let address = names.assign(&names.slug, IP).await;
        Self { address, ..names }
    }

    /// Gives an address to a project.
    pub(crate) async fn assign(&self, project: &Slug, block: &str) -> AddressId {
        let input = AssignInput { project: project.to_string(), block: block.to_owned(), ..Default::default() };
        addresses::assign(&self.test.core, &Actor::System, &input).await.expect("assigned")
    }

    /// The name's forward record leads to the address, or nowhere.
    pub(crate) fn forward(&self, name: &str, to: &[&str]) {
        let to: Vec<IpAddr> = to.iter().map(|text| ip(text)).collect();
        if to.is_empty() {
            self.dns.forget(name)
        } else {
            self.dns.set_addresses(name, &to)
        };
    }

    /// Asks for a name of [`IP`] as a member.
    pub(crate) async fn ask(&self, name: &str) -> crate::Result<TicketNumber> {
        self.ask_as(&self.cast.member, &self.slug, TicketKind::SetPtr, &set(IP, name)).await
    }

    /// Asks for something.
    pub(crate) async fn ask_as(
        &self,
        actor: &Actor,
        project: &Slug,
        kind: TicketKind,
        request: &TicketRequest,
    ) -> crate::Result<TicketNumber> {
        tickets::open(&self.test.core, actor, project, kind, request.clone(), false).await
    }

    /// The ticket as the desk sees it.
    pub(crate) async fn ticket(&self, number: TicketNumber) -> Ticket {
        tickets::get(&self.test.core, &Actor::System, None, number).await.expect("the ticket")
    }

    /// Where it is.
    pub(crate) async fn state(&self, number: TicketNumber) -> TicketState {
        self.ticket(number).await.row.state
    }

    /// The address as the project's list shows it.
    pub(crate) async fn listed(&self) -> Address {
        let page = addresses::list(&self.test.core, &Actor::System, &self.slug, &AddressFilter::default()).await;
        page.expect("a list").items.into_iter().find(|row| row.address == IP).expect("the address")
    }

    /// Lets time pass and everything that is due happen.
    pub(crate) async fn pass(&self, seconds: u64) {
        self.test.clock.advance(Duration::from_secs(seconds));
        let core = &self.test.core;
        tickets::run_due(core, &Actor::System).await.expect("tickets");
        name_changes::run_due(core, &Actor::System).await.expect("changes");
        crate::jobs::run_due(core, &Actor::System).await.expect("jobs");
    }

    /// Sweeps now.
    pub(crate) async fn sweep(&self) {
        sweep::start(&self.test.core, &Actor::System).await.expect("a sweep");
        self.pass(0).await;
    }

    /// The newest change.
    pub(crate) async fn change(&self) -> Option<name_change::Model> {
        let newest = name_change::Entity::find().order_by_desc(name_change::Column::Id);
        newest.one(self.test.core.db.read()).await.expect("changes")
    }

    /// Somebody applies the newest change by hand, says so, and everyone sees it.
    pub(crate) async fn apply_by_hand(&self) {
        let change = self.change().await.expect("a change");
        match &change.after {
            Some(name) => self.dns.set_ptr(ip(IP), &[name]),
            None => self.dns.set_ptr(ip(IP), &[]),
        };
        let id = NameChangeId::from_uuid(change.id);
        name_changes::confirm_applied(&self.test.core, &Actor::System, id).await.expect("confirmed");
        self.pass(2).await;
    }

    /// [`IP`] has [`NAME`] by a ticket.
    pub(crate) async fn named(&self) -> TicketNumber {
        self.forward(NAME, &[IP]);
        let number = self.ask(NAME).await.expect("a ticket");
        tickets::approve(&self.test.core, &Actor::System, number).await.expect("approved");
        self.pass(0).await;
        self.apply_by_hand().await;
        assert_eq!(self.state(number).await, TicketState::Done);
        number
    }
}

/// A request for a name.
pub(crate) fn set(address: &str, name: &str) -> TicketRequest {
    TicketRequest {
        address: address.to_owned(),
        name: name.to_owned(),
        use_case: "mail server".to_owned(),
        ..Default::default()
    }
}
