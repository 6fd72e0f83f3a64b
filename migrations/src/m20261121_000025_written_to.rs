//! The index of recipients by address begins with a period of some hours, so that new mail changes pages of the present
//! and not one of all mail for each message (`relay-core/written_to.rs`).

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let period = match manager.get_database_backend() {
            DbBackend::Sqlite => "substr(message_id, 1, 3)",
            _ => "(substring(uuid_send(message_id) FROM 1 FOR 3))",
        };
        let index = format!("CREATE INDEX recipient_address ON recipient ({period}, address_key, message_id)");
        connection.execute_unprepared("DROP INDEX recipient_address_key_message_id").await?;
        connection.execute_unprepared(&index).await.map(|_| ())
    }
}
