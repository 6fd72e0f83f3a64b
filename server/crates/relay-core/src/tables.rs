//! Rows as stored: one file a table, private to this crate. A context owns its tables; others call its functions.
