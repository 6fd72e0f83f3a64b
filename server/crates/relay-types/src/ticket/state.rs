//! The states of a ticket and the legal moves between them.

use serde::{Deserialize, Serialize};

/// How a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TicketState {
    /// Written, not sent.
    Draft,
    /// Sent, not yet checked.
    Submitted,
    /// The name does not point to the address yet; looked for again by itself.
    Waiting,
    /// Waits for the service desk.
    Ready,
    /// The desk agreed.
    Approved,
    /// The change is being written.
    Applying,
    /// Written; read back until everyone sees it.
    Verifying,
    /// Came true.
    Done,
    /// The desk did not agree, or the forward record never came.
    Refused,
    /// The project took it back.
    Withdrawn,
    /// Could not be carried out.
    Failed,
    /// Taken up again, not yet checked anew.
    Reopened,
}

impl TicketState {
    /// All states, in the order of a ticket's life.
    pub const ALL: [Self; 12] = [
        Self::Draft,
        Self::Submitted,
        Self::Waiting,
        Self::Ready,
        Self::Approved,
        Self::Applying,
        Self::Verifying,
        Self::Done,
        Self::Refused,
        Self::Withdrawn,
        Self::Failed,
        Self::Reopened,
    ];

    /// The states a ticket may move to from here: the one place that knows the legal moves.
    pub const fn moves(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::Submitted, Self::Withdrawn],
            // A PTR elsewhere is only watched.
            Self::Submitted | Self::Reopened => {
                &[Self::Waiting, Self::Ready, Self::Verifying, Self::Refused, Self::Withdrawn]
            }
            Self::Waiting => &[Self::Ready, Self::Refused, Self::Withdrawn],
            // At approval the forward record may be gone again.
            Self::Ready => &[Self::Waiting, Self::Approved, Self::Refused, Self::Withdrawn],
            // Decisions about a project (go-live, quota) are done as soon as they are made.
            Self::Approved => &[Self::Applying, Self::Done],
            Self::Applying => &[Self::Verifying, Self::Failed],
            // What is only watched may still be withdrawn; `tickets` sees to that.
            Self::Verifying => &[Self::Done, Self::Failed, Self::Withdrawn],
            Self::Done | Self::Refused | Self::Withdrawn | Self::Failed => &[Self::Reopened],
        }
    }

    /// Whether a ticket may move from here to `to`.
    pub fn may_move_to(self, to: Self) -> bool {
        self.moves().contains(&to)
    }

    /// Whether somebody still has something to do, or something is still going on.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Done | Self::Refused | Self::Withdrawn | Self::Failed)
    }

    /// The word in URLs and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Waiting => "waiting",
            Self::Ready => "ready",
            Self::Approved => "approved",
            Self::Applying => "applying",
            Self::Verifying => "verifying",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Failed => "failed",
            Self::Reopened => "reopened",
        }
    }

    /// As people read it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Draft => "Draft",
            Self::Submitted => "Submitted",
            Self::Waiting => "Waiting for forward",
            Self::Ready => "Ready",
            Self::Approved => "Approved",
            Self::Applying => "Applying",
            Self::Verifying => "Verifying",
            Self::Done => "Done",
            Self::Refused => "Refused",
            Self::Withdrawn => "Withdrawn",
            Self::Failed => "Failed",
            Self::Reopened => "Reopened",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pair of states: `x` where a move is legal. Rows move to columns, in the order of [`TicketState::ALL`].
    #[test]
    fn every_pair_of_states_is_a_legal_move_or_none() {
        let table = "
            draft     . x . . . . . . . x . .
            submitted . . x x . . x . x x . .
            waiting   . . . x . . . . x x . .
            ready     . . x . x . . . x x . .
            approved  . . . . . x . x . . . .
            applying  . . . . . . x . . . x .
            verifying . . . . . . . x . x x .
            done      . . . . . . . . . . . x
            refused   . . . . . . . . . . . x
            withdrawn . . . . . . . . . . . x
            failed    . . . . . . . . . . . x
            reopened  . . x x . . x . x x . .
        ";
        let rows: Vec<Vec<&str>> =
            table.lines().map(|l| l.split_whitespace().collect()).filter(|r: &Vec<_>| !r.is_empty()).collect();
        assert_eq!(rows.len(), TicketState::ALL.len());
        for (from, row) in TicketState::ALL.into_iter().zip(rows) {
            assert_eq!(row[0], from.as_str());
            for (to, cell) in TicketState::ALL.into_iter().zip(&row[1..]) {
                assert_eq!(from.may_move_to(to), *cell == "x", "{from:?} to {to:?}");
            }
            assert!(!from.may_move_to(from), "{from:?}");
        }
    }
}
