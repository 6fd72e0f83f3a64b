//! How far a ticket has come: the steps of its kind, those behind it and the one it is at.

use crate::components::prelude::*;
use leptos::prelude::*;
use relay_types::ticket::{Ticket, TicketKind, TicketState};

/// A step: its words, and the states that are it.
type Step = (&'static str, &'static [TicketState]);

const SUBMITTED: Step = ("Submitted", &[TicketState::Submitted, TicketState::Reopened]);
const WAITING: Step = ("Waiting for forward", &[TicketState::Waiting]);
const READY: Step = ("Ready", &[TicketState::Ready]);
const APPROVED: Step = ("Approved", &[TicketState::Approved]);
const WRITTEN: Step = ("Written to DNS", &[TicketState::Applying]);
const SEEN: Step = ("Seen by resolvers", &[TicketState::Verifying]);
const WATCHED: Step = ("Watched", &[TicketState::Verifying]);
const DONE: Step = ("Done", &[TicketState::Done]);

fn steps(kind: TicketKind) -> &'static [Step] {
    match kind {
        TicketKind::SetPtr => &[SUBMITTED, WAITING, READY, APPROVED, WRITTEN, SEEN],
        TicketKind::RemovePtr => &[SUBMITTED, READY, APPROVED, WRITTEN, SEEN],
        TicketKind::PtrElsewhere => &[SUBMITTED, WATCHED, DONE],
        TicketKind::GoLive | TicketKind::Quota => &[SUBMITTED, READY, DONE],
    }
}

/// How many steps are behind, and whether the next one is where it is.
fn standing(kind: TicketKind, state: TicketState, been: &[TicketState]) -> (usize, bool) {
    let steps = steps(kind);
    let of = |state: &TicketState| steps.iter().position(|(_, states)| states.contains(state));
    match state {
        TicketState::Done => (steps.len(), false),
        TicketState::Draft => (0, false),
        _ if state.is_open() => of(&state).map_or((0, false), |at| (at, true)),
        // Ended before the end: as far as it had come.
        _ => (been.iter().filter_map(of).max().map_or(0, |at| at + 1), false),
    }
}

/// The bar of steps.
#[component]
pub fn Steps(ticket: Ticket) -> impl IntoView {
    let been: Vec<TicketState> = ticket.entries.iter().filter_map(|entry| entry.to).collect();
    let (behind, here) = standing(ticket.row.kind, ticket.row.state, &been);
    view! {
        <ol class="steps" aria-label="Steps">
            {steps(ticket.row.kind)
                .iter()
                .enumerate()
                .map(|(at, (words, _))| {
                    let now = here && at == behind;
                    view! {
                        <li class:done=at < behind class:now=now aria-current=now.then_some("step")>
                            {*words}
                            {(at < behind).then(|| view! { <Unseen text="(done)"/> })}
                        </li>
                    }
                })
                .views()}
        </ol>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TicketState::*;

    #[test]
    fn every_open_state_a_kind_can_be_in_is_one_of_its_steps() {
        for (kind, state, been, expected) in [
            (TicketKind::SetPtr, Draft, &[][..], (0, false)),
            (TicketKind::SetPtr, Waiting, &[Submitted, Waiting], (1, true)),
            (TicketKind::SetPtr, Verifying, &[Submitted, Ready, Approved, Applying, Verifying], (5, true)),
            (TicketKind::SetPtr, Done, &[], (6, false)),
            (TicketKind::SetPtr, Refused, &[Submitted, Waiting, Ready, Refused], (3, false)),
            (TicketKind::RemovePtr, Ready, &[Submitted], (1, true)),
            (TicketKind::PtrElsewhere, Verifying, &[Submitted, Verifying], (1, true)),
            (TicketKind::Quota, Withdrawn, &[Draft, Withdrawn], (0, false)),
            (TicketKind::GoLive, Reopened, &[], (0, true)),
        ] {
            assert_eq!(standing(kind, state, been), expected, "{kind:?} {state:?}");
        }
    }
}
