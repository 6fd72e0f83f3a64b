//! What waits and of which nobody was told yet, by age: a look for what is late reads no more than that, however much
//! waits.

use crate::m20261121_000003_mail::partial;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let untold = "due_at IS NOT NULL AND NOT delay_notified";
        partial(manager, "recipient_untold", "recipient", "accepted_at", untold).await
    }
}
