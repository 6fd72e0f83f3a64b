//! Schema changes, one file a change, the same for SQLite and PostgreSQL.
//!
//! Conventions: identifiers are UUIDs, moments are `BIGINT` milliseconds since the epoch (UTC), lists and structures
//! are JSON in `TEXT`, states are the words of `relay-types`. Each change is one transaction, so that it is there wholly or
//! not at all, whatever ends the process that makes it.

pub use sea_orm_migration::prelude::{DbErr, MigratorTrait};
use sea_orm_migration::prelude::{MigrationTrait, async_trait};

mod m20261121_000001_people;
mod m20261121_000002_rules;
mod m20261121_000003_mail;
mod m20261121_000004_untold_bounces;
mod m20261121_000005_refusal_cause;
mod m20261121_000006_throttled;
mod m20261121_000007_lists;
mod m20261121_000008_found;
mod m20261121_000009_told;
mod m20261121_000010_suppression;
mod m20261121_000011_reverse_dns;
mod m20261121_000012_dns_health;
mod m20261121_000013_egress;
mod m20261121_000014_api_tokens;
mod m20261121_000015_reach;
mod m20261121_000016_packed_report;
mod m20261121_000017_terms;
mod m20261121_000018_transport_security;
mod m20261121_000019_suppression_list;
mod m20261121_000020_nodes;
mod m20261121_000021_arriving;
mod m20261121_000022_cut_through;
mod m20261121_000023_limits;
mod m20261121_000024_late;
mod m20261121_000025_written_to;

/// Knows all changes in their order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_people::Migration),
            Box::new(m20261121_000002_rules::Migration),
            Box::new(m20261121_000003_mail::Migration),
            Box::new(m20261121_000004_untold_bounces::Migration),
            Box::new(m20261121_000005_refusal_cause::Migration),
            Box::new(m20261121_000006_throttled::Migration),
            Box::new(m20261121_000007_lists::Migration),
            Box::new(m20261121_000008_found::Migration),
            Box::new(m20261121_000009_told::Migration),
            Box::new(m20261121_000010_suppression::Migration),
            Box::new(m20261121_000011_reverse_dns::Migration),
            Box::new(m20261121_000012_dns_health::Migration),
            Box::new(m20261121_000013_egress::Migration),
            Box::new(m20261121_000014_api_tokens::Migration),
            Box::new(m20261121_000015_reach::Migration),
            Box::new(m20261121_000016_packed_report::Migration),
            Box::new(m20261121_000017_terms::Migration),
            Box::new(m20261121_000018_transport_security::Migration),
            Box::new(m20261121_000019_suppression_list::Migration),
            Box::new(m20261121_000020_nodes::Migration),
            Box::new(m20261121_000021_arriving::Migration),
            Box::new(m20261121_000022_cut_through::Migration),
            Box::new(m20261121_000023_limits::Migration),
            Box::new(m20261121_000024_late::Migration),
            Box::new(m20261121_000025_written_to::Migration),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_is_one_transaction() {
        for change in Migrator::migrations() {
            assert_eq!(change.use_transaction(), Some(true), "{}", change.name());
        }
    }
}
