//! Suppressed addresses get a kind and an end; they are found by how they begin and by their domain. A job may be a
//! project's.

use crate::m20261121_000001_people::index;
use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let add = |column: ColumnDef| Table::alter().table("suppression").add_column(column).to_owned();
        let kind = ColumnDef::new("kind").string().not_null().default("manual").to_owned();
        manager.alter_table(add(kind)).await?;
        // The part behind the last `@`.
        let domain = ColumnDef::new("domain").string().not_null().default("").to_owned();
        manager.alter_table(add(domain)).await?;
        // From then on it counts no more; null for never.
        manager.alter_table(add(big_integer_null("expires_at"))).await?;
        // 90 days, as the setting has it when nothing else is said.
        let database = manager.get_connection();
        database
            .execute_unprepared(
                "UPDATE suppression SET kind = 'no_mailbox', expires_at = since + 7776000000 WHERE message_id IS NOT NULL",
            )
            .await?;
        // What is left of the address when everything up to its last `@` is taken away. Patterns are compared octet by
        // octet, whatever the database's language is.
        let (domain, order) = match manager.get_database_backend() {
            DbBackend::Postgres => ("substring(address from '[^@]*$')", "COLLATE \"C\""),
            _ => ("replace(address, rtrim(address, replace(address, '@', '')), '')", ""),
        };
        database.execute_unprepared(&format!("UPDATE suppression SET domain = {domain}")).await?;
        for sql in [
            format!("CREATE INDEX suppression_of_domain ON suppression (project_id, domain, address {order})"),
            format!("CREATE INDEX suppression_by_address ON suppression (project_id, address {order})"),
        ] {
            database.execute_unprepared(&sql).await?;
        }
        index(manager, "suppression", &["expires_at"]).await?;
        manager.alter_table(Table::alter().table("job").add_column(uuid_null("project_id")).to_owned()).await?;
        index(manager, "job", &["project_id", "id"]).await
    }
}
