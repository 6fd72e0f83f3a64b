//! Addresses a project does not send to any more: their mail server said for good that there is nobody, or a person did.

use crate::m20261121_000001_people::{index, unique};
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
                    .table("suppression")
                    .col(uuid("id").primary_key())
                    .col(uuid("project_id"))
                    // `EmailAddress::key`.
                    .col(string("address"))
                    .col(big_integer("since"))
                    .col(text("reason"))
                    // The message that was refused; null when a person added the address.
                    .col(uuid_null("message_id"))
                    .foreign_key(ForeignKey::create().from("suppression", "project_id").to("project", "id"))
                    .to_owned(),
            )
            .await?;
        unique(manager, "suppression", &["project_id", "address"]).await?;
        index(manager, "suppression", &["project_id", "id"]).await
    }
}
