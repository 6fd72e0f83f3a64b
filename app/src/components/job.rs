//! Long work: a bar with a count while it goes on, and what was refused of it.

use crate::components::{
    card::Card,
    notice::Notice,
    status::Tone,
    table::{Cell, Column, Table},
    text,
    time::Time,
    views::Views,
};
use leptos::prelude::*;
use relay_types::job::{Job, JobKind, JobState, RefusedLine};

/// A job, while it runs and after.
#[component]
pub fn JobCard(job: Job) -> impl IntoView {
    let (lines, done_word) = match job.kind {
        JobKind::Import => (("line", "lines"), "taken"),
        JobKind::Sweep => (("name", "names"), "changed"),
        JobKind::Suppressions => (("line", "lines"), "added"),
    };
    let title = match (job.kind, job.state) {
        (JobKind::Import | JobKind::Suppressions, JobState::Running) => "Import goes on",
        (JobKind::Import | JobKind::Suppressions, JobState::Done) => "Import is done",
        (JobKind::Import | JobKind::Suppressions, JobState::Stopped) => "Import stopped before its end",
        (JobKind::Sweep, JobState::Running) => "A sweep goes on",
        (JobKind::Sweep, JobState::Done) => "Last sweep",
        (JobKind::Sweep, JobState::Stopped) => "The last sweep stopped before its end",
    };
    let said = format!(
        "{} of {}; {} {done_word}, {} refused",
        text::number(job.done),
        text::count(job.total, lines.0, lines.1),
        text::number(job.changed),
        text::number(job.refused_count),
    );
    let running = job.state == JobState::Running;
    view! {
        <Card title>
            <div class="used">
                <p>{said.clone()}</p>
                {running
                    .then(|| {
                        view! {
                            <progress max=job.total.max(1).to_string() value=job.done.to_string() aria-label=title>
                                {said}
                            </progress>
                        }
                    })}
            </div>
            <p class="soft">
                "Begun by " {job.started_by} ", " <Time at=job.started_at/>
                {job.ended_at.map(|at| view! { "; ended " <Time at/> })}
            </p>
            {job.error.map(|error| view! { <Notice tone=Tone::Bad title="It stopped:">{error}</Notice> })}
            <Refused lines=job.refused count=job.refused_count/>
        </Card>
    }
    .into_any()
}

#[component]
fn Refused(lines: Vec<RefusedLine>, count: u64) -> impl IntoView {
    if lines.is_empty() {
        return ().into_any();
    }
    let left_out = count.saturating_sub(lines.len() as u64);
    let columns = vec![Column::new("Line").right(), Column::new("What stood there"), Column::new("Why it was refused")];
    view! {
        <Table label="Refused lines" columns>
            {lines
                .into_iter()
                .map(|line| {
                    view! {
                        <tr>
                            <Cell label="Line" right=true>
                                {text::number(line.line)}
                            </Cell>
                            <Cell label="What stood there" mono=true>
                                {line.text}
                            </Cell>
                            <Cell label="Why">{line.reason}</Cell>
                        </tr>
                    }
                })
                .views()}
        </Table>
        {(left_out > 0).then(|| view! { <p class="soft">{format!("And {} more.", text::number(left_out))}</p> })}
    }
    .into_any()
}
