//! Service accounts: made with a generated name and secret, authenticated here, two live secrets at most.

use crate::{Actor, Core, IssuedSecret, Result};
use relay_types::{
    project::Slug,
    service_account::{
        ClientAccess, SecretId, ServiceAccount, ServiceAccountDetail, ServiceAccountId, ServiceAccountSettings,
    },
};
use std::net::IpAddr;
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

/// All accounts that are not removed, by label. Any member.
pub async fn list(core: &Core, actor: &Actor, project: &Slug) -> Result<Vec<ServiceAccount>> {
    todo!()
}
/// One account. Any member.
pub async fn get(core: &Core, actor: &Actor, project: &Slug, id: ServiceAccountId) -> Result<ServiceAccountDetail> {
    todo!()
}
/// Makes an account and its first secret. Member. Fields as in the settings' names.
pub async fn create(
    core: &Core,
    actor: &Actor,
    project: &Slug,
    settings: ServiceAccountSettings,
) -> Result<(ServiceAccountId, IssuedSecret)> {
    todo!()
}
/// Changes an account. Member.
pub async fn update(
    core: &Core,
    actor: &Actor,
    project: &Slug,
    id: ServiceAccountId,
    settings: ServiceAccountSettings,
) -> Result<()> {
    todo!()
}
/// Switches an account on or off; open sessions fail at their next MAIL. Member.
pub async fn set_enabled(
    core: &Core,
    actor: &Actor,
    project: &Slug,
    id: ServiceAccountId,
    enabled: bool,
) -> Result<()> {
    todo!()
}
/// Issues a second secret beside the first; `Conflict` when there are two. Member.
pub async fn issue_secret(core: &Core, actor: &Actor, project: &Slug, id: ServiceAccountId) -> Result<IssuedSecret> {
    todo!()
}
/// Revokes a secret at once; `Conflict` when it is the only one. Member.
pub async fn revoke_secret(
    core: &Core,
    actor: &Actor,
    project: &Slug,
    id: ServiceAccountId,
    secret: SecretId,
) -> Result<()> {
    todo!()
}
/// Removes an account for good; its messages keep its name. Member.
pub async fn remove(core: &Core, actor: &Actor, project: &Slug, id: ServiceAccountId) -> Result<()> {
    todo!()
}
/// Where clients connect, from the running listeners.
pub fn client_access(core: &Core) -> ClientAccess {
    todo!()
}
/// SASL: `username` or `username@realm`, its secret, from where. Notes the use of the secret. Successes are cached by a keyed hash; Argon2 is bounded; failures are throttled per address and account.
pub async fn authenticate(
    core: &Core,
    client: IpAddr,
    username: &str,
    secret: Zeroizing<String>,
) -> std::result::Result<Actor, AuthFailure> {
    todo!()
}

/// The user name in `user` or `user@realm`, in lower case; with another realm it is no name of ours.
pub(crate) fn name_of(typed: &str, realm: &str) -> String {
    let typed = typed.to_lowercase();
    match typed.rsplit_once('@') {
        Some((name, at)) if at.eq_ignore_ascii_case(realm) => name.to_owned(),
        _ => typed,
    }
}
