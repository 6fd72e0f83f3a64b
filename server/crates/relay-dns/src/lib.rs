//! Questions to DNS and judgement of the answers. The only crate that knows the resolver library.
//!
//! Never decides what mail does with an answer: it says what is certain (`NoRecord`) and what is not (`Temporary`).
#![warn(missing_docs)]

pub mod back_end;
pub mod fixed;
pub mod mx;
pub mod resolver;

pub use back_end::{BackEnd, PowerDnsApi, PtrChange, UpdateServer, WriteError};
pub use fixed::FixedAnswers;
pub use resolver::{DnsError, MxRecord, Resolver, TxtAnswer};
