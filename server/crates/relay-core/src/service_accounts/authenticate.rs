//! SASL: who is behind a user name and a secret.
//!
//! Every failure takes one Argon2id verification, whatever its cause, so that neither text nor time tells them apart. Only
//! a wrong name or secret is counted, which takes a write; who can tell that apart from a disabled account has its secret.

use super::view;
use crate::{
    Actor, Core, Result,
    hashing::Place,
    rules::Remembered,
    tables::{service_account, service_account_secret},
    throttle::{self, SASL_ACCOUNT, SASL_CLIENT},
    uses::Used,
};
use moka::sync::Cache;
use relay_types::{
    project::ProjectId,
    service_account::{SecretId, ServiceAccountId},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use std::{net::IpAddr, sync::Arc, time::Duration};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Why an AUTH failed. Outside, all but `Unavailable` look the same.
#[derive(Debug)]
pub enum AuthFailure {
    /// Unknown, wrong, disabled, expired, wrong source: one text, one duration. The cause is for the refusal's row.
    Invalid(&'static str),
    /// Too many failures from the address or for the account.
    Throttled {
        /// When to try again.
        seconds: u64,
    },
    /// The store cannot be reached.
    Unavailable,
}

impl From<crate::Error> for AuthFailure {
    fn from(error: crate::Error) -> Self {
        tracing::error!(%error, "AUTH without a verdict");
        Self::Unavailable
    }
}

/// User names and secrets that were right a short time ago, by a keyed hash: a program that signs in for each message
/// costs one Argon2id in five minutes. What may change (enabled, expiry, networks, the secret itself) is read each time.
pub(crate) struct Successes(Cache<[u8; 32], (Uuid, Uuid)>);

impl Default for Successes {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(10_000).time_to_live(Duration::from_secs(300)).build())
    }
}

/// SASL: `username` or `username@realm`, its secret, from where. Notes the use of the secret.
///
/// Failures are throttled per address and account; a secret that was right in the last five minutes is not, so that
/// strangers cannot lock a working program out.
pub async fn authenticate(
    core: &Core,
    client: IpAddr,
    username: &str,
    secret: Zeroizing<String>,
) -> std::result::Result<Actor, AuthFailure> {
    let name = name_of(username, core.config().realm.as_str());
    let key = core.sealing.sign("auth-cache", &Zeroizing::new([name.as_bytes(), b"\0", secret.as_bytes()].concat()));
    let remembered = remembered(core, &name, &key).await?;
    // No Argon2id was spent on it.
    let free = remembered.is_some();
    let Proof { account, secret_id, failed_before } = match remembered {
        Some(proof) => proof,
        None => prove(core, client, &name, &secret).await?,
    };
    if let Some(cause) = barred(core, &account, client)? {
        if free {
            core.sasl_hasher.verify(secret, Vec::new()).await?;
        }
        return Err(AuthFailure::Invalid(cause));
    }
    core.successes.0.insert(key, (account.id, secret_id));
    if failed_before {
        SASL_ACCOUNT.key(core, &name).succeed(core).await?;
    }
    core.uses.note(Used::Secret { account: account.id, secret: secret_id, address: client }, core.now());
    Ok(Actor::ServiceAccount {
        id: ServiceAccountId::from_uuid(account.id),
        project_id: ProjectId::from_uuid(account.project_id),
        label: account.label.clone(),
        client,
        secret: SecretId::from_uuid(secret_id),
    })
}

/// A user name and a secret of it that is right; whether it may be used now is another question.
struct Proof {
    account: Arc<service_account::Model>,
    secret_id: Uuid,
    /// Somebody failed at the account before.
    failed_before: bool,
}

/// The proof of a short time ago, of a secret that is still there.
async fn remembered(core: &Core, name: &str, key: &[u8; 32]) -> Result<Option<Proof>> {
    let Some((account_id, secret_id)) = core.successes.0.get(key) else { return Ok(None) };
    let Found { account, secrets } = core.accounts.get_or(core, name.to_owned(), |_| true, find(core, name)).await?;
    let still = secrets.iter().any(|secret| secret.id == secret_id && secret.service_account_id == account_id);
    Ok(account.filter(|_| still).map(|account| Proof { account, secret_id, failed_before: false }))
}

/// Judges a secret by Argon2id, when one more may be guessed.
async fn prove(
    core: &Core,
    client: IpAddr,
    name: &str,
    secret: &Zeroizing<String>,
) -> std::result::Result<Proof, AuthFailure> {
    let by_client = SASL_CLIENT.key(core, &throttle::key_of(client));
    let by_account = SASL_ACCOUNT.key(core, name);
    may_guess(core, &by_client, &by_account).await?;
    let place = core.sasl_hasher.place().await?;
    // Others may have failed while this one waited: a wave of guesses is judged one after the other.
    let failed_before = may_guess(core, &by_client, &by_account).await?;
    let Found { account, secrets } = find(core, name).await?;
    let (right, place) = verify(core, place, secret, &secrets).await?;
    let cause = match (account, right) {
        (Some(account), Some(right)) => return Ok(Proof { account, secret_id: right.id, failed_before }),
        (None, _) => "unknown user name",
        (Some(account), None) if account.removed_at.is_some() => "the service account was removed",
        (Some(_), None) => "wrong secret",
    };
    let counted = throttle::fail(core, [&by_client, &by_account]).await;
    // Kept until here, so that the next in a wave of guesses is judged by this failure, too.
    place.failed();
    counted?;
    Err(AuthFailure::Invalid(cause))
}

/// Whether a secret that is not known to be right may be tried now; then, whether any failed for the account before.
async fn may_guess(
    core: &Core,
    by_client: &throttle::Key<'_>,
    by_account: &throttle::Key<'_>,
) -> std::result::Result<bool, AuthFailure> {
    let [of_client, of_account] = throttle::check(core, [by_client, by_account]).await?;
    match of_client.wait.max(of_account.wait) {
        Some(seconds) => Err(AuthFailure::Throttled { seconds }),
        None => Ok(of_account.failed),
    }
}

/// The user name in `user` or `user@realm`, in lower case; with another realm it is no name of ours.
pub(crate) fn name_of(typed: &str, realm: &str) -> String {
    let typed = typed.to_lowercase();
    match typed.rsplit_once('@') {
        Some((name, at)) if at.eq_ignore_ascii_case(realm) => name.to_owned(),
        _ => typed,
    }
}

/// Accounts that signed in and were read a short time ago, by user name.
pub(crate) type Accounts = Remembered<String, Found>;

/// What is stored under a user name.
#[derive(Clone, Default)]
pub(crate) struct Found {
    /// One that is removed has no secrets.
    account: Option<Arc<service_account::Model>>,
    secrets: Arc<[service_account_secret::Model]>,
}

async fn find(core: &Core, name: &str) -> Result<Found> {
    let unknown = Found::default();
    // No name of ours; PostgreSQL would not even take a NUL.
    if name.len() > 64 || !name.bytes().all(|octet| octet.is_ascii_graphic()) {
        return Ok(unknown);
    }
    let account =
        service_account::Entity::find().filter(service_account::Column::Username.eq(name)).one(core.db.read()).await?;
    let Some(account) = account else { return Ok(unknown) };
    let secrets = service_account_secret::Entity::find()
        .filter(service_account_secret::Column::ServiceAccountId.eq(account.id))
        .all(core.db.read())
        .await?;
    Ok(Found { account: Some(Arc::new(account)), secrets: secrets.into() })
}

/// The one of `secrets` that `secret` is, by one Argon2id verification: the stored last characters say which to try.
async fn verify<'a>(
    core: &Core,
    place: Place,
    secret: &Zeroizing<String>,
    secrets: &'a [service_account_secret::Model],
) -> Result<(Option<&'a service_account_secret::Model>, Place)> {
    let candidates: Vec<_> = secrets.iter().filter(|one| secret.ends_with(&one.hint)).collect();
    let hashes = candidates.iter().map(|one| one.hash.clone()).collect();
    let (found, place) = core.sasl_hasher.verify_at(place, secret.clone(), hashes).await?;
    Ok((found.map(|index| candidates[index]), place))
}

fn barred(core: &Core, account: &service_account::Model, client: IpAddr) -> Result<Option<&'static str>> {
    if let Some(cause) = view::barred(account, core.now()) {
        return Ok(Some(cause));
    }
    Ok(view::barred_from(&view::allowed_cidrs(account)?, client))
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn the_realm_may_follow_the_name() {
        for (typed, name) in [
            ("sa-abc", "sa-abc"),
            ("SA-abc", "sa-abc"),
            ("sa-abc@relay.example", "sa-abc"),
            ("sa-abc@Relay.Example", "sa-abc"),
            ("sa-abc@other.example", "sa-abc@other.example"),
            ("sa-abc@x@relay.example", "sa-abc@x"),
        ] {
            assert_eq!(name_of(typed, "relay.example"), name);
        }
    }
}
