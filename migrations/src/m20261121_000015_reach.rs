//! Whether a domain's own mail exchangers answer, and when they are greeted again.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // `Reach` as JSON.
        manager.alter_table(Table::alter().table("domain").add_column(text_null("reach")).to_owned()).await?;
        let next = ColumnDef::new("reach_next_at").big_integer().not_null().default(0).to_owned();
        manager.alter_table(Table::alter().table("domain").add_column(next).to_owned()).await
    }
}
