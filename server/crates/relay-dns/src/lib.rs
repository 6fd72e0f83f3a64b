//! Questions to DNS and judgement of the answers. The only crate that knows the resolver library.
#![warn(missing_docs)]

pub mod mx;
pub mod resolver;

pub use resolver::{DnsError, Resolver};
