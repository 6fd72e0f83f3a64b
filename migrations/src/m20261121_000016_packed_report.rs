//! Reports are kept compressed. One that was kept as text is made again by the next check; what people were told stays.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // `Report` as JSON, deflated (RFC 1951).
        let packed = ColumnDef::new("packed").blob().null().to_owned();
        manager.alter_table(Table::alter().table("report").add_column(packed).to_owned()).await?;
        manager.alter_table(Table::alter().table("report").drop_column("report").to_owned()).await
    }
}
