//! May a project, and within it an account, use an address? Asked at each MAIL and for each mailbox of a header.

use crate::{
    Core, Result,
    rules::{Moment, Remembered},
    tables::{domain, sender},
};
use relay_types::{EmailAddress, project::ProjectId, sender::Verification, service_account::AllowedSenders};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, UnionType},
};
use std::collections::HashSet;

/// How an address stands for one who wants to send as it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SenderStanding {
    /// Verified in the project and allowed.
    Allowed,
    /// Neither the address nor its domain is verified in the project.
    NotVerified,
    /// Verified, but the account's list does not cover it.
    NotAllowed,
}

/// Whether `address` may be used in `project` by one whose senders are `allowed`.
pub(crate) async fn judge_sender(
    core: &Core,
    project: ProjectId,
    allowed: &AllowedSenders,
    address: &EmailAddress,
) -> Result<SenderStanding> {
    Ok(standing(&verified(core, project, &[address]).await?, allowed, address))
}

/// Which keys and domains of some addresses are verified in a project.
pub(super) struct Verified {
    keys: HashSet<String>,
}

/// Addresses and domains that were verified a short time ago, by project and name. Those that were not are not here.
pub(crate) type VerifiedNames = Remembered<(ProjectId, String), ()>;

/// Asks for those of many addresses that are not remembered.
pub(super) async fn verified(core: &Core, project: ProjectId, addresses: &[&EmailAddress]) -> Result<Verified> {
    let mut keys = HashSet::new();
    let mut unknown = Vec::new();
    for address in addresses {
        let names = [address.domain().to_string(), address.key()];
        let known = names.into_iter().find(|name| core.verified.get(core, &(project, name.clone())).is_some());
        match known {
            Some(name) => drop(keys.insert(name)),
            None => unknown.push(*address),
        }
    }
    for addresses in unknown.chunks(100) {
        let moment = Moment::now(core);
        for name in read(core, project, addresses).await? {
            core.verified.keep(moment, (project, name.clone()), ());
            keys.insert(name);
        }
    }
    Ok(Verified { keys })
}

/// One query over the two tables at once: this is the hot path. A domain has no `@` and an address has one: they do not
/// meet in one list.
async fn read(core: &Core, project: ProjectId, addresses: &[&EmailAddress]) -> Result<Vec<String>> {
    #[derive(FromQueryResult)]
    struct Row {
        name: String,
    }
    let mut query = domain::Entity::find()
        .select_only()
        .column_as(Expr::col(domain::Column::Name), "name")
        .filter(domain::Column::ProjectId.eq(project.uuid()))
        .filter(domain::Column::State.eq(Verification::Verified.as_str()))
        .filter(domain::Column::Name.is_in(addresses.iter().map(|address| address.domain().as_str())));
    let senders = sender::Entity::find()
        .select_only()
        .column_as(Expr::col(sender::Column::AddressKey), "name")
        .filter(sender::Column::ProjectId.eq(project.uuid()))
        .filter(sender::Column::State.eq(Verification::Verified.as_str()))
        .filter(sender::Column::AddressKey.is_in(addresses.iter().map(|address| address.key())));
    QuerySelect::query(&mut query).union(UnionType::All, senders.into_query());
    let rows = query.into_model::<Row>().all(core.db.read()).await?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

/// How one of the addresses that were asked for stands. A domain covers the addresses at exactly that name.
pub(super) fn standing(verified: &Verified, allowed: &AllowedSenders, address: &EmailAddress) -> SenderStanding {
    if !verified.keys.contains(address.domain().as_str()) && !verified.keys.contains(&address.key()) {
        return SenderStanding::NotVerified;
    }
    match allowed {
        AllowedSenders::All => SenderStanding::Allowed,
        AllowedSenders::Only(patterns) if patterns.iter().any(|pattern| pattern.matches(address)) => {
            SenderStanding::Allowed
        }
        AllowedSenders::Only(_) => SenderStanding::NotAllowed,
    }
}
