//! `/admin/queue`: what waits, by destination, and what can be done with all of a destination's mail.

use crate::{
    api::queue::{HoldDestination, LoadQueue, QueuePage, ReleaseDestination, RetryDestination},
    components::{due::oldest_due, prelude::*, time::now},
    strings::places,
};
use leptos::prelude::*;
use relay_types::{
    Timestamp,
    change::Topic,
    queue::{QueueDestination, QueueTotals},
};
use std::time::Duration;

/// Mail that has waited for longer asks for a look.
const OLD: Duration = Duration::from_secs(4 * 3_600);
/// The use case gives no more destinations than this.
const MOST: usize = 200;

/// Queue.
#[component]
pub fn AdminQueue() -> impl IntoView {
    let data = read_again(search, || LoadQueue {});
    use_live(&[Topic::Queue], move || data.refetch());
    view! {
        <Load resource=data let:page>
            <Page page/>
        </Load>
    }
}

#[component]
fn Page(page: QueuePage) -> impl IntoView {
    let QueuePage { totals, destinations } = page;
    let waits = !destinations.is_empty();
    let alarm = totals.oldest_at.filter(|&at| is_old(at));
    view! {
        <PageHeader title=places::QUEUE>{waits.then(|| view! { <CsvLink/> })}</PageHeader>
        {alarm.map(|at| view! { <Alarm at worst=worst(&destinations)/> })}
        {if waits {
            view! { <List totals destinations/> }.into_any()
        } else {
            view! { <EmptyState title=words::EMPTY_TITLE text=words::EMPTY/> }.into_any()
        }}
    }
}

fn is_old(at: Timestamp) -> bool {
    now().since(at) > OLD
}

/// The destination whose mail, not all of it held, has waited longest.
fn worst(destinations: &[QueueDestination]) -> Option<String> {
    let moving = destinations.iter().filter(|one| one.due + one.in_flight > 0);
    moving.min_by_key(|one| one.oldest_at).map(|one| one.destination.clone())
}

#[component]
fn Alarm(at: Timestamp, worst: Option<String>) -> impl IntoView {
    view! {
        <Notice tone=Tone::Bad title="Mail has waited for more than 4 hours.">
            "The oldest was accepted "
            <Time at/>
            {worst.map(|worst| format!(", for {worst}"))}
            ". The last reply of its destination below says why."
        </Notice>
    }
}

#[component]
fn List(totals: QueueTotals, destinations: Vec<QueueDestination>) -> impl IntoView {
    let query = untrack(query);
    let show = query.text("show");
    let narrowed = show.is_some();
    let cut = destinations.len() >= MOST;
    let mut shown: Vec<QueueDestination> = destinations
        .into_iter()
        .filter(|one| match show.as_deref() {
            Some("due") => one.due > 0,
            Some("in_flight") => one.in_flight > 0,
            Some("held") => one.held > 0,
            _ => true,
        })
        .collect();
    sort(&mut shown, query.get(SORT), |row, word| match word {
        "destination" => Key::text(&row.destination),
        "due" => Key::number(row.due),
        "in_flight" => Key::number(row.in_flight),
        "held" => Key::number(row.held),
        "oldest" => Key::time(row.oldest_at),
        "next" => Key::time(row.next_due_at),
        _ => Key::None,
    });
    view! {
        <Totals totals/>
        {narrowed.then(|| view! { <p><a href="/admin/queue">"All destinations"</a></p> })}
        {if shown.is_empty() {
            view! { <EmptyState title="Nothing in this state" text="Other mail waits; take the filter away to see it."/> }
                .into_any()
        } else {
            view! { <Destinations destinations=shown/> }.into_any()
        }}
        {cut.then(|| view! { <p class="soft">{words::CUT}</p> })}
    }
}

#[component]
fn Totals(totals: QueueTotals) -> impl IntoView {
    let oldest = oldest_due(&totals, now());
    let at = |show: &str| format!("/admin/queue?show={show}");
    view! {
        <Tiles>
            <Tile label="Due" tone=Tone::Info value=totals.due note=oldest href=at("due")/>
            <Tile label="In flight" tone=Tone::Info value=totals.in_flight note="being delivered" href=at("in_flight")/>
            <Tile label="Held" tone=Tone::Unknown value=totals.held note="until released" href=at("held")/>
        </Tiles>
    }
}

#[component]
fn Destinations(destinations: Vec<QueueDestination>) -> impl IntoView {
    let columns = vec![
        Column::new("Destination").sorted_by("destination"),
        Column::new("Due").sorted_by("due").right(),
        Column::new("In flight").sorted_by("in_flight").right(),
        Column::new("Held").sorted_by("held").right(),
        Column::new("Oldest").sorted_by("oldest"),
        Column::new("Next attempt").sorted_by("next"),
        Column::new("Actions").unseen().right(),
    ];
    view! {
        <Table label="Destinations" columns>
            {destinations.into_iter().map(|destination| view! { <Row destination/> }).views()}
        </Table>
    }
}

#[component]
fn Row(destination: QueueDestination) -> impl IntoView {
    let QueueDestination { destination, due, in_flight, held, oldest_at, next_due_at, last_reply } = destination;
    let old = due + in_flight > 0 && is_old(oldest_at);
    let (waits, some_held) = (due > 0, held > 0);
    let actions = view! { <Actions destination=destination.clone() waits held=some_held/> };
    view! {
        <tr>
            <Cell label="Destination">
                <span class="mono">{destination}</span>
                {last_reply.map(|reply| view! { <small class="mono">{reply}</small> })}
            </Cell>
            <Cell label="Due" right=true>
                {text::number(due)}
            </Cell>
            <Cell label="In flight" right=true>
                {text::number(in_flight)}
            </Cell>
            <Cell label="Held" right=true>
                {text::number(held)}
            </Cell>
            <Cell label="Oldest">
                {old.then(|| view! { <Dot tone=Tone::Bad/> " " })} <Time at=oldest_at/>
            </Cell>
            <Cell label="Next attempt">
                {next_due_at.map(|at| view! { <Time at/> })} {next_due_at.is_none().then_some("none")}
            </Cell>
            <Cell label="Actions" right=true>
                {actions}
            </Cell>
        </tr>
    }
    .into_any()
}

#[component]
fn Actions(destination: String, waits: bool, held: bool) -> impl IntoView {
    let retry = use_form_for::<RetryDestination>("destination", &destination);
    let hold = use_form_for::<HoldDestination>("destination", &destination);
    let release = use_form_for::<ReleaseDestination>("destination", &destination);
    let name = StoredValue::new(destination);
    view! {
        <div class="actions">
            {waits
                .then(|| {
                    view! {
                        <PostForm form=retry inline=true>
                            <Hidden name="destination" value=name.get_value()/>
                            <Submit kind="">"Retry now"</Submit>
                        </PostForm>
                        <Danger
                            form=hold
                            id=format!("hold-{}", name.get_value())
                            button="Hold"
                            consequence="Mail of every project to this destination waits until somebody releases it. \
                                         Nobody is told."
                            name=name.get_value()
                            what="Destination"
                        >
                            <Hidden name="destination" value=name.get_value()/>
                        </Danger>
                    }
                })}
            {held
                .then(|| {
                    view! {
                        <PostForm form=release inline=true>
                            <Hidden name="destination" value=name.get_value()/>
                            <Submit kind="">"Release"</Submit>
                        </PostForm>
                    }
                })}
        </div>
    }
}

mod words {
    pub const EMPTY_TITLE: &str = "The queue is empty";
    pub const EMPTY: &str = "Mail that was accepted and is not delivered yet waits here, grouped by where it goes. Each \
        destination shows how much waits, since when, and what its server said last.";
    pub const CUT: &str = "Only the 200 destinations with the most mail are listed.";
}
