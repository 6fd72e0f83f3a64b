//! The mail: messages, content, recipients (the queue), events, refusals, counts.

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
                    .table("message")
                    .col(uuid("id").primary_key())
                    // Null for portal mail, which belongs to the platform.
                    .col(uuid_null("project_id"))
                    .col(big_integer("accepted_at"))
                    // `service_account`, `network`, `portal`, `system`, and which, with its label at that time.
                    .col(string("source"))
                    .col(uuid_null("source_id"))
                    .col(string("source_label"))
                    .col(string("reverse_path"))
                    .col(string("header_from"))
                    .col(string("subject"))
                    .col(string("message_id"))
                    .col(string("first_recipient"))
                    .col(integer("recipients"))
                    .col(big_integer("size"))
                    .col(boolean("eight_bit"))
                    .col(boolean("smtputf8"))
                    // Our header prefix; the content is kept as submitted.
                    .col(binary("prefix"))
                    .col(string("state"))
                    .col(string_null("last_reply"))
                    .col(uuid_null("about"))
                    .col(boolean("captured"))
                    .to_owned(),
            )
            .await?;
        index(manager, "message", &["project_id", "id"]).await?;
        index(manager, "message", &["project_id", "state", "id"]).await?;
        index(manager, "message", &["project_id", "captured", "id"]).await?;
        index(manager, "message", &["project_id", "source_id", "id"]).await?;
        index(manager, "message", &["message_id"]).await?;
        manager
            .create_table(
                Table::create()
                    .table("message_content")
                    .col(uuid("message_id"))
                    .col(integer("part"))
                    .col(blob("bytes"))
                    .primary_key(Index::create().col("message_id").col("part"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("recipient")
                    .col(uuid("id").primary_key())
                    .col(uuid("message_id"))
                    .col(uuid_null("project_id"))
                    .col(string("address"))
                    .col(string("address_key"))
                    // What deliveries are grouped by: recipient domain, or the smarthost's `host:port`, or `capture`.
                    .col(string("destination"))
                    .col(string("state"))
                    // Null in states that are final or held.
                    .col(big_integer_null("due_at"))
                    .col(integer("attempts"))
                    .col(uuid_null("lease"))
                    .col(big_integer_null("lease_until"))
                    .col(big_integer("accepted_at"))
                    .col(big_integer("expires_at"))
                    .col(boolean("delay_notified"))
                    .col(string_null("last_reply"))
                    .foreign_key(ForeignKey::create().from("recipient", "message_id").to("message", "id"))
                    .to_owned(),
            )
            .await?;
        index(manager, "recipient", &["message_id"]).await?;
        // Only rows that wait have a due time, so the queue's index stays as small as the queue.
        partial(manager, "recipient_due", "recipient", "due_at", "due_at IS NOT NULL").await?;
        // In a backlog every project and every destination gets a share: by these.
        partial(manager, "recipient_due_project", "recipient", "project_id, due_at", "due_at IS NOT NULL").await?;
        partial(manager, "recipient_leased", "recipient", "lease_until", "lease_until IS NOT NULL").await?;
        let waiting = "state IN ('due', 'in_flight', 'held')";
        // With state and age, so that what waits is counted from the index alone.
        partial(manager, "recipient_waiting", "recipient", "destination, due_at, state, accepted_at", waiting).await?;
        index(manager, "recipient", &["address_key", "message_id"]).await?;
        manager
            .create_table(
                Table::create()
                    .table("event")
                    .col(uuid("id").primary_key())
                    .col(uuid("message_id"))
                    .col(big_integer("at"))
                    .col(text("kind"))
                    .foreign_key(ForeignKey::create().from("event", "message_id").to("message", "id"))
                    .to_owned(),
            )
            .await?;
        index(manager, "event", &["message_id", "id"]).await?;
        manager
            .create_table(
                Table::create()
                    .table("refusal")
                    .col(uuid("id").primary_key())
                    // Null when the client could not be told to belong to a project.
                    .col(uuid_null("project_id"))
                    .col(string("code").unique_key())
                    .col(big_integer("at"))
                    .col(integer("count"))
                    .col(string("rule"))
                    .col(string("client"))
                    .col(string_null("helo"))
                    .col(string("listener"))
                    .col(string_null("who"))
                    .col(uuid_null("source_id"))
                    .col(string_null("address"))
                    .col(string("reply"))
                    .to_owned(),
            )
            .await?;
        index(manager, "refusal", &["project_id", "id"]).await?;
        index(manager, "refusal", &["project_id", "rule", "id"]).await?;
        // Counts of recipients per minute (for limits) and per hour (for charts), so that neither reads messages.
        manager
            .create_table(
                Table::create()
                    .table("counted")
                    // `project` or `service_account`; `minute` or `hour`.
                    .col(uuid("subject_id"))
                    .col(string("per"))
                    .col(big_integer("from_at"))
                    .col(big_integer("accepted"))
                    .col(big_integer("delivered"))
                    .col(big_integer("deferred"))
                    .col(big_integer("bounced"))
                    .col(big_integer("refused"))
                    .primary_key(Index::create().col("subject_id").col("per").col("from_at"))
                    .to_owned(),
            )
            .await?;
        unique(manager, "counted", &["per", "from_at", "subject_id"]).await
    }
}

/// A partial index; sea-query builds none that both databases take alike, so it is written out.
pub(crate) async fn partial(
    manager: &SchemaManager<'_>,
    name: &str,
    table: &str,
    columns: &str,
    condition: &str,
) -> Result<(), DbErr> {
    let statement = format!("CREATE INDEX \"{name}\" ON \"{table}\" ({columns}) WHERE {condition}");
    manager.get_connection().execute_unprepared(&statement).await.map(|_| ())
}
