//! Bounces that no notification tells of, until the project's contact has heard of them.

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
        manager
            .create_table(
                Table::create()
                    .table("untold_bounce")
                    .col(uuid("message_id").primary_key())
                    .col(uuid("project_id"))
                    // Of its first failure.
                    .col(big_integer("at"))
                    .to_owned(),
            )
            .await?;
        index(manager, "untold_bounce", &["project_id", "at"]).await
    }
}
