//! `AppError`: what a page may know of a failure. It crosses the wire, so it names no table, no path and no cause;
//! the cause is in the log, under the reference of `Internal`.

use serde::{Deserialize, Serialize};
use server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};

/// Why a server function did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AppError {
    /// Nobody is signed in, or the session has ended.
    #[error("You are signed out. Sign in and try again.")]
    SignedOut,
    /// It is not there, or not for this person to know of.
    #[error("This does not exist, or you may not see it.")]
    NotFound,
    /// The person may see it but not do this.
    #[error("Your role does not allow this. Ask an owner of the project.")]
    Forbidden,
    /// A field of the form has to be mended.
    #[error("{reason}")]
    Invalid {
        /// Name of the input; empty when it is about the form as a whole.
        field: String,
        /// A sentence that says what to type.
        reason: String,
    },
    /// It clashes with what is there.
    #[error("{reason}")]
    Conflict {
        /// A sentence that says with what.
        reason: String,
    },
    /// Asked too often.
    #[error("Too many attempts. Try again in {}.", wait(*seconds))]
    TooMany {
        /// How long to wait.
        seconds: u64,
    },
    /// Something the answer depends on cannot be reached now.
    #[error("{reason}")]
    Unavailable {
        /// A sentence that says what, and when to try again.
        reason: String,
    },
    /// Our fault; the log has the cause under this reference.
    #[error("Something went wrong on our side. Reference {reference}.")]
    Internal {
        /// Ties this answer to a line of the log.
        reference: String,
    },
}

impl AppError {
    /// The field `field` holds something we cannot take; `reason` says what to type instead.
    pub fn invalid(field: &str, reason: impl ToString) -> Self {
        Self::Invalid { field: field.to_owned(), reason: reason.to_string() }
    }

    /// No answer came, or none of ours.
    pub fn unreachable() -> Self {
        Self::Unavailable { reason: "The server could not be reached. Try again in a moment.".to_owned() }
    }

    /// The answer is not what this page was made for: the server was updated since the page was opened.
    pub fn outdated() -> Self {
        Self::Unavailable { reason: "The portal was updated since you opened it. Reload the page.".to_owned() }
    }

    /// Whether the server may answer the same question in a moment, without anybody doing anything.
    pub fn passes(&self) -> bool {
        matches!(self, Self::Unavailable { .. }) && *self != Self::outdated()
    }

    /// The name of the input it is about, when it is about one.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Invalid { field, .. } if !field.is_empty() => Some(field),
            _ => None,
        }
    }

    /// The HTTP status that says the same.
    pub fn status(&self) -> u16 {
        match self {
            Self::SignedOut => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict { .. } => 409,
            Self::Invalid { .. } => 422,
            Self::TooMany { .. } => 429,
            Self::Internal { .. } => 500,
            Self::Unavailable { .. } => 503,
        }
    }
}

/// A wait in whole units, never too short.
fn wait(seconds: u64) -> String {
    use crate::components::text::count;
    match seconds {
        0..=60 => count(seconds.max(1), "second", "seconds"),
        61..=3_600 => count(seconds.div_ceil(60), "minute", "minutes"),
        _ => count(seconds.div_ceil(3_600), "hour", "hours"),
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    /// Failures of the transport itself. Their texts are for developers and are not passed on.
    fn from_server_fn_error(value: ServerFnErrorErr) -> Self {
        match value {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Deserialization(_) => Self::unreachable(),
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Serialization(_) => {
                Self::invalid("", "The form did not arrive whole. Reload the page and try again.")
            }
            _ => Self::Internal { reference: "none".to_owned() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AppError;

    #[test]
    fn what_waiting_mends_passes_and_what_a_person_must_do_does_not() {
        assert!(AppError::unreachable().passes());
        // Who asks too often is not helped by being asked for again.
        assert!(!AppError::TooMany { seconds: 3 }.passes());
        assert!(!AppError::outdated().passes() && !AppError::SignedOut.passes() && !AppError::NotFound.passes());
    }

    #[test]
    fn a_wait_is_told_in_whole_units_and_never_too_short() {
        let told = [1, 3, 60, 61, 120, 3_601].map(super::wait);
        assert_eq!(told, ["1 second", "3 seconds", "60 seconds", "2 minutes", "2 minutes", "2 hours"]);
    }
}
