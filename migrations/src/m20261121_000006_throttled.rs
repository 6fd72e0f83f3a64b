//! Failures that slow guessing down, counted by all nodes together.

use crate::m20261121_000001_people::index;
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
                    .table("throttled")
                    // A keyed hash of what is counted and for whom.
                    .col(var_binary("id", 32).primary_key())
                    .col(integer("failures"))
                    .col(big_integer("last_at"))
                    .col(big_integer("expires_at"))
                    .to_owned(),
            )
            .await?;
        index(manager, "throttled", &["expires_at"]).await
    }
}
