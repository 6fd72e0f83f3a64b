//! Questions to DNS and judgement of the answers. The only crate that knows the resolver library.
//!
//! Never decides what mail does with an answer: it says what is certain (`NoRecord`) and what is not (`Temporary`).
#![warn(missing_docs)]

mod authority;
pub mod back_end;
pub mod dkim;
pub mod dmarc;
pub mod facts;
pub mod fixed;
pub mod judge;
mod kept;
mod look_up;
mod manners;
pub mod mta_sts;
pub mod mx;
mod name;
pub mod resolver;
mod round_trip;
pub mod spf;
#[cfg(test)]
mod test_zone;
mod wire;
mod zones;

pub use back_end::{BackEnd, PowerDnsApi, PtrChange, UpdateServer, WriteError};
pub use facts::{Ask, Facts, gather, gather_watched};
pub use fixed::FixedAnswers;
pub use resolver::{DnsError, MxRecord, Resolver, TxtAnswer};
