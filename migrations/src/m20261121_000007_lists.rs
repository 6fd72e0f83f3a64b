//! Lists: the messages of one account in one state, for the tabs above them.

use crate::m20261121_000001_people::index;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        index(manager, "message", &["project_id", "source_id", "state", "id"]).await
    }
}
