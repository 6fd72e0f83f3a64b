//! DKIM keys: RSA-2048 and Ed25519 for each domain, sealed at rest, used once their record is seen in DNS.
//!
//! Owns the table `dkim_key`. A private key leaves this file only as a key that signs.

mod record;
pub(crate) mod rotation;

use crate::{
    Core, Error, Result, domains,
    rules::Remembered,
    tables::{
        dkim_key::{ActiveModel, Column, Entity, Model},
        domain,
    },
};
use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use mail_auth::common::crypto::{DkimKey, Ed25519Key, RsaKey};
use moka::sync::Cache;
use relay_dns::{
    facts::{self, Kind},
    judge::OurKey,
};
use relay_types::{
    DomainName, Timestamp,
    dns_record::{DnsRecord, Found},
    domain::{self as shown, DkimAlgorithm, DkimKeyId, DkimKeyState, DomainId},
    finding::Report,
    project::ProjectId,
    sender::Verification,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait,
    QueryFilter, QueryOrder,
};
use std::sync::Arc;
use uuid::Uuid;
use zeroize::Zeroizing;

/// What a private key is sealed for.
const PURPOSE: &str = "dkim";

/// A key that signs now.
#[derive(Clone)]
pub(crate) struct ActiveKey {
    /// The `s=` tag.
    pub(crate) selector: String,
    /// The key itself.
    pub(crate) key: Arc<DkimKey>,
}

/// Private keys that were opened. What lies under an id never changes, so nothing here grows old.
pub(crate) struct OpenedKeys(Cache<Uuid, Arc<DkimKey>>);

impl Default for OpenedKeys {
    fn default() -> Self {
        Self(Cache::new(1_000))
    }
}

/// The keys that sign for a header From in `domain`; none when none may. Those of the project's own verified domain of
/// exactly that name, else those of the operator's default domain.
pub(crate) async fn active(core: &Core, project: Option<ProjectId>, domain: &DomainName) -> Result<Vec<ActiveKey>> {
    let of = (project, domain.clone());
    core.active_keys.get_or(core, of, |_| true, read_active(core, project, domain)).await
}

/// Keys that signed a short time ago.
pub(crate) type ActiveKeys = Remembered<(Option<ProjectId>, DomainName), Vec<ActiveKey>>;

async fn read_active(core: &Core, project: Option<ProjectId>, domain: &DomainName) -> Result<Vec<ActiveKey>> {
    let mut whose = Condition::any().add(domain::Column::ProjectId.is_null());
    if let Some(project) = project {
        whose = whose.add(domain::Column::ProjectId.eq(project.uuid()));
    }
    let rows = Entity::find()
        .find_also_related(domain::Entity)
        .filter(Column::State.eq(DkimKeyState::Active.as_str()))
        .filter(domain::Column::Name.eq(domain.as_str()))
        .filter(domain::Column::State.eq(Verification::Verified.as_str()))
        .filter(whose)
        .order_by_asc(Column::Selector)
        .all(core.db.read())
        .await?;
    let is_own = |domain: &Option<domain::Model>| domain.as_ref().is_some_and(|domain| domain.project_id.is_some());
    let own = rows.iter().any(|(_, domain)| is_own(domain));
    let rows = rows.into_iter().filter(|(_, domain)| is_own(domain) == own);
    rows.map(|(row, _)| Ok(ActiveKey { key: opened(core, &row)?, selector: row.selector })).collect()
}

fn opened(core: &Core, row: &Model) -> Result<Arc<DkimKey>> {
    if let Some(key) = core.dkim_keys.0.get(&row.id) {
        return Ok(key);
    }
    let private = core.sealing.open(PURPOSE, &row.private_sealed)?;
    let key = Arc::new(match algorithm(row)? {
        DkimAlgorithm::RsaSha256 => {
            let der = rustls_pki_types::PrivatePkcs8KeyDer::from(&private[..]);
            DkimKey::from(RsaKey::from_key_der(der.into()).map_err(Error::internal)?)
        }
        DkimAlgorithm::Ed25519Sha256 => DkimKey::from(Ed25519Key::from_pkcs8_der(&private).map_err(Error::internal)?),
    });
    core.dkim_keys.0.insert(row.id, key.clone());
    Ok(key)
}

/// A pair that was made, its private half sealed.
pub(crate) struct NewKey {
    algorithm: DkimAlgorithm,
    private_sealed: Vec<u8>,
    record_value: String,
}

/// A new pair of each algorithm. RSA takes a moment, so it is made off the runtime's threads.
pub(crate) async fn generate(core: &Core) -> Result<Vec<NewKey>> {
    let rsa = tokio::task::spawn_blocking(generate_rsa).await.map_err(Error::internal)??;
    let made = [(DkimAlgorithm::RsaSha256, rsa), (DkimAlgorithm::Ed25519Sha256, generate_ed25519()?)];
    made.into_iter()
        .map(|(algorithm, (private, public))| {
            Ok(NewKey {
                algorithm,
                private_sealed: core.sealing.seal(PURPOSE, &private)?,
                record_value: record::value(algorithm, &STANDARD.encode(public)),
            })
        })
        .collect()
}

/// PKCS #8, and SubjectPublicKeyInfo (RFC 6376 §3.6.1).
fn generate_rsa() -> Result<(Zeroizing<Vec<u8>>, Vec<u8>)> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(Error::internal)?;
    let private: Pkcs8V1Der = pair.as_der().map_err(Error::internal)?;
    let public: PublicKeyX509Der = pair.public_key().as_der().map_err(Error::internal)?;
    Ok((Zeroizing::new(private.as_ref().to_vec()), public.as_ref().to_vec()))
}

/// PKCS #8, and the 32 octets of the public key (RFC 8463 §4).
fn generate_ed25519() -> Result<(Zeroizing<Vec<u8>>, Vec<u8>)> {
    let pair = Ed25519KeyPair::generate().map_err(Error::internal)?;
    let private = pair.to_pkcs8().map_err(Error::internal)?;
    Ok((Zeroizing::new(private.as_ref().to_vec()), pair.public_key().as_ref().to_vec()))
}

/// Keeps new keys for a domain under selectors that no one uses for that name (two projects may hold the same one).
pub(crate) async fn insert(
    core: &Core,
    transaction: &DatabaseTransaction,
    domain: DomainId,
    name: &DomainName,
    keys: Vec<NewKey>,
) -> Result<()> {
    // SQLite has one writer at a time; PostgreSQL would let two transactions take the same selector.
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared("LOCK TABLE dkim_key IN SHARE ROW EXCLUSIVE MODE").await?;
    }
    let taken: Vec<String> = Entity::find()
        .find_also_related(domain::Entity)
        .filter(domain::Column::Name.eq(name.as_str()))
        .all(transaction)
        .await?
        .into_iter()
        .map(|(row, _)| row.selector)
        .collect();
    for key in keys {
        let id: DkimKeyId = core.new_id();
        let row = ActiveModel {
            id: Set(id.uuid()),
            domain_id: Set(domain.uuid()),
            selector: Set(match domains::delegated_to(core, name.as_str()) {
                Some(_) => delegated_selector(key.algorithm, &taken),
                None => selector(key.algorithm, core.now(), &taken),
            }),
            algorithm: Set(key.algorithm.as_str().to_owned()),
            private_sealed: Set(key.private_sealed),
            record_value: Set(key.record_value),
            state: Set(DkimKeyState::Pending.as_str().to_owned()),
            seen_at: Set(None),
            found: Set(None),
            created_at: Set(core.now().0),
            retires_at: Set(None),
        };
        Entity::insert(row).exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// `rk2026a` for RSA, `rk2026e` for Ed25519, with a number behind it when it is taken.
fn selector(algorithm: DkimAlgorithm, now: Timestamp, taken: &[String]) -> String {
    let letter = match algorithm {
        DkimAlgorithm::RsaSha256 => 'a',
        DkimAlgorithm::Ed25519Sha256 => 'e',
    };
    let base = format!("rk{}{letter}", now.utc().year());
    let mut selector = base.clone();
    let mut number = 2;
    while taken.contains(&selector) {
        selector = format!("{base}{number}");
        number += 1;
    }
    selector
}

/// The selectors of the keys that will come after these, in a domain that delegates them.
pub(crate) fn next_delegated(keys: &[Model]) -> Vec<String> {
    let taken: Vec<String> = keys.iter().map(|key| key.selector.clone()).collect();
    DkimAlgorithm::ALL.into_iter().map(|algorithm| delegated_selector(algorithm, &taken)).collect()
}

/// `rk1a`, `rk1e`, with the lowest number that is free: a rotation goes to and fro between two names, so that a domain's
/// aliases are published once and for all.
fn delegated_selector(algorithm: DkimAlgorithm, taken: &[String]) -> String {
    let letter = match algorithm {
        DkimAlgorithm::RsaSha256 => 'a',
        DkimAlgorithm::Ed25519Sha256 => 'e',
    };
    let mut number = 1;
    loop {
        let selector = format!("rk{number}{letter}");
        if !taken.contains(&selector) {
            return selector;
        }
        number += 1;
    }
}

/// The keys of domains, in the order of their selectors.
pub(crate) async fn of(connection: &impl ConnectionTrait, domains: &[Uuid]) -> Result<Vec<Model>> {
    let keys = Entity::find().filter(Column::DomainId.is_in(domains.iter().copied())).order_by_asc(Column::Selector);
    Ok(keys.all(connection).await?)
}

/// Removes these keys.
pub(crate) async fn remove_some(transaction: &DatabaseTransaction, keys: Vec<Uuid>) -> Result<()> {
    if !keys.is_empty() {
        Entity::delete_many().filter(Column::Id.is_in(keys)).exec(transaction).await?;
    }
    Ok(())
}

/// The key as its record is judged.
pub(crate) fn ours(row: &Model) -> Result<OurKey> {
    let state = state(row)?;
    Ok(OurKey {
        selector: row.selector.clone(),
        algorithm: algorithm(row)?,
        value: row.record_value.clone(),
        signs: state == DkimKeyState::Active,
        retiring: state == DkimKeyState::Retiring,
    })
}

/// Whether its record was seen by the look at `now`.
fn is_seen(row: &Model, now: Timestamp) -> bool {
    row.seen_at == Some(now.0)
}

/// Removes the keys of a domain.
pub(crate) async fn remove(transaction: &DatabaseTransaction, domain: DomainId) -> Result<()> {
    Entity::delete_many().filter(Column::DomainId.eq(domain.uuid())).exec(transaction).await?;
    Ok(())
}

/// The name of a key's record (RFC 6376 §3.6.2.1).
pub(crate) fn record_name(selector: &str, domain: &str) -> String {
    format!("{selector}._domainkey.{domain}")
}

/// The row after an answer from DNS: active while its record is seen, not after a certain absence, and as it was when
/// nothing is known. One that never signed waits until all servers have it (`agreed`).
pub(crate) fn judged(
    row: Model,
    answer: &std::result::Result<Found, String>,
    agreed: bool,
    now: Timestamp,
) -> Result<Model> {
    let Ok(found) = answer else { return Ok(row) };
    let seen = record::published(&found.values, &row.record_value);
    let state = match (seen, state(&row)?) {
        (_, DkimKeyState::Retiring) => DkimKeyState::Retiring,
        (true, DkimKeyState::Pending) if !agreed => DkimKeyState::Pending,
        (true, _) => DkimKeyState::Active,
        (false, DkimKeyState::Pending) => DkimKeyState::Pending,
        (false, DkimKeyState::Active | DkimKeyState::Missing) => DkimKeyState::Missing,
    };
    Ok(Model {
        state: state.as_str().to_owned(),
        seen_at: if seen { Some(now.0) } else { row.seen_at },
        found: Some(serde_json::to_string(found).map_err(Error::internal)?),
        ..row
    })
}

/// Stores what [`judged`] found; a key that was removed meanwhile stays removed.
pub(crate) async fn store(transaction: &DatabaseTransaction, row: &Model) -> Result<()> {
    let change = ActiveModel {
        state: Set(row.state.clone()),
        seen_at: Set(row.seen_at),
        found: Set(row.found.clone()),
        retires_at: Set(row.retires_at),
        ..Default::default()
    };
    Entity::update_many().set(change).filter(Column::Id.eq(row.id)).exec(transaction).await?;
    Ok(())
}

/// As pages show it.
pub(crate) fn view(row: Model, domain: &str) -> Result<shown::DkimKey> {
    let found = domains::found(row.found.as_deref())?;
    Ok(shown::DkimKey {
        id: DkimKeyId::from_uuid(row.id),
        algorithm: algorithm(&row)?,
        state: state(&row)?,
        record: DnsRecord {
            name: record_name(&row.selector, domain),
            kind: "TXT".to_owned(),
            right: found.as_ref().is_some_and(|found| record::published(&found.values, &row.record_value)),
            value: row.record_value,
            found,
        },
        alias: None,
        seen_at: row.seen_at.map(Timestamp),
        retires_at: row.retires_at.map(Timestamp),
        selector: row.selector,
    })
}

/// The alias that a domain may publish instead of a key's record, and what the last report saw of it.
pub(crate) fn alias(row: &Model, domain: &str, below: &str, report: Option<&Report>) -> DnsRecord {
    let (name, value) = (record_name(&row.selector, domain), format!("{}.{below}.", row.selector));
    let question = facts::question(&name, Kind::Cname);
    let seen = report.and_then(|report| report.answers.iter().find(|answer| answer.question == question));
    let found = seen.map(|answer| Found {
        values: answer.records.clone(),
        ttl: answer.ttl,
        resolvers: answer.servers.iter().map(|server| server.server.clone()).collect(),
        asked_at: answer.asked_at,
    });
    let right = found.as_ref().is_some_and(|found| found.values.iter().any(|one| one.eq_ignore_ascii_case(&value)));
    DnsRecord { name, kind: "CNAME".to_owned(), value, found, right }
}

/// Whether the key signs.
pub(crate) fn state(row: &Model) -> Result<DkimKeyState> {
    DkimKeyState::parse(&row.state).ok_or_else(|| Error::internal(format!("key {} has no known state", row.id)))
}

fn algorithm(row: &Model) -> Result<DkimAlgorithm> {
    DkimAlgorithm::parse(&row.algorithm)
        .ok_or_else(|| Error::internal(format!("key {} has no known algorithm", row.id)))
}

#[cfg(test)]
mod tests;
