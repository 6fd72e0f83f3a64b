//! `/admin/nodes`: the processes that serve one database, how they stand and what they have to do.

use crate::{
    api::nodes::{ForgetNode, LoadNodes, NodesPage},
    components::{due::oldest_due, prelude::*, time::now},
    strings::places,
};
use leptos::prelude::*;
use relay_types::{
    change::Topic,
    node::{NodeLoad, NodeState, NodeStatus, Nodes, Role},
};

/// Nodes.
#[component]
pub fn AdminNodes() -> impl IntoView {
    let data = read(|| LoadNodes {});
    use_live(&[Topic::Nodes], move || data.refetch());
    view! {
        <Load resource=data let:page>
            <Page page/>
        </Load>
    }
}

#[component]
fn Page(page: NodesPage) -> impl IntoView {
    let NodesPage { nodes, totals } = page;
    let sum = |figure: fn(&NodeLoad) -> u64| {
        let running = nodes.nodes.iter().filter(|node| node.state == NodeState::Running);
        running.map(|node| figure(&node.load)).sum::<u64>()
    };
    let (deliveries, sessions) = (sum(|load| load.deliveries), sum(|load| load.sessions));
    let oldest = oldest_due(&totals, now());
    view! {
        <PageHeader title=places::NODES/>
        <Warnings nodes=nodes.clone()/>
        <Tiles>
            <Tile label="Due" tone=Tone::Info value=totals.due note=oldest href="/admin/queue"/>
            <Tile label="Deliveries" tone=Tone::Info value=deliveries note="running now" href="/admin/queue"/>
            <Tile label="Sessions" tone=Tone::Info value=sessions note="open now" href="/admin/listeners"/>
        </Tiles>
        <List nodes=nodes.nodes/>
    }
}

#[component]
fn Warnings(nodes: Nodes) -> impl IntoView {
    let missing: Vec<_> = nodes.missing().into_iter().map(|node| node.host.clone()).collect();
    let nobody: Vec<_> = nodes.roles_of_nobody().into_iter().map(Role::as_str).collect();
    let clocks: Vec<_> = nodes.clocks_wrong().into_iter().map(clock).collect();
    view! {
        {(!missing.is_empty())
            .then(|| view! { <Notice tone=Tone::Bad title="A node is missing.">{missing.join(", ")} " " {words::MISSING}</Notice> })}
        {(!nobody.is_empty())
            .then(|| view! { <Notice tone=Tone::Bad title="A role has no node.">{nobody.join(", ")} ". " {words::NOBODY}</Notice> })}
        {(!clocks.is_empty())
            .then(|| view! { <Notice tone=Tone::Warn title="Clocks differ.">{clocks.join(", ")} ". " {words::CLOCKS}</Notice> })}
        {nodes.versions_differ().then(|| view! { <Notice tone=Tone::Warn title="Versions differ.">{words::VERSIONS}</Notice> })}
    }
}

fn clock(node: &NodeStatus) -> String {
    let word = if node.load.ahead_ms > 0 { "ahead" } else { "behind" };
    format!("{} is {} {word}", node.host, text::duration(node.load.ahead_ms.unsigned_abs()))
}

#[component]
fn List(nodes: Vec<NodeStatus>) -> impl IntoView {
    let columns = vec![
        Column::new("Node"),
        Column::new("State"),
        Column::new("Roles"),
        Column::new("Last seen"),
        Column::new("Deliveries").right(),
        Column::new("Sessions").right(),
        Column::new("Memory").right(),
        Column::new("Commits").right(),
        Column::new("Recovered").right(),
    ];
    view! {
        <Table label="Nodes" columns>
            {nodes.into_iter().map(|node| view! { <Row node/> }).views()}
        </Table>
    }
}

#[component]
fn Row(node: NodeStatus) -> impl IntoView {
    let roles: Vec<_> = node.roles.iter().map(|role| role.as_str()).collect();
    let load = node.load;
    let fsync = load.fsync_ms.map_or_else(String::new, |fsync| format!("; fsync {fsync} ms"));
    let commits = match (load.commit_ms, load.batch) {
        (Some(took), Some(batch)) => {
            let jobs = if batch > 1.0 { "jobs" } else { "job" };
            format!("{took} ms, {batch} {jobs} each{fsync}")
        }
        _ => "none now".to_owned(),
    };
    let here = node.here.then_some("answers this page");
    let leader = node.leader.then_some("leader");
    let gone = node.state != NodeState::Running;
    let id = node.id.clone();
    view! {
        <tr>
            <Cell label="Node">
                <b class="whole">{node.host}</b>
                <small>"version " <span class="mono">{node.version}</span></small>
                {here.map(|here| view! { <small>{here}</small> })}
            </Cell>
            <Cell label="State">
                <Status state=state(node.state)/>
                {leader.map(|leader| view! { <small>{leader}</small> })}
                {gone.then(|| view! { <Forget id/> })}
            </Cell>
            <Cell label="Roles">{roles.join(", ")}</Cell>
            <Cell label="Last seen">
                <Time at=node.seen_at/>
                <small>"started " <Time at=node.started_at/></small>
            </Cell>
            <Cell label="Deliveries" right=true>
                {text::number(load.deliveries)}
            </Cell>
            <Cell label="Sessions" right=true>
                {text::number(load.sessions)}
            </Cell>
            <Cell label="Memory" right=true>
                <span class="amount">{text::size(load.memory)}</span>
            </Cell>
            <Cell label="Commits" right=true>
                {format!("{}/s", load.commits)}
                <small>{commits}</small>
            </Cell>
            <Cell label="Recovered" right=true>
                {text::number(load.recovered)}
                <small>"after a lost lease"</small>
            </Cell>
        </tr>
    }
    .into_any()
}

#[component]
fn Forget(id: String) -> impl IntoView {
    let form = use_form_for::<ForgetNode>("node", &id);
    view! {
        <PostForm form inline=true>
            <Hidden name="node" value=id/>
            <Submit kind="">"Forget"</Submit>
        </PostForm>
    }
}

fn state(state: NodeState) -> (Tone, &'static str) {
    match state {
        NodeState::Running => (Tone::Good, "Running"),
        NodeState::Stopped => (Tone::Unknown, "Stopped"),
        NodeState::Missing => (Tone::Bad, "Missing"),
    }
}

mod words {
    pub const MISSING: &str = "gave no sign of life for 30 seconds: it died, or is cut off from the database. What it \
        was sending is due again. Start it, or forget it.";
    pub const NOBODY: &str =
        "Without submission nothing is accepted, without delivery mail waits. Start a node with this role.";
    pub const CLOCKS: &str = "Compared with the database's. Set them by NTP: retries, expiry and the times on pages \
        go by them.";
    pub const VERSIONS: &str = "That is as it should be during an upgrade and not for longer.";
}
