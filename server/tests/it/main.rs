//! All integration tests of the server, as one binary, so that it is linked once.
//!
//! Each module is an area; this file holds nothing but their names.

mod architecture;
