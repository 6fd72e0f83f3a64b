//! Reverse DNS: the address inventory, what writes its zones, tickets, changes of names, and long work with a bar.

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
        let desk = ColumnDef::new("desk").boolean().not_null().default(false).to_owned();
        manager.alter_table(Table::alter().table("user").add_column(desk).to_owned()).await?;
        let closed_at = ColumnDef::new("closed_at").big_integer().null().to_owned();
        manager.alter_table(Table::alter().table("project").add_column(closed_at).to_owned()).await?;
        inventory(manager).await?;
        changes(manager).await?;
        tickets(manager).await?;
        jobs(manager).await
    }
}

async fn inventory(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("dns_backend")
                .col(uuid("id").primary_key())
                .col(string("label"))
                // `BackendSettings` as JSON, without the secret.
                .col(text("settings"))
                .col(binary_null("secret_sealed"))
                // `BackendTest` as JSON.
                .col(text_null("tested"))
                .col(big_integer("created_at"))
                .to_owned(),
        )
        .await?;
    unique(manager, "dns_backend", &["label"]).await?;
    manager
        .create_table(
            Table::create()
                .table("address_range")
                .col(uuid("id").primary_key())
                .col(string("label"))
                .col(string("block"))
                // `Cidr::bounds`.
                .col(binary("first"))
                .col(binary("last"))
                .col(string("site"))
                .col(string_null("template"))
                .col(string("zone"))
                .col(integer("ttl"))
                .col(uuid_null("backend_id"))
                .col(big_integer("created_at"))
                .foreign_key(ForeignKey::create().from("address_range", "backend_id").to("dns_backend", "id"))
                .to_owned(),
        )
        .await?;
    unique(manager, "address_range", &["label"]).await?;
    unique(manager, "address_range", &["first"]).await?;
    manager
        .create_table(
            Table::create()
                .table("address")
                .col(uuid("id").primary_key())
                .col(uuid("range_id"))
                .col(uuid_null("project_id"))
                // The address, or the block of a prefix.
                .col(string("text"))
                .col(boolean("prefix"))
                .col(binary("first"))
                .col(binary("last"))
                .col(boolean("egress"))
                .col(string("note"))
                // The name a ticket gave it; null for the default of the range.
                .col(string_null("wanted"))
                // `PtrFound`, `ForwardFound` as JSON, and the names of the first for searches, apart by spaces.
                .col(text_null("ptr"))
                .col(text_null("names"))
                .col(text_null("forward"))
                .col(string_null("fcrdns"))
                .col(big_integer_null("checked_at"))
                // Since when the forward record is certainly missing, and when the owner was told.
                .col(big_integer_null("missing_since"))
                .col(big_integer_null("warned_at"))
                // An operator keeps the name whatever its forward record says.
                .col(boolean("kept"))
                .col(big_integer("created_at"))
                .foreign_key(ForeignKey::create().from("address", "range_id").to("address_range", "id"))
                .foreign_key(ForeignKey::create().from("address", "project_id").to("project", "id"))
                .to_owned(),
        )
        .await?;
    unique(manager, "address", &["first", "last"]).await?;
    index(manager, "address", &["prefix", "first"]).await?;
    index(manager, "address", &["range_id", "first"]).await?;
    index(manager, "address", &["project_id", "first"]).await?;
    index(manager, "address", &["missing_since"]).await?;
    index(manager, "address", &["checked_at"]).await
}

async fn changes(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("name_change")
                .col(uuid("id").primary_key())
                .col(uuid("address_id"))
                .col(uuid_null("project_id"))
                .col(uuid_null("ticket_id"))
                .col(uuid_null("backend_id"))
                .col(string("state"))
                .col(string("cause"))
                .col(string("actor"))
                .col(uuid_null("actor_id"))
                .col(big_integer("at"))
                // Names as a JSON list; null until the servers were asked.
                .col(text_null("before"))
                .col(string_null("after"))
                .col(string("zone"))
                .col(string("owner"))
                .col(integer("ttl"))
                .col(integer("attempts"))
                // When it is due; null when it has ended or waits for a person.
                .col(big_integer_null("next_at"))
                .col(big_integer_null("written_at"))
                .col(big_integer_null("ended_at"))
                // `ServerAnswer`s as JSON.
                .col(text_null("said"))
                .col(text_null("error"))
                .col(boolean("rolled_back"))
                .foreign_key(ForeignKey::create().from("name_change", "address_id").to("address", "id"))
                .to_owned(),
        )
        .await?;
    index(manager, "name_change", &["address_id", "id"]).await?;
    index(manager, "name_change", &["ticket_id"]).await?;
    index(manager, "name_change", &["next_at"]).await
}

async fn tickets(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("ticket")
                .col(uuid("id").primary_key())
                .col(big_integer("number"))
                .col(uuid("project_id"))
                .col(string("kind"))
                .col(string("state"))
                // What lists show and search.
                .col(string("title"))
                // `TicketRequest` as JSON.
                .col(text("request"))
                .col(uuid_null("address_id"))
                // `DomainName` of the wanted PTR.
                .col(string_null("name"))
                .col(uuid_null("asked_by_id"))
                .col(string("asked_by"))
                .col(uuid_null("assignee_id"))
                .col(big_integer("created_at"))
                .col(big_integer("moved_at"))
                .col(big_integer_null("due_at"))
                // Since when DNS is watched, when it is looked at again, how often it was.
                .col(big_integer_null("watched_since"))
                .col(big_integer_null("next_at"))
                .col(integer("looks"))
                // `ForwardFound` as JSON.
                .col(text_null("forward"))
                .col(text_null("reason"))
                .foreign_key(ForeignKey::create().from("ticket", "project_id").to("project", "id"))
                .foreign_key(ForeignKey::create().from("ticket", "address_id").to("address", "id"))
                .to_owned(),
        )
        .await?;
    unique(manager, "ticket", &["number"]).await?;
    index(manager, "ticket", &["project_id", "state", "number"]).await?;
    index(manager, "ticket", &["state", "number"]).await?;
    index(manager, "ticket", &["address_id"]).await?;
    index(manager, "ticket", &["next_at"]).await?;
    manager
        .create_table(
            Table::create()
                .table("ticket_entry")
                .col(uuid("id").primary_key())
                .col(uuid("ticket_id"))
                .col(string("kind"))
                .col(big_integer("at"))
                .col(string("actor"))
                .col(uuid_null("actor_id"))
                .col(string_null("to_state"))
                .col(text("text"))
                .foreign_key(ForeignKey::create().from("ticket_entry", "ticket_id").to("ticket", "id"))
                .to_owned(),
        )
        .await?;
    index(manager, "ticket_entry", &["ticket_id", "id"]).await
}

async fn jobs(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("job")
                .col(uuid("id").primary_key())
                .col(string("kind"))
                .col(string("state"))
                .col(string("subject"))
                .col(uuid_null("range_id"))
                .col(string("started_by"))
                .col(big_integer("started_at"))
                .col(big_integer_null("ended_at"))
                .col(big_integer("total"))
                .col(big_integer("done"))
                .col(big_integer("changed"))
                // `RefusedLine`s as JSON, and how many there were.
                .col(text("refused"))
                .col(big_integer("refused_count"))
                // What is left to do of an import; emptied at its end.
                .col(text_null("payload"))
                // Where a sweep goes on.
                .col(binary_null("place"))
                .col(text_null("error"))
                // A node that works on it renews this; another may go on after it.
                .col(big_integer_null("leased_until"))
                .to_owned(),
        )
        .await?;
    index(manager, "job", &["state", "kind"]).await?;
    index(manager, "job", &["kind", "id"]).await
}
