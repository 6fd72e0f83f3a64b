//! The only server-side plumbing of the portal: what a server function and a page may ask of the request, how errors of
//! the use cases become `AppError`, and the router that `server` mounts.
//!
//! It trusts the layers around it: the session layer of `server` has put a `Session` into the request, and calls from
//! other sites were refused before they came here.

mod answers;
mod forms;
mod request;
mod router;

pub use answers::Answers;
pub use forms::largest as largest_request;
pub use request::{
    USER, actor, actor_with, client, core, done, end_session, password_typed, redirect, session, set_cookie,
    start_session,
};
pub use router::{Portal, router, theme};

use crate::error::AppError;
use axum::http::{
    HeaderName, HeaderValue, StatusCode,
    header::{LOCATION, RETRY_AFTER},
};
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
            Error::TooMany { seconds } => Self::TooMany { seconds },
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
        options.set_status(status(error));
        if let Some((name, value)) = retry_after(error) {
            options.insert_header(name, value);
        }
    }
}

/// The HTTP status that says the same as `error`.
fn status(error: &AppError) -> StatusCode {
    StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// When to come back, for those who asked too often (RFC 9110 §10.2.3).
fn retry_after(error: &AppError) -> Option<(HeaderName, HeaderValue)> {
    match error {
        AppError::TooMany { seconds } => Some((RETRY_AFTER, HeaderValue::from(*seconds))),
        _ => None,
    }
}

/// The status of a page that says itself why there is nothing: a one-time link that is no longer good.
pub fn gone() {
    if let Some(options) = use_context::<ResponseOptions>() {
        options.set_status(StatusCode::NOT_FOUND);
    }
}
