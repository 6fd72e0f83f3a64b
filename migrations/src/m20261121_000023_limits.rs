//! Limits: how many new recipients a project may have in a day, whom it has written to (kept only while it has such a
//! limit), and who was warned of which limit.

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
        let limit = integer_null("limit_new_per_day");
        manager.alter_table(Table::alter().table("project").add_column(limit).to_owned()).await?;
        manager
            .create_table(
                Table::create()
                    .table("known_recipient")
                    .col(uuid("project_id"))
                    // Eight octets of a digest of project and address: enough to know it again, not to tell it.
                    .col(big_integer("address_hash"))
                    // When it was new; 0 when it was known before.
                    .col(big_integer("first_at"))
                    .primary_key(Index::create().col("project_id").col("address_hash"))
                    .to_owned(),
            )
            .await?;
        index(manager, "known_recipient", &["project_id", "first_at"]).await?;
        manager
            .create_table(
                Table::create()
                    .table("limit_warning")
                    // A project, a service account, or the platform (all zeros).
                    .col(uuid("subject_id"))
                    // `hour`, `day` or `new`.
                    .col(string("period"))
                    // Percent.
                    .col(integer("level"))
                    // Nobody is warned of the same again before.
                    .col(big_integer("until"))
                    .primary_key(Index::create().col("subject_id").col("period").col("level"))
                    .to_owned(),
            )
            .await
    }
}
