//! The rules: service accounts, networks, senders, domains, DKIM keys.

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
                    .table("service_account")
                    .col(uuid("id").primary_key())
                    .col(uuid("project_id"))
                    .col(string("label"))
                    .col(string("username").unique_key())
                    .col(boolean("enabled"))
                    .col(big_integer_null("expires_at"))
                    // JSON lists; a null list of patterns means all of the project's senders.
                    .col(text("allowed_cidrs"))
                    .col(text_null("allowed_senders"))
                    .col(string_null("default_sender"))
                    .col(boolean("may_notify"))
                    .col(integer_null("limit_per_hour"))
                    .col(integer_null("limit_per_day"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("last_used_at"))
                    // A removed account keeps its row, so that old messages keep its name.
                    .col(big_integer_null("removed_at"))
                    .foreign_key(ForeignKey::create().from("service_account", "project_id").to("project", "id"))
                    .to_owned(),
            )
            .await?;
        // Of those that are not removed; sea-query builds no partial index that both databases take alike.
        let unique_label = "CREATE UNIQUE INDEX service_account_project_id_label \
                            ON service_account (project_id, label) WHERE removed_at IS NULL";
        manager.get_connection().execute_unprepared(unique_label).await?;
        manager
            .create_table(
                Table::create()
                    .table("service_account_secret")
                    .col(uuid("id").primary_key())
                    .col(uuid("service_account_id"))
                    .col(string("hash"))
                    .col(string("hint"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("last_used_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .from("service_account_secret", "service_account_id")
                            .to("service_account", "id"),
                    )
                    .to_owned(),
            )
            .await?;
        index(manager, "service_account_secret", &["service_account_id"]).await?;
        manager
            .create_table(
                Table::create()
                    .table("service_account_source")
                    .col(uuid("service_account_id"))
                    .col(uuid("secret_id"))
                    .col(string("address"))
                    .col(big_integer("first_used_at"))
                    .col(big_integer("last_used_at"))
                    .primary_key(Index::create().col("service_account_id").col("secret_id").col("address"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("network")
                    .col(uuid("id").primary_key())
                    .col(uuid("project_id"))
                    .col(string("cidr").unique_key())
                    // `Cidr::bounds`, for the longest match by range.
                    .col(binary_len("first", 17))
                    .col(binary_len("last", 17))
                    .col(integer("prefix_len"))
                    .col(string("label"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("last_used_at"))
                    .foreign_key(ForeignKey::create().from("network", "project_id").to("project", "id"))
                    .to_owned(),
            )
            .await?;
        index(manager, "network", &["project_id"]).await?;
        index(manager, "network", &["first", "last"]).await?;
        manager
            .create_table(
                Table::create()
                    .table("sender")
                    .col(uuid("id").primary_key())
                    .col(uuid("project_id"))
                    .col(string("address"))
                    .col(string("address_key"))
                    .col(string("state"))
                    .col(big_integer_null("link_sent_at"))
                    .col(big_integer_null("verified_at"))
                    .col(string_null("verified_by"))
                    .col(big_integer("created_at"))
                    .foreign_key(ForeignKey::create().from("sender", "project_id").to("project", "id"))
                    .to_owned(),
            )
            .await?;
        unique(manager, "sender", &["project_id", "address_key"]).await?;
        manager
            .create_table(
                Table::create()
                    .table("domain")
                    .col(uuid("id").primary_key())
                    // Null for the operator's default domain.
                    .col(uuid_null("project_id"))
                    .col(string("name"))
                    .col(string("state"))
                    .col(string("challenge"))
                    .col(big_integer_null("verified_at"))
                    .col(big_integer_null("checked_at"))
                    .col(big_integer("next_check_at"))
                    // Since when the proof is missing; the domain is lost after the grace time.
                    .col(big_integer_null("missing_since"))
                    .col(string_null("problem"))
                    .col(text_null("challenge_found"))
                    .col(big_integer("created_at"))
                    .foreign_key(ForeignKey::create().from("domain", "project_id").to("project", "id"))
                    .to_owned(),
            )
            .await?;
        unique(manager, "domain", &["project_id", "name"]).await?;
        // There is one default domain; a unique index over `project_id` does not see its null.
        let one =
            "CREATE UNIQUE INDEX \"domain_default\" ON \"domain\" ((project_id IS NULL)) WHERE project_id IS NULL";
        manager.get_connection().execute_unprepared(one).await?;
        index(manager, "domain", &["name"]).await?;
        index(manager, "domain", &["next_check_at"]).await?;
        manager
            .create_table(
                Table::create()
                    .table("dkim_key")
                    .col(uuid("id").primary_key())
                    .col(uuid("domain_id"))
                    .col(string("selector"))
                    .col(string("algorithm"))
                    .col(binary("private_sealed"))
                    .col(text("record_value"))
                    .col(string("state"))
                    .col(big_integer_null("seen_at"))
                    .col(text_null("found"))
                    .col(big_integer("created_at"))
                    .foreign_key(ForeignKey::create().from("dkim_key", "domain_id").to("domain", "id"))
                    .to_owned(),
            )
            .await?;
        unique(manager, "dkim_key", &["domain_id", "selector"]).await
    }
}
