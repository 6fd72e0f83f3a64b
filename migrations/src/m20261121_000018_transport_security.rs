//! MTA-STS policies as they are kept (RFC 8461), and how TLS sessions came out a day (RFC 8460).

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("mta_sts")
                    .col(string("domain").primary_key())
                    // The id in DNS when it was fetched.
                    .col(string("policy_id"))
                    .col(string("mode"))
                    // Patterns as JSON.
                    .col(text("mx"))
                    .col(big_integer("fetched_at"))
                    .col(big_integer("expires_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("tls_session")
                    // Midnight UTC.
                    .col(big_integer("day"))
                    .col(string("domain"))
                    // `sts` or `no-policy-found`.
                    .col(string("policy"))
                    // `success`, or a failure of RFC 8460 section 4.3.
                    .col(string("outcome"))
                    .col(big_integer("sessions"))
                    .primary_key(Index::create().col("day").col("domain").col("policy").col("outcome"))
                    .to_owned(),
            )
            .await
    }
}
