//! From rows to what pages show and policy asks.

use crate::{
    Error, Result,
    tables::{service_account, service_account_secret, service_account_source},
};
use relay_types::{
    Cidr, EmailAddress, Timestamp,
    limit::Limits,
    service_account::{AccountState, AllowedSenders, Secret, SecretId, ServiceAccount, ServiceAccountId, SourceUse},
};
use std::net::IpAddr;

pub(super) fn account(secrets: usize, row: service_account::Model, now: Timestamp) -> Result<ServiceAccount> {
    Ok(ServiceAccount {
        id: ServiceAccountId::from_uuid(row.id),
        state: state(&row, now),
        expires_at: row.expires_at.map(Timestamp),
        allowed_cidrs: allowed_cidrs(&row)?,
        allowed_senders: allowed_senders(&row)?,
        default_sender: row.default_sender.as_deref().map(EmailAddress::parse).transpose().map_err(Error::internal)?,
        may_notify: row.may_notify,
        cut_through: row.cut_through,
        limits: limits(&row),
        created_at: Timestamp(row.created_at),
        last_used_at: row.last_used_at.map(Timestamp),
        secrets: u8::try_from(secrets).unwrap_or(u8::MAX),
        label: row.label,
        username: row.username,
    })
}

pub(super) fn secret(row: service_account_secret::Model) -> Secret {
    Secret {
        id: SecretId::from_uuid(row.id),
        hint: row.hint,
        created_at: Timestamp(row.created_at),
        last_used_at: row.last_used_at.map(Timestamp),
    }
}

pub(super) fn source(row: service_account_source::Model, live: &[service_account_secret::Model]) -> SourceUse {
    SourceUse {
        secret_id: SecretId::from_uuid(row.secret_id),
        secret_hint: live.iter().find(|secret| secret.id == row.secret_id).map(|secret| secret.hint.clone()),
        first_used_at: Timestamp(row.first_used_at),
        last_used_at: Timestamp(row.last_used_at),
        address: row.address,
    }
}

fn state(row: &service_account::Model, now: Timestamp) -> AccountState {
    if !row.enabled {
        AccountState::Disabled
    } else if row.expires_at.is_some_and(|at| at <= now.0) {
        AccountState::Expired
    } else {
        AccountState::Enabled
    }
}

/// Why the account may not send now, when it may not.
pub(super) fn barred(row: &service_account::Model, now: Timestamp) -> Option<&'static str> {
    match state(row, now) {
        AccountState::Enabled => None,
        AccountState::Disabled => Some("the service account is disabled"),
        AccountState::Expired => Some("the service account has expired"),
    }
}

/// Why an account that is `allowed` in these networks (in none listed: anywhere) may not be used from `client`.
pub(crate) fn barred_from(allowed: &[Cidr], client: IpAddr) -> Option<&'static str> {
    let inside = allowed.is_empty() || allowed.iter().any(|cidr| cidr.contains(client));
    if inside { None } else { Some("the service account may not be used from this address") }
}

pub(super) fn allowed_cidrs(row: &service_account::Model) -> Result<Vec<Cidr>> {
    serde_json::from_str(&row.allowed_cidrs).map_err(Error::internal)
}

pub(super) fn allowed_senders(row: &service_account::Model) -> Result<AllowedSenders> {
    Ok(match &row.allowed_senders {
        None => AllowedSenders::All,
        Some(list) => AllowedSenders::Only(serde_json::from_str(list).map_err(Error::internal)?),
    })
}

pub(super) fn limits(row: &service_account::Model) -> Limits {
    let read = |stored: Option<i32>| stored.and_then(|limit| u32::try_from(limit).ok());
    Limits { per_hour: read(row.limit_per_hour), per_day: read(row.limit_per_day), new_per_day: None }
}
