//! Links in mails: signed, one-time, expiring. Only a hash of the token is stored.
//!
//! Owns the table `one_time_link`. Using a link removes its row in the transaction of its effect, so that of two who
//! use it together one succeeds. A forged token is refused before the database is asked.

use crate::{
    Core, Error, Result, prune,
    tables::one_time_link::{ActiveModel, Column, Entity},
};
use aws_lc_rs::{digest, rand};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use std::time::Duration;
use subtle::ConstantTimeEq;
use uuid::Uuid;
use zeroize::Zeroizing;

const RANDOM: usize = 32;
const HOUR: Duration = Duration::from_secs(3600);

/// What a link is for. A link of one purpose is nothing to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A new password; the subject is the user.
    PasswordReset,
    /// Joining a project; the subject is the invitation.
    Invitation,
    /// Verifying a sender address; the subject is the sender.
    SenderVerify,
}

impl Purpose {
    /// The stored word.
    fn as_str(self) -> &'static str {
        match self {
            Self::PasswordReset => "password_reset",
            Self::Invitation => "invitation",
            Self::SenderVerify => "sender_verify",
        }
    }

    /// How long a link of this purpose can be used.
    pub(crate) fn lifetime(self) -> Duration {
        match self {
            Self::PasswordReset => HOUR,
            Self::Invitation => 7 * 24 * HOUR,
            Self::SenderVerify => 3 * 24 * HOUR,
        }
    }

    /// The page behind the link.
    fn place(self) -> &'static str {
        match self {
            Self::PasswordReset => "reset",
            Self::Invitation => "invite",
            Self::SenderVerify => "verify",
        }
    }
}

/// A link to be put into a mail, and nowhere else. It has no `Debug`.
pub(crate) struct Link {
    purpose: Purpose,
    token: Zeroizing<String>,
}

impl Link {
    /// The address to open.
    pub(crate) fn url(&self, core: &Core) -> Zeroizing<String> {
        Zeroizing::new(format!("{}/{}/{}", core.config.public_url, self.purpose.place(), &*self.token))
    }
}

/// Makes a link; links for the same purpose and subject that were made before are dead.
pub(crate) async fn issue(
    core: &Core,
    transaction: &DatabaseTransaction,
    purpose: Purpose,
    subject: Uuid,
) -> Result<Link> {
    revoke(transaction, purpose, subject).await?;
    let mut random = Zeroizing::new([0u8; RANDOM]);
    rand::fill(&mut random[..]).map_err(Error::internal)?;
    let signature = core.sealing.sign(purpose.as_str(), &random[..]);
    let token = Zeroizing::new(URL_SAFE_NO_PAD.encode(Zeroizing::new([&random[..], &signature].concat())));
    let now = core.now();
    let row = ActiveModel {
        token_hash: Set(hash(&random[..])),
        purpose: Set(purpose.as_str().to_owned()),
        subject_id: Set(subject),
        created_at: Set(now.0),
        expires_at: Set(now.plus(purpose.lifetime()).0),
    };
    Entity::insert(row).exec_without_returning(transaction).await?;
    Ok(Link { purpose, token })
}

/// The subject of a link that can still be used, which stays usable. `NotFound` when forged, used, replaced or too old.
pub(crate) async fn find(
    core: &Core,
    connection: &impl ConnectionTrait,
    purpose: Purpose,
    token: &str,
) -> Result<Uuid> {
    let hash = verified(core, purpose, token)?;
    let row = Entity::find_by_id(hash)
        .filter(Column::Purpose.eq(purpose.as_str()))
        .filter(Column::ExpiresAt.gt(core.now().0))
        .one(connection)
        .await?;
    row.map(|row| row.subject_id).ok_or(Error::NotFound)
}

/// Uses a link up and gives its subject. As [`find`] otherwise.
pub(crate) async fn redeem(
    core: &Core,
    transaction: &DatabaseTransaction,
    purpose: Purpose,
    token: &str,
) -> Result<Uuid> {
    let subject = find(core, transaction, purpose, token).await?;
    let deleted = Entity::delete_by_id(verified(core, purpose, token)?).exec(transaction).await?;
    if deleted.rows_affected == 1 { Ok(subject) } else { Err(Error::NotFound) }
}

/// Kills the links of a subject.
pub(crate) async fn revoke(transaction: &DatabaseTransaction, purpose: Purpose, subject: Uuid) -> Result<()> {
    Entity::delete_many()
        .filter(Column::Purpose.eq(purpose.as_str()))
        .filter(Column::SubjectId.eq(subject))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Removes links that are too old; returns how many.
pub(crate) async fn sweep(core: &Core) -> Result<u64> {
    prune::rows(core, "one_time_link", "token_hash", "expires_at <= $1", core.now()).await
}

/// The stored hash of a token that we signed for this purpose.
fn verified(core: &Core, purpose: Purpose, token: &str) -> Result<Vec<u8>> {
    let octets = Zeroizing::new(URL_SAFE_NO_PAD.decode(token).map_err(|_| Error::NotFound)?);
    let (random, signature) = octets.split_at_checked(RANDOM).ok_or(Error::NotFound)?;
    let right = core.sealing.sign(purpose.as_str(), random);
    if bool::from(right.ct_eq(signature)) { Ok(hash(random)) } else { Err(Error::NotFound) }
}

fn hash(random: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, random).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::Test;

    async fn issued(test: &Test, purpose: Purpose, subject: Uuid) -> String {
        let transaction = test.core.db.begin().await.expect("a transaction");
        let link = issue(&test.core, &transaction, purpose, subject).await.expect("a link");
        transaction.commit().await.expect("commit");
        let url = link.url(&test.core);
        url.rsplit('/').next().expect("a token").to_owned()
    }

    async fn redeemed(test: &Test, purpose: Purpose, token: &str) -> Result<Uuid> {
        let transaction = test.core.db.begin().await?;
        let subject = redeem(&test.core, &transaction, purpose, token).await?;
        transaction.commit().await?;
        Ok(subject)
    }

    async fn is_good(test: &Test, purpose: Purpose, token: &str) -> bool {
        find(&test.core, test.core.db.read(), purpose, token).await.is_ok()
    }

    #[tokio::test]
    async fn a_link_is_used_once_for_its_purpose() {
        let test = Test::new().await;
        let subject = Uuid::now_v7();
        let token = issued(&test, Purpose::Invitation, subject).await;
        assert!(is_good(&test, Purpose::Invitation, &token).await);
        assert!(matches!(redeemed(&test, Purpose::PasswordReset, &token).await, Err(Error::NotFound)));
        assert_eq!(redeemed(&test, Purpose::Invitation, &token).await.expect("first use"), subject);
        assert!(matches!(redeemed(&test, Purpose::Invitation, &token).await, Err(Error::NotFound)));
    }

    #[tokio::test]
    async fn a_newer_link_kills_the_older() {
        let test = Test::new().await;
        let subject = Uuid::now_v7();
        let old = issued(&test, Purpose::SenderVerify, subject).await;
        let new = issued(&test, Purpose::SenderVerify, subject).await;
        assert!(!is_good(&test, Purpose::SenderVerify, &old).await);
        assert!(is_good(&test, Purpose::SenderVerify, &new).await);
    }

    #[tokio::test]
    async fn a_link_dies_after_its_lifetime() {
        for purpose in [Purpose::PasswordReset, Purpose::Invitation, Purpose::SenderVerify] {
            let test = Test::new().await;
            let token = issued(&test, purpose, Uuid::now_v7()).await;
            test.clock.advance(purpose.lifetime() - Duration::from_millis(1));
            assert!(is_good(&test, purpose, &token).await);
            test.clock.advance(Duration::from_millis(1));
            assert!(!is_good(&test, purpose, &token).await);
            assert!(matches!(redeemed(&test, purpose, &token).await, Err(Error::NotFound)));
        }
    }

    #[tokio::test]
    async fn a_changed_token_is_nothing() {
        let test = Test::new().await;
        let token = issued(&test, Purpose::PasswordReset, Uuid::now_v7()).await;
        let mut changed = URL_SAFE_NO_PAD.decode(&token).expect("base64url");
        changed[40] ^= 1;
        for wrong in ["", "x", &token[1..], &URL_SAFE_NO_PAD.encode(changed), &format!("{token}A")] {
            assert!(!is_good(&test, Purpose::PasswordReset, wrong).await, "{wrong}");
        }
    }
}
