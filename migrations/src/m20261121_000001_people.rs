//! People, projects, membership, sessions, one-time links, settings, audit.

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
                    .table("setting")
                    .col(string("name").primary_key())
                    .col(text("value"))
                    .col(big_integer("updated_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("user")
                    .col(uuid("id").primary_key())
                    // As written, and the one form for look-ups.
                    .col(string("email"))
                    .col(string("email_key").unique_key())
                    .col(string("name"))
                    .col(string_null("password_hash"))
                    .col(boolean("operator"))
                    .col(big_integer_null("disabled_at"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("last_sign_in_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("session")
                    .col(string("id").primary_key())
                    .col(uuid_null("user_id"))
                    .col(text("data"))
                    .col(big_integer("expires_at"))
                    .to_owned(),
            )
            .await?;
        index(manager, "session", &["user_id"]).await?;
        index(manager, "session", &["expires_at"]).await?;
        manager
            .create_table(
                Table::create()
                    .table("project")
                    .col(uuid("id").primary_key())
                    .col(string("slug").unique_key())
                    .col(string("name"))
                    .col(string_null("suspended_reason"))
                    .col(big_integer_null("suspended_at"))
                    .col(boolean("sandbox"))
                    .col(string_null("bounce_contact"))
                    .col(integer_null("limit_per_hour"))
                    .col(integer_null("limit_per_day"))
                    // JSON of the route; the smarthost's password is sealed beside it.
                    .col(text("route"))
                    .col(binary_null("route_password_sealed"))
                    .col(big_integer("created_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("member")
                    .col(uuid("project_id"))
                    .col(uuid("user_id"))
                    .col(string("role"))
                    .col(big_integer("created_at"))
                    .primary_key(Index::create().col("project_id").col("user_id"))
                    .foreign_key(ForeignKey::create().from("member", "project_id").to("project", "id"))
                    .foreign_key(ForeignKey::create().from("member", "user_id").to("user", "id"))
                    .to_owned(),
            )
            .await?;
        index(manager, "member", &["user_id"]).await?;
        manager
            .create_table(
                Table::create()
                    .table("invitation")
                    .col(uuid("id").primary_key())
                    .col(uuid("project_id"))
                    .col(string("email"))
                    .col(string("email_key"))
                    .col(string("role"))
                    .col(big_integer("created_at"))
                    .col(big_integer("expires_at"))
                    .foreign_key(ForeignKey::create().from("invitation", "project_id").to("project", "id"))
                    .to_owned(),
            )
            .await?;
        unique(manager, "invitation", &["project_id", "email_key"]).await?;
        // A link in a mail: only the hash of its token is kept, and using it removes the row.
        manager
            .create_table(
                Table::create()
                    .table("one_time_link")
                    .col(binary("token_hash").primary_key())
                    .col(string("purpose"))
                    .col(uuid("subject_id"))
                    .col(big_integer("created_at"))
                    .col(big_integer("expires_at"))
                    .to_owned(),
            )
            .await?;
        index(manager, "one_time_link", &["purpose", "subject_id"]).await?;
        index(manager, "one_time_link", &["expires_at"]).await?;
        manager
            .create_table(
                Table::create()
                    .table("audit")
                    .col(uuid("id").primary_key())
                    .col(big_integer("at"))
                    .col(uuid_null("project_id"))
                    .col(string("actor"))
                    .col(uuid_null("actor_id"))
                    .col(string_null("client"))
                    .col(string("action"))
                    .col(string("subject"))
                    .col(text("changes"))
                    .to_owned(),
            )
            .await?;
        index(manager, "audit", &["project_id", "id"]).await
    }
}

/// An index named after its table and columns.
pub(crate) async fn index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    manager.create_index(named(table, columns)).await
}

/// A unique index named after its table and columns.
pub(crate) async fn unique(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    manager.create_index(named(table, columns).unique().to_owned()).await
}

fn named(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(format!("{table}_{}", columns.join("_"))).table(table);
    for &column in columns {
        index.col(column);
    }
    index
}
