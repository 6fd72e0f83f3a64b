//! Keeping a report of a domain or an egress address together with the mail of what is news of it.

use super::{Mailed, news};
use crate::{
    Core, Result,
    findings::{self, Owner},
    portal_mail::health::Prepared,
};
use relay_types::{
    Timestamp,
    finding::{Finding, Report},
};
use sea_orm::DatabaseTransaction;

/// Whether somebody is to be told of a report, as it looks before its owner is locked: then a mail has to be prepared.
pub(crate) async fn is_news(
    core: &Core,
    owner: Owner,
    report: &Report,
    mailed: impl Fn(&Finding) -> Mailed,
    now: Timestamp,
) -> Result<bool> {
    let told = findings::told(core.db.read(), owner).await?;
    Ok(!news(told.as_ref(), report, mailed, now).1.is_empty())
}

/// Keeps it. The owner's row is locked, so that of two checks at the same time one tells. What is news without a mail
/// that was prepared is told the next time.
pub(crate) async fn keep(
    core: &Core,
    transaction: &DatabaseTransaction,
    (owner, report): (Owner, &Report),
    mailed: impl Fn(&Finding) -> Mailed,
    mail: Option<Prepared>,
    now: Timestamp,
) -> Result<()> {
    let told = findings::told(transaction, owner).await?;
    let (believed, news) = news(told.as_ref(), report, mailed, now);
    let believed = match (mail, news.is_empty()) {
        (Some(mail), false) => {
            mail.keep(core, transaction, &news).await?;
            believed
        }
        (None, false) => told.unwrap_or_default(),
        (_, true) => believed,
    };
    findings::store(core, transaction, owner, report, &believed).await
}
