//! The route table. URL segments are the nouns of the code.
//!
//! Each group is a frame of `components::layout` with its pages. Paths with fixed segments stand before those with
//! parameters. The server has all groups, each module of the browser's side its own (`modules`): `Module::of` tells from
//! the path which group a page is in.

use crate::{
    components::layout::{OperatorLayout, OutsideLayout, PersonLayout, ProjectLayout},
    pages::{
        account::Account,
        activity::Activity,
        address::Address,
        addresses::Addresses,
        admin::{
            activity::AdminActivity,
            address::AdminAddress,
            captured::{AdminCaptured, AdminCapturedMessage},
            dns_backends::AdminDnsBackends,
            egress::AdminEgressList,
            egress_address::AdminEgress,
            listeners::AdminListeners,
            nodes::AdminNodes,
            projects::AdminProjects,
            queue::AdminQueue,
            range::AdminRange,
            ranges::AdminRanges,
            refusals::AdminRefusals,
            settings::AdminSettings,
            sweep::AdminSweep,
            ticket::AdminTicket,
            tickets::AdminTickets,
            users::AdminUsers,
        },
        api_tokens::ApiTokens,
        captured::Captured,
        captured_message::CapturedMessage,
        domain::Domain,
        invite::Invite,
        login::Login,
        members::Members,
        message::Message,
        messages::Messages,
        networks::Networks,
        not_found::NotFound,
        overview::Overview,
        projects::Projects,
        refusals::Refusals,
        reset::{RequestReset, SetPassword},
        senders::Senders,
        service_account::ServiceAccount,
        service_accounts::ServiceAccounts,
        settings::Settings,
        setup::Setup,
        short_link::ShortLink,
        suppressions::Suppressions,
        ticket::Ticket,
        tickets::Tickets,
        verify::Verify,
    },
};
use leptos::prelude::*;
use leptos_router::{
    any_nested_route::IntoAnyNestedRoute,
    components::{ParentRoute, Route, Routes},
    path,
};

/// All pages, as the server renders them.
pub fn all() -> AnyView {
    view! {
        <Routes fallback=NotFound>
            <ProjectPages/>
            <RulePages/>
            <NamePages/>
            <OperatorPages/>
            <PersonPages/>
            <OutsidePages/>
        </Routes>
    }
    .into_any()
}

/// The pages of `Module::Project`.
pub fn project() -> AnyView {
    view! {
        <Routes fallback=NotFound>
            <ProjectPages/>
        </Routes>
    }
    .into_any()
}

/// The pages of `Module::Rules`.
pub fn rules() -> AnyView {
    view! {
        <Routes fallback=NotFound>
            <RulePages/>
        </Routes>
    }
    .into_any()
}

/// The pages of `Module::Names`.
pub fn names() -> AnyView {
    view! {
        <Routes fallback=NotFound>
            <NamePages/>
        </Routes>
    }
    .into_any()
}

/// The pages of `Module::Platform`.
pub fn platform() -> AnyView {
    view! {
        <Routes fallback=NotFound>
            <OperatorPages/>
        </Routes>
    }
    .into_any()
}

/// The pages of `Module::Person`.
pub fn person() -> AnyView {
    view! {
        <Routes fallback=NotFound>
            <PersonPages/>
            <OutsidePages/>
        </Routes>
    }
    .into_any()
}

#[component(transparent)]
fn ProjectPages() -> impl leptos_router::MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("/p/:slug") view=ProjectLayout>
            <Route path=path!("") view=Overview/>
            <Route path=path!("messages") view=Messages/>
            <Route path=path!("messages/:id") view=Message/>
            <Route path=path!("refusals") view=Refusals/>
            <Route path=path!("captured") view=Captured/>
            <Route path=path!("captured/:id") view=CapturedMessage/>
            <Route path=path!("members") view=Members/>
            <Route path=path!("activity") view=Activity/>
            <Route path=path!("settings") view=Settings/>
        </ParentRoute>
    }
    .into_inner()
    .into_any_nested_route()
}

#[component(transparent)]
fn RulePages() -> impl leptos_router::MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("/p/:slug") view=ProjectLayout>
            <Route path=path!("service-accounts") view=ServiceAccounts/>
            <Route path=path!("service-accounts/:id") view=ServiceAccount/>
            <Route path=path!("senders") view=Senders/>
            <Route path=path!("domains/:id") view=Domain/>
            <Route path=path!("networks") view=Networks/>
            <Route path=path!("suppressions") view=Suppressions/>
            <Route path=path!("api-tokens") view=ApiTokens/>
        </ParentRoute>
    }
    .into_inner()
    .into_any_nested_route()
}

#[component(transparent)]
fn NamePages() -> impl leptos_router::MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("/p/:slug") view=ProjectLayout>
            <Route path=path!("addresses") view=Addresses/>
            <Route path=path!("addresses/:id") view=Address/>
            <Route path=path!("tickets") view=Tickets/>
            <Route path=path!("tickets/:number") view=Ticket/>
        </ParentRoute>
    }
    .into_inner()
    .into_any_nested_route()
}

#[component(transparent)]
fn OperatorPages() -> impl leptos_router::MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("/admin") view=OperatorLayout>
            <Route path=path!("") view=AdminProjects/>
            <Route path=path!("projects") view=AdminProjects/>
            <Route path=path!("tickets") view=AdminTickets/>
            <Route path=path!("tickets/:number") view=AdminTicket/>
            <Route path=path!("ranges") view=AdminRanges/>
            <Route path=path!("ranges/:id") view=AdminRange/>
            <Route path=path!("addresses/:id") view=AdminAddress/>
            <Route path=path!("dns-backends") view=AdminDnsBackends/>
            <Route path=path!("sweep") view=AdminSweep/>
            <Route path=path!("queue") view=AdminQueue/>
            <Route path=path!("egress") view=AdminEgressList/>
            <Route path=path!("egress/:id") view=AdminEgress/>
            <Route path=path!("refusals") view=AdminRefusals/>
            <Route path=path!("captured") view=AdminCaptured/>
            <Route path=path!("captured/:id") view=AdminCapturedMessage/>
            <Route path=path!("listeners") view=AdminListeners/>
            <Route path=path!("nodes") view=AdminNodes/>
            <Route path=path!("users") view=AdminUsers/>
            <Route path=path!("activity") view=AdminActivity/>
            <Route path=path!("settings") view=AdminSettings/>
        </ParentRoute>
    }
    .into_inner()
    .into_any_nested_route()
}

#[component(transparent)]
fn PersonPages() -> impl leptos_router::MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("") view=PersonLayout>
            <Route path=path!("") view=Projects/>
            <Route path=path!("account") view=Account/>
        </ParentRoute>
    }
    .into_inner()
    .into_any_nested_route()
}

#[component(transparent)]
fn OutsidePages() -> impl leptos_router::MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("") view=OutsideLayout>
            <Route path=path!("login") view=Login/>
            <Route path=path!("setup") view=Setup/>
            <Route path=path!("verify/:token") view=Verify/>
            <Route path=path!("invite/:token") view=Invite/>
            <Route path=path!("reset") view=RequestReset/>
            <Route path=path!("reset/:token") view=SetPassword/>
            <Route path=path!("s/:code") view=ShortLink/>
        </ParentRoute>
    }
    .into_inner()
    .into_any_nested_route()
}
