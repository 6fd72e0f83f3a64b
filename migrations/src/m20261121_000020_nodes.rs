//! Processes that serve one database, and which of them has which recipient.

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
                    .table("node")
                    // Kept in the data folder.
                    .col(uuid("id").primary_key())
                    // From start to end of one process.
                    .col(uuid("run").unique_key())
                    .col(string("host"))
                    .col(string("version"))
                    // Words apart by spaces.
                    .col(string("roles"))
                    .col(big_integer("started_at"))
                    // By the clock of the database.
                    .col(big_integer("seen_at"))
                    .col(big_integer_null("stopped_at"))
                    .col(boolean("leader"))
                    // `NodeLoad` as JSON.
                    .col(text("load"))
                    .to_owned(),
            )
            .await?;
        // The run that has the lease, or had the last one.
        let leased_by = ColumnDef::new("leased_by").uuid().null().to_owned();
        manager.alter_table(Table::alter().table("recipient").add_column(leased_by).to_owned()).await
    }
}
