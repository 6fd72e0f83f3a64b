//! `/p/:slug/networks`: address blocks whose machines send without signing in.

use crate::{
    api::networks::{AddNetwork, LoadNetworks, NetworksPage, RemoveNetwork, RenameNetwork},
    components::{client_lines::NetworkLines, prelude::*},
    strings::places,
    typed,
};
use leptos::prelude::*;
use relay_types::network::Network;

/// Networks.
#[component]
pub fn Networks() -> impl IntoView {
    let slug = use_slug();
    let data = read_again(search, move || LoadNetworks { slug: slug.get() });
    view! {
        <Load resource=data let:page>
            <Page page/>
        </Load>
    }
}

#[component]
fn Page(page: NetworksPage) -> impl IntoView {
    let NetworksPage { networks, access } = page;
    let manage = use_abilities().manage;
    let empty = networks.is_empty();
    view! {
        <PageHeader title=places::NETWORKS>
            {(!empty).then(|| view! { <CsvLink/> })} {(manage && !empty).then(|| view! { <Add/> })}
        </PageHeader>
        {if empty {
            view! {
                <EmptyState title=words::EMPTY_TITLE text=words::EMPTY>
                    {manage.then(|| view! { <Add/> })}
                </EmptyState>
            }
                .into_any()
        } else {
            view! { <List networks manage/> }.into_any()
        }}
        <div class="halves">
            <Card title="What a network may do">
                <p>{words::IS_THE_PROJECT}</p>
                <p>{words::RULES_HOLD}</p>
                <p>{words::HELO}</p>
                <p>{words::LONGEST}</p>
            </Card>
            <Card title="Lines for its machines">
                <NetworkLines access/>
            </Card>
        </div>
    }
}

#[component]
fn List(networks: Vec<Network>, manage: bool) -> impl IntoView {
    let mut networks = networks;
    sort(&mut networks, untrack(query).get(SORT), |network, word| match word {
        "network" => Key::text(&network.label),
        "block" => Key::text(network.cidr.to_string()),
        "used" => Key::time(network.last_used_at),
        "added" => Key::time(network.created_at),
        _ => Key::None,
    });
    let mut columns = vec![
        Column::new("Network").sorted_by("network"),
        Column::new("Block").sorted_by("block"),
        Column::new("Last used").sorted_by("used"),
        Column::new("Added").sorted_by("added").right(),
    ];
    if manage {
        columns.push(Column::new("Actions").unseen().right());
    }
    view! {
        <Table label="Trusted networks" columns>
            {networks.into_iter().map(|network| view! { <Row network manage/> }).views()}
        </Table>
    }
}

#[component]
fn Row(network: Network, manage: bool) -> impl IntoView {
    let used = network.last_used_at;
    let cell = network.clone();
    view! {
        <tr>
            <Cell label="Network">{network.label}</Cell>
            <Cell label="Block" mono=true>
                {network.cidr.to_string()}
            </Cell>
            <Cell label="Last used">
                {used.map(|at| view! { <Time at/> })} {used.is_none().then_some("never")}
            </Cell>
            <Cell label="Added" right=true>
                <Time at=network.created_at/>
            </Cell>
            {manage
                .then(|| {
                    view! {
                        <Cell label="Actions" right=true>
                            <Actions network=cell/>
                        </Cell>
                    }
                })}
        </tr>
    }
    .into_any()
}

#[component]
fn Actions(network: Network) -> impl IntoView {
    let id = network.id.to_string();
    let rename = use_form_for::<RenameNetwork>("id", &id);
    let remove = use_form_for::<RemoveNetwork>("id", &id);
    let input = StoredValue::new(id.clone());
    let block = network.cidr.to_string();
    view! {
        <div class="actions">
            <Dialog
                id=format!("rename-{id}")
                button="Rename"
                kind="quiet"
                title=format!("Rename {block}")
                open=rename.failed_reply()
            >
                <PostForm form=rename>
                    <HiddenSlug/>
                    <HiddenId id=input.get_value()/>
                    <TextField name="label" label="Name" hint=words::LABEL_HINT value=network.label/>
                    <Submit>"Rename"</Submit>
                </PostForm>
            </Dialog>
            <Danger
                form=remove
                id=format!("remove-{id}")
                button="Remove network"
                consequence=format!(
                    "Machines in {block} can send only with a service account then. Open sessions fail at their next message.",
                )
                name=block.clone()
            >
                <HiddenSlug/>
                <HiddenId id=input.get_value()/>
            </Danger>
        </div>
    }
}

#[component]
fn Add() -> impl IntoView {
    let form = use_form::<AddNetwork>();
    // A refusal leads here with the address it was about.
    let refused = led_to();
    let open = refused.is_some() || form.failed_reply();
    view! {
        <Dialog id="add-network" button="Add network" kind="primary" title="Add a network" open>
            <PostForm form>
                <HiddenSlug/>
                <TextField
                    name="cidr"
                    label="Address block"
                    value=refused.unwrap_or_default()
                    hint="A block such as 192.0.2.0/24 or 2001:db8::/48, or one address. The smaller the better."
                    mono=true
                    check=typed::check_cidr as crate::components::field::Check
                />
                <TextField name="label" label="Name" hint=words::LABEL_HINT/>
                <Submit>"Trust this network"</Submit>
            </PostForm>
        </Dialog>
    }
}

mod words {
    pub const EMPTY_TITLE: &str = "No trusted networks";
    pub const EMPTY: &str = "A trusted network is an address block whose machines send without a user name and secret, \
        as cron jobs and old devices do. Everyone else has to sign in with a service account.";
    pub const LABEL_HINT: &str = "What the machines are, such as: web servers in Espoo.";
    pub const IS_THE_PROJECT: &str = "A connection from one of these blocks is this project: whoever can send from such \
        an address sends in its name. List only addresses that are yours alone.";
    pub const RULES_HOLD: &str =
        "Every other rule holds as for service accounts: only verified senders, within the project's limits.";
    pub const HELO: &str = "What such a machine says in HELO or EHLO is not judged.";
    pub const LONGEST: &str = "Blocks may lie within each other; the smallest that matches is the one that counts. A block \
        that another project holds is refused.";
}
