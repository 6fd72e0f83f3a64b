//! Tokens of programs that use the HTTP API for a project. Only a digest of each is kept.

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
                    .table("api_token")
                    .col(uuid("id").primary_key())
                    .col(uuid("project_id"))
                    .col(string("label"))
                    // SHA-256 of the token, which has 256 bits of chance: nothing can be guessed from it.
                    .col(binary("digest"))
                    .col(string("hint"))
                    // Words apart by spaces, as in RFC 6749 section 3.3.
                    .col(string("scopes"))
                    .col(string("created_by"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("expires_at"))
                    .col(big_integer_null("last_used_at"))
                    .foreign_key(ForeignKey::create().from("api_token", "project_id").to("project", "id"))
                    .to_owned(),
            )
            .await?;
        unique(manager, "api_token", &["digest"]).await?;
        index(manager, "api_token", &["project_id", "label"]).await
    }
}
