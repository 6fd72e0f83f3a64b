//! Whether a secret was told to anyone: what `relaykeep apply` issues is told by its report, and it may die before.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let told = ColumnDef::new("told").boolean().not_null().default(true).to_owned();
        manager.alter_table(Table::alter().table("service_account_secret").add_column(told).to_owned()).await
    }
}
