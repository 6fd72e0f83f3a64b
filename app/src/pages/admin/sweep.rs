//! `/admin/sweep`: which names no longer match their address, what the next sweep does about each and why.

use crate::{
    api::sweep::{KeepName, LoadSweep, StartSweep},
    components::{job::JobCard, prelude::*},
    strings::places,
};
use leptos::prelude::*;
use relay_types::{
    change::Topic,
    job::JobState,
    sweep::{SweepItem, SweepPlan, SweepReason},
};

/// The sweep.
#[component]
pub fn AdminSweep() -> impl IntoView {
    let data = read_again(done, || LoadSweep {});
    use_live(&[Topic::Names], move || data.refetch());
    view! {
        <Load resource=data let:plan>
            <Page plan/>
        </Load>
    }
}

#[component]
fn Page(plan: SweepPlan) -> impl IntoView {
    let start = use_form::<StartSweep>();
    let SweepPlan { items, count, last, next_at, grace_days, closed_grace_days } = plan;
    let running = last.as_ref().is_some_and(|job| job.state == JobState::Running);
    let left_out = count.saturating_sub(items.len() as u64);
    view! {
        <PageHeader title=places::SWEEP>
            {(!running)
                .then(|| {
                    view! {
                        <PostForm form=start inline=true>
                            <Submit>"Run now"</Submit>
                        </PostForm>
                    }
                })}
        </PageHeader>
        <p>
            {format!(
                "Every night each name of its own is looked at. When its forward record no longer has the address the owner is \
                 told; after {grace_days} days the address gets the default name of its range again. Names of a closed project \
                 go after {closed_grace_days} days. A failure that may pass is never taken for a missing record.",
            )} " The next one begins " <Time at=next_at/> "."
        </p>
        {last.map(|job| view! { <JobCard job/> })}
        {if items.is_empty() {
            view! { <EmptyState title="No name is in question" text="The next sweep would change nothing."/> }.into_any()
        } else {
            view! { <List items/> }.into_any()
        }}
        {(left_out > 0).then(|| view! { <p class="soft">{format!("And {} more.", text::number(left_out))}</p> })}
    }
}

#[component]
fn List(items: Vec<SweepItem>) -> impl IntoView {
    let columns = vec![
        Column::new("Next sweep"),
        Column::new("Address"),
        Column::new("Why"),
        Column::new("Since"),
        Column::new("Until").right(),
        Column::new("Actions").unseen().right(),
    ];
    view! {
        <Table label="Names in question" columns>
            {items.into_iter().map(|item| view! { <Row item/> }).views()}
        </Table>
    }
}

#[component]
fn Row(item: SweepItem) -> impl IntoView {
    let id = item.id.to_string();
    let form = use_form_for::<KeepName>("id", &id);
    let state = match (item.due, item.kept) {
        (true, _) => (Tone::Bad, "Takes the name"),
        (false, true) => (Tone::Unknown, "Keeps it"),
        (false, false) => (Tone::Warn, "Waits"),
    };
    let why = match item.why {
        SweepReason::Forward => "The name does not point to the address",
        SweepReason::Closed => "The project is closed",
    };
    let after = item.default.unwrap_or_else(|| "no PTR record".to_owned());
    // The names of a closed project go whatever anybody keeps.
    let may_keep = item.why == SweepReason::Forward;
    let (value, button) = if item.kept { ("no", "Let it go") } else { ("yes", "Keep") };
    let about = item.address.clone();
    view! {
        <tr>
            <Cell label="Next sweep">
                <Status state/>
            </Cell>
            <Cell label="Address" mono=true>
                {item.address}
                <small>{item.name} " → " {after}</small>
            </Cell>
            <Cell label="Why">{why} <small>{item.project.to_string()}</small></Cell>
            <Cell label="Since">
                <Time at=item.since/>
            </Cell>
            <Cell label="Until" right=true>
                <Time at=item.until/>
            </Cell>
            <Cell label="Actions" right=true>
                {may_keep
                    .then(|| {
                        view! {
                            <PostForm form inline=true>
                                <HiddenId id/>
                                <Hidden name="kept" value=value/>
                                <Submit kind="">{button}<Unseen text=about/></Submit>
                            </PostForm>
                        }
                    })}
            </Cell>
        </tr>
    }
    .into_any()
}
