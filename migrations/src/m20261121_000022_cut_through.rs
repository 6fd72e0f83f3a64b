//! Accounts whose programs wait for the next hop's verdict.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = boolean("cut_through").default(false).to_owned();
        manager.alter_table(Table::alter().table("service_account").add_column(column).to_owned()).await
    }
}
