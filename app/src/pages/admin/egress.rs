//! `/admin/egress`: the addresses the relay sends from, and whether the world takes mail from them.

use crate::{
    api::egress::{AddEgress, LoadEgressList},
    components::{
        prelude::*,
        report::Findings,
        status::{Health, readiness},
    },
    pages::admin::tls::TlsCard,
    strings::places,
};
use leptos::prelude::*;
use relay_types::{
    Timestamp,
    egress::{Egress, EgressList},
    finding::{Finding, Report},
    tls::TlsOverview,
};

/// Egress addresses.
#[component]
pub fn AdminEgressList() -> impl IntoView {
    let data = read_again(search, || LoadEgressList {});
    view! {
        <Load resource=data let:page>
            <Page page/>
        </Load>
    }
}

#[component]
fn Page(page: (EgressList, TlsOverview)) -> impl IntoView {
    let (EgressList { addresses, certificates }, tls) = page;
    view! {
        <PageHeader title=places::EGRESS>
            <Add/>
        </PageHeader>
        {if addresses.is_empty() {
            view! { <EmptyState title=words::EMPTY_TITLE text=words::EMPTY/> }.into_any()
        } else {
            view! { <List addresses/> }.into_any()
        }}
        <Certificates certificates/>
        <TlsCard tls/>
    }
}

#[component]
fn List(addresses: Vec<Egress>) -> impl IntoView {
    let mut addresses = addresses;
    sort(&mut addresses, untrack(query).get(SORT), |egress, word| match word {
        "ready" => Key::number(u64::from(egress.is_ready())),
        "findings" => Key::number(egress.worst.map_or(0, |worst| worst as u64 + 1)),
        "checked" => Key::time(egress.checked_at),
        _ => Key::None,
    });
    let columns = vec![
        Column::new("Address"),
        Column::new("Ready").sorted_by("ready"),
        Column::new("Findings").sorted_by("findings"),
        Column::new("Checked").sorted_by("checked").right(),
    ];
    view! {
        <Table label="Egress addresses" columns>
            {addresses.into_iter().map(|egress| view! { <Row egress/> }).views()}
        </Table>
    }
}

#[component]
fn Row(egress: Egress) -> impl IntoView {
    let state = readiness(&egress);
    let Egress { id, address, ehlo, worst, to_mend, override_reason, checked_at, .. } = egress;
    view! {
        <tr>
            <Cell label="Address">
                <a class="row mono" href=format!("/admin/egress/{id}")>
                    {address.to_string()}
                </a>
                <small>"says " <span class="mono">{ehlo.to_string()}</span></small>
            </Cell>
            <Cell label="Ready">
                <Status state/>
                {override_reason.map(|reason| view! { <small>{reason}</small> })}
            </Cell>
            <Cell label="Findings">
                <Health worst to_mend/>
            </Cell>
            <Cell label="Checked" right=true>
                {checked_at.map(|at| view! { <Time at/> })} {checked_at.is_none().then_some("not yet")}
            </Cell>
        </tr>
    }
    .into_any()
}

#[component]
fn Add() -> impl IntoView {
    let form = use_form::<AddEgress>();
    view! {
        <Dialog id="add-egress" button="Add address" kind="primary" title="Add an egress address" open=form.failed_reply()>
            <p>{words::ADD}</p>
            <PostForm form>
                <TextField name="address" label="Address" hint="As other servers see it, for example 192.0.2.25." mono=true/>
                <TextField
                    name="ehlo"
                    label="EHLO name"
                    hint="What the relay calls itself from there. Empty: its host name."
                    required=false
                    mono=true
                />
                <Submit>"Add and check"</Submit>
            </PostForm>
        </Dialog>
    }
}

/// The certificates of this node's listeners, judged as a report.
#[component]
fn Certificates(certificates: Vec<Finding>) -> impl IntoView {
    if certificates.is_empty() {
        return ().into_any();
    }
    let report = Report {
        about: String::new(),
        findings: certificates,
        evaluations: Vec::new(),
        predictions: Vec::new(),
        answers: Vec::new(),
        checked_at: Timestamp(0),
    };
    view! {
        <h2>"Certificates of listeners"</h2>
        <Findings report histories=Vec::new()/>
    }
    .into_any()
}

mod words {
    pub const EMPTY_TITLE: &str = "No egress address is listed";
    pub const EMPTY: &str = "Receivers judge mail by the address it comes from: its names, blocklists, what it says in EHLO. List \
        the addresses this relay sends from, and domains are judged by them, too.";
    pub const ADD: &str =
        "Its names, its place on blocklists and the way to port 25 are checked at once, and daily after that.";
}
