//! That the sealing key is the database's: all nodes of an installation need the same one, and a restored database
//! needs the one it was made with. With another key links, DKIM keys and smarthost passwords would fail one by one,
//! much later.
//!
//! Owns the row `sealing_key` of the table `setting`. It holds an HMAC, from which the key cannot be found.

use crate::{Error, Result, db::Database, sealing::SealingKey, tables::setting};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use relay_types::Timestamp;
use sea_orm::{ActiveValue::Set, EntityTrait, sea_query::OnConflict};
use std::path::Path;

const NAME: &str = "sealing_key";

/// Refuses a key that is not the database's; a database without one gets this one. Of two nodes that come first with
/// two keys at the same time, one is refused.
pub(crate) async fn agree(db: &Database, key: &SealingKey, file: &Path, now: Timestamp) -> Result<()> {
    if known(db).await?.is_none() {
        let row =
            setting::ActiveModel { name: Set(NAME.to_owned()), value: Set(value_of(key)), updated_at: Set(now.0) };
        let transaction = db.begin().await?;
        let unless_known = OnConflict::column(setting::Column::Name).do_nothing().to_owned();
        setting::Entity::insert(row).on_conflict(unless_known).exec_without_returning(&transaction).await?;
        transaction.commit().await?;
    }
    compare(db, key, file).await
}

/// Refuses a key that is not the database's, and writes nothing.
pub(crate) async fn compare(db: &Database, key: &SealingKey, file: &Path) -> Result<()> {
    if known(db).await?.is_none_or(|known| known == value_of(key)) {
        return Ok(());
    }
    Err(Error::internal(format!(
        "{} is not the key this database was made with; all nodes of one database need the same file: copy it from \
         the first node or from the backup (see secret_key_file)",
        file.display()
    )))
}

/// Whether the database was used with a key.
pub(crate) async fn is_known(db: &Database) -> Result<bool> {
    Ok(known(db).await?.is_some())
}

async fn known(db: &Database) -> Result<Option<String>> {
    Ok(setting::Entity::find_by_id(NAME).one(db.read()).await?.map(|row| row.value))
}

fn value_of(key: &SealingKey) -> String {
    STANDARD_NO_PAD.encode(key.sign("key check", b"relaykeep"))
}

#[cfg(test)]
mod tests {
    use crate::{Clock, Core, Error, test_support::Test};
    use relay_dns::{FixedAnswers, Resolver};

    fn resolver() -> Resolver {
        Resolver::fixed(FixedAnswers::new())
    }

    #[tokio::test]
    async fn a_second_node_needs_the_first_ones_key() {
        let test = Test::new().await;
        let mut config = test.core.config().clone();
        Core::open(config.clone(), resolver(), Clock::System).await.expect("the same key");
        let folder = tempfile::tempdir().expect("a folder");
        config.secret_key_file = folder.path().join("another.key");
        let refused = |result: Result<Core, Error>| result.err().map(|error| error.to_string()).unwrap_or_default();
        let words = "is not the key this database was made with";
        let opened = Core::open(config.clone(), resolver(), Clock::System).await;
        assert!(refused(opened).contains(words));
        let looked = Core::look(config.clone(), resolver(), Clock::System).await;
        assert!(refused(looked).contains(words));
        std::fs::copy(&test.core.config().secret_key_file, &config.secret_key_file).expect("the first node's key");
        Core::open(config, resolver(), Clock::System).await.expect("the copied key");
    }

    #[tokio::test]
    async fn who_only_looks_makes_no_key_and_misses_the_one_there_was() {
        let test = Test::new().await;
        let mut config = test.core.config().clone();
        config.secret_key_file = config.secret_key_file.with_extension("missing");
        let looked = Core::look(config.clone(), resolver(), Clock::System).await;
        assert!(looked.err().expect("refused").to_string().contains("is missing"));
        assert!(!config.secret_key_file.exists());
    }
}
