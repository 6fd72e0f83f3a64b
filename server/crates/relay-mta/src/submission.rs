//! The submission side: from a listener's socket to `relay-core`.

pub mod settings;

mod admission;
mod answers;
mod connection;
mod pace;
mod questions;
mod wire;

pub(crate) use admission::{Admission, Admitted};
pub(crate) use connection::{Context, serve};
pub use settings::{ListenerConfig, SubmissionSettings};
