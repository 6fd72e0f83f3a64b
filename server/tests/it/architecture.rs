//! The shape of the code, as tests: who may import whom, what may not be written, what may not come in.
//!
//! Owns the invariants of `server/docs/architecture.md`, each said as an absence. They read manifests, cargo's own
//! dependency tree and the sources; nothing is started.

mod dependencies;
mod layout;
mod licences;
mod manifests;
mod repository;
mod sources;
mod style;
