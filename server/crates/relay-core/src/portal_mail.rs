//! Mail from the portal: composed with lettre (plain text, links inside), submitted as any other message.

use crate::{Core, Result};
use relay_types::EmailAddress;

/// Composes and submits a plain text mail from the platform to one person.
pub(crate) async fn send(core: &Core, to: &EmailAddress, subject: &str, body: &str) -> Result<()> {
    todo!()
}
