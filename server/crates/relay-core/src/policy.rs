//! Which addresses an actor may put in reverse-path, From and Sender, and to whom it may send. The one place that decides.

use crate::{Actor, Core, Result};
use relay_types::{EmailAddress, ReversePath, refusal::Rule};

/// A refusal by policy, before it is a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The rule that refuses.
    pub rule: Rule,
    /// The address it is about, when there is one.
    pub address: Option<String>,
    /// More in words: the suspension's reason, what is ambiguous in the header.
    pub detail: Option<String>,
    /// Seconds to wait, for limits.
    pub wait: Option<u64>,
}

/// A verdict of policy: `Ok(Err(…))` is a refusal, `Err(…)` is no verdict (the store cannot be reached).
pub type Verdict<T> = Result<std::result::Result<T, Rejection>>;

/// At MAIL: is the project active, the actor still allowed in, the reverse-path verified and allowed? Reads what is stored now.
pub async fn judge_mail(core: &Core, actor: &Actor, reverse_path: &ReversePath) -> Verdict<()> {
    todo!()
}
/// At RCPT, the `already`-th recipient of the transaction (0 for the first): sandbox, limits.
pub async fn judge_rcpt(core: &Core, actor: &Actor, recipient: &EmailAddress, already: usize) -> Verdict<()> {
    todo!()
}
/// At end of data: every mailbox of From, and Sender.
pub async fn judge_header(
    core: &Core,
    actor: &Actor,
    from: &[EmailAddress],
    sender: Option<&EmailAddress>,
) -> Verdict<()> {
    todo!()
}
