//! People: the first operator, passwords, the operator's list.

use crate::{Actor, Core, Result};
use relay_types::{
    EmailAddress,
    project::{ProjectId, Slug},
    user::{Me, User, UserId},
};
use std::net::IpAddr;
use zeroize::Zeroizing;

/// What the first-run page asks for.
pub struct Setup {
    /// Printed on the terminal at start; proves that the person is the machine's administrator.
    pub code: String,
    /// The operator's address.
    pub email: String,
    /// The operator's name; may be empty.
    pub name: String,
    /// The operator's password, 12 characters at least.
    pub password: Zeroizing<String>,
    /// Name of the first project.
    pub project_name: String,
    /// Its slug.
    pub project_slug: String,
}

/// Whether no user exists, so that the first-run page is open.
pub async fn setup_needed(core: &Core) -> Result<bool> {
    todo!()
}
/// The code the first-run page asks for; made at first call after a start and the same on every node (derived from the sealing key).
pub fn setup_code(core: &Core) -> String {
    todo!()
}
/// Makes the first operator and project (live, not in the sandbox), once; a `Conflict` when a user exists.
pub async fn set_up(core: &Core, client: Option<IpAddr>, setup: Setup) -> Result<(UserId, Slug)> {
    todo!()
}
/// The person who is signed in, with the projects to switch between.
pub async fn me(core: &Core, actor: &Actor) -> Result<Me> {
    todo!()
}
/// Changes one's own password (`current_password`, `new_password` are the fields of `Invalid`) and ends one's other sessions; `keep_session` is the id of the one that stays.
pub async fn change_password(
    core: &Core,
    actor: &Actor,
    current: Zeroizing<String>,
    new: Zeroizing<String>,
    keep_session: Option<&str>,
) -> Result<()> {
    todo!()
}
/// Mails a reset link when such a user exists; says nothing of whether. Throttled.
pub async fn request_password_reset(core: &Core, client: Option<IpAddr>, email: &str) -> Result<()> {
    todo!()
}
/// Whether the link of a reset mail is still good.
pub async fn reset_link_is_good(core: &Core, token: &str) -> Result<bool> {
    todo!()
}
/// Sets a new password by the link of a mail and ends all sessions.
pub async fn reset_password(core: &Core, token: &str, new: Zeroizing<String>) -> Result<UserId> {
    todo!()
}
/// All people. Operator only.
pub async fn list(core: &Core, actor: &Actor) -> Result<Vec<User>> {
    todo!()
}
/// Makes an operator, or makes an existing user one and sets the password. System (command line) only.
pub async fn create_operator(
    core: &Core,
    actor: &Actor,
    email: EmailAddress,
    password: Zeroizing<String>,
) -> Result<UserId> {
    todo!()
}
/// Gives or takes the operator's rights; never from the last one. Operator only.
pub async fn set_operator(core: &Core, actor: &Actor, id: UserId, operator: bool) -> Result<()> {
    todo!()
}
/// Locks or unlocks a person; never the last operator, never oneself. Ends their sessions. Operator only.
pub async fn set_disabled(core: &Core, actor: &Actor, id: UserId, disabled: bool) -> Result<()> {
    todo!()
}
