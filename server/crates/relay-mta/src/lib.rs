//! The running relay: listeners that accept mail, and what delivers it. The only crate that opens SMTP sockets.
//!
//! It decides nothing about who may do what: every question of a session goes to `relay-core`, every result of a
//! delivery is recorded there.

#![warn(missing_docs)]

pub mod delivery;
pub mod egress;
mod greeting;
pub mod listener;
pub mod proxy_protocol;
pub mod queue_manager;
pub mod reach;
pub mod self_test;
pub mod submission;
pub mod tls;

pub use delivery::{DeliveryConfig, DeliveryError};
pub use listener::{ListenerError, Relay};
pub use submission::{ListenerConfig, SubmissionSettings};
pub use tls::{TlsError, certificates::CertificateFiles};
