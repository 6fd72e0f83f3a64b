//! What was asked about a message and about each of its recipients: reports, TLS, release, a binary body.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // `MessageTerms` and `RecipientTerms` as JSON; null for most mail, of which nothing was asked.
        manager.alter_table(Table::alter().table("message").add_column(text_null("terms")).to_owned()).await?;
        manager.alter_table(Table::alter().table("recipient").add_column(text_null("terms")).to_owned()).await
    }
}
