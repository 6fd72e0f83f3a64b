//! Messages whose body is in the store before they are kept.

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
                    .table("arriving")
                    .col(uuid("message_id").primary_key())
                    // When something of it was stored last.
                    .col(big_integer("last_at"))
                    .to_owned(),
            )
            .await?;
        index(manager, "arriving", &["last_at"]).await
    }
}
