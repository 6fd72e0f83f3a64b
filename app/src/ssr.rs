//! The only server-side plumbing of the portal: what a server function and a page may ask of the request, how errors of
//! the use cases become `AppError`, and the router that `server` mounts.
//!
//! It trusts the layers around it: the session layer of `server` has put a `Session` into the request, and calls from
//! other sites were refused before they came here.

mod forms;
mod request;
mod router;

pub use request::{USER, actor, client, core, done, end_session, redirect, session, set_cookie, start_session};
pub use router::{Portal, router};

use crate::error::AppError;
use axum::http::{HeaderValue, StatusCode, header::LOCATION};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;

/// Use cases' errors in the words of the portal. The cause goes to the log, once, with a reference the person sees.
impl From<relay_core::Error> for AppError {
    fn from(error: relay_core::Error) -> Self {
        use relay_core::Error;
        match error {
            Error::NotFound => Self::NotFound,
            Error::Forbidden => Self::Forbidden,
            Error::SignedOut => Self::SignedOut,
            Error::Invalid { field, reason } => Self::Invalid { field: field.to_owned(), reason },
            Error::Conflict { reason } => Self::Conflict { reason },
            Error::TooMany { seconds } => {
                Self::Unavailable { reason: format!("Too many attempts. Try again in {}.", wait(seconds)) }
            }
            Error::Unavailable { cause } => {
                tracing::error!(%cause, "the database or DNS cannot be reached");
                Self::Unavailable {
                    reason: "This cannot be answered now; nothing was changed. Try again in a moment.".to_owned(),
                }
            }
            Error::Full { cause } => {
                tracing::error!(%cause, "the disk of the database is full");
                Self::Unavailable {
                    reason: "There is no room to keep this now; nothing was changed. Tell an operator.".to_owned(),
                }
            }
            Error::Internal { cause } => internal(cause),
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

/// A fault of ours: logged under a reference, told without its cause.
pub fn internal(cause: impl std::fmt::Display) -> AppError {
    let reference = uuid::Uuid::now_v7().simple().to_string().split_off(20);
    tracing::error!(%cause, %reference, "the portal failed");
    AppError::Internal { reference }
}

/// The status of a page that shows `error`; nobody signed in is sent to `sign_in`.
pub fn answer(error: &AppError, sign_in: &str) {
    let Some(options) = use_context::<ResponseOptions>() else { return };
    if *error == AppError::SignedOut
        && let Ok(sign_in) = HeaderValue::from_str(sign_in)
    {
        options.set_status(StatusCode::FOUND);
        options.insert_header(LOCATION, sign_in);
    } else {
        options.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_wait_is_told_in_whole_units_and_never_too_short() {
        let told = [1, 3, 60, 61, 120, 3_601].map(super::wait);
        assert_eq!(told, ["1 second", "3 seconds", "60 seconds", "2 minutes", "2 minutes", "2 hours"]);
    }
}
