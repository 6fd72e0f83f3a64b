//! Addresses the relay sends from, with how they stood at their last check. Before, it was a mark in the inventory.

use crate::m20261121_000001_people::unique;
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
                    .table("egress")
                    .col(uuid("id").primary_key())
                    .col(string("address"))
                    // Null: the name of the relay.
                    .col(string_null("ehlo"))
                    // Of the last report: the worst severity, and how many findings are to be mended.
                    .col(string_null("worst"))
                    .col(integer("to_mend"))
                    .col(text_null("override_reason"))
                    .col(big_integer_null("checked_at"))
                    .col(big_integer("next_check_at"))
                    // Since when somebody waits for a check.
                    .col(big_integer_null("asked_at"))
                    .col(big_integer("created_at"))
                    .to_owned(),
            )
            .await?;
        unique(manager, "egress", &["address"]).await?;
        let marked = "INSERT INTO egress (id, address, to_mend, next_check_at, created_at) \
                      SELECT id, text, 0, 0, created_at FROM address WHERE egress = TRUE AND prefix = FALSE";
        manager.get_connection().execute_unprepared(marked).await?;
        manager.alter_table(Table::alter().table("address").drop_column("egress").to_owned()).await
    }
}
