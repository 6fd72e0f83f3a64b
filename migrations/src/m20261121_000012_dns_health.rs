//! DNS health: the last report of a domain or egress address, how its checks changed, and keys on their way out.

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
        // Beside the report, so that lists need not read it: its worst severity and how many findings are to be mended.
        let worst = ColumnDef::new("worst").string().null().to_owned();
        manager.alter_table(Table::alter().table("domain").add_column(worst).to_owned()).await?;
        let to_mend = ColumnDef::new("to_mend").integer().not_null().default(0).to_owned();
        manager.alter_table(Table::alter().table("domain").add_column(to_mend).to_owned()).await?;
        // Since when something is to be mended: it is looked for less often after a while.
        let failing_since = ColumnDef::new("failing_since").big_integer().null().to_owned();
        manager.alter_table(Table::alter().table("domain").add_column(failing_since).to_owned()).await?;
        let retires_at = ColumnDef::new("retires_at").big_integer().null().to_owned();
        manager.alter_table(Table::alter().table("dkim_key").add_column(retires_at).to_owned()).await?;
        manager
            .create_table(
                Table::create()
                    .table("report")
                    // A domain or an egress address; a table of its own, for the rows of domains are read at every MAIL.
                    .col(uuid("owner_id").primary_key())
                    // `Report` as JSON.
                    .col(text("report"))
                    // What the contacts were told of each check, as JSON.
                    .col(text("told"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("finding_change")
                    .col(uuid("id").primary_key())
                    // `domain` or `egress`.
                    .col(string("owner_kind"))
                    .col(uuid("owner_id"))
                    .col(string("check_name"))
                    .col(big_integer("at"))
                    .col(string("severity"))
                    .col(text("title"))
                    // When the next change of the check took its place; null for what holds now.
                    .col(big_integer_null("until"))
                    .to_owned(),
            )
            .await?;
        index(manager, "finding_change", &["owner_id", "check_name", "at"]).await?;
        index(manager, "finding_change", &["until"]).await?;
        index(manager, "domain", &["project_id", "worst"]).await
    }
}
