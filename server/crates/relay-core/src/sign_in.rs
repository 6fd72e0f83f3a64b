//! Signing in to the portal, with a throttle per address and per user.

use crate::{Actor, Core, Result};
use relay_types::user::UserId;
use std::net::IpAddr;
use zeroize::Zeroizing;

/// Verifies a password. `Forbidden` for an unknown user, a wrong password and a locked user alike, in the same time; `TooMany` when throttled.
pub async fn sign_in(core: &Core, client: Option<IpAddr>, email: &str, password: Zeroizing<String>) -> Result<UserId> {
    todo!()
}
/// The actor of a session, read anew at every request so that a locked user is out at once. `SignedOut` when locked or unknown.
pub async fn actor(core: &Core, id: UserId, client: Option<IpAddr>) -> Result<Actor> {
    todo!()
}
