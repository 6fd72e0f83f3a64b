//! The words of the product: value types with their rules, and the facts that cross from the use cases to the portal.
//!
//! Everything here builds for the browser: no I/O, no async, no clock. What a page shows is a type of this crate,
//! filled by `relay-core`; it is never a database row. Value types (`EmailAddress`, `DomainName`, `Cidr`, …) can only
//! be made by their parsers, so the browser and the server judge input by the same rules.

pub mod address;
pub mod cidr;
pub mod domain_name;
pub mod id;
pub mod reply;
pub mod sender_pattern;
pub mod timestamp;

pub use address::{AddressError, EmailAddress, ReversePath};
pub use cidr::{Cidr, CidrError};
pub use domain_name::{DomainName, DomainNameError};
pub use id::Id;
pub use sender_pattern::{SenderPattern, SenderPatternError};
pub use timestamp::Timestamp;
