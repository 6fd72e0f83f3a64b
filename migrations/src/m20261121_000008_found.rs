//! What DNS said of a record, with how and when it was asked; before, the values alone were kept.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let asked = "COALESCE(\"domain\".checked_at, \"domain\".created_at)";
        let found = |values: &str, asked: &str| {
            format!("'{{\"values\":' || {values} || ',\"ttl\":null,\"resolvers\":[],\"asked_at\":' || {asked} || '}}'")
        };
        let of_key = format!("(SELECT {asked} FROM \"domain\" WHERE \"domain\".id = dkim_key.domain_id)");
        let connection = manager.get_connection();
        for change in [
            format!(
                "UPDATE \"domain\" SET challenge_found = {} WHERE challenge_found IS NOT NULL",
                found("challenge_found", asked)
            ),
            format!("UPDATE dkim_key SET found = {} WHERE found IS NOT NULL", found("found", &of_key)),
        ] {
            connection.execute_unprepared(&change).await?;
        }
        Ok(())
    }
}
