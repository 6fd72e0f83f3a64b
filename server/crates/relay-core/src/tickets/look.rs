//! Looks at DNS for a ticket: at submission, again and again while it waits, and whenever somebody asks.
//!
//! No transaction is open while DNS is asked. A failure that may pass says nothing: the ticket stays as it is.

use super::{Column, Entity, Model, json, kind, locked, mail::Mailing, moves, request_of, state, update};
use crate::{Access, Actor, Core, Error, Result, due, projects};
use relay_types::{
    DomainName, Timestamp,
    reverse::{ForwardFound, ForwardState, PtrFound},
    ticket::{TicketEntryKind, TicketKind, TicketNumber, TicketState},
};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder};
use std::{net::IpAddr, time::Duration};

/// Tickets that are looked at in one round, and at the same time.
const MOST: u64 = 200;
const TOGETHER: usize = 16;
/// A look that another node (or this one) began is not begun again for this long.
const CLAIM: Duration = Duration::from_secs(120);
/// People may ask for a look this often.
const APART: Duration = Duration::from_secs(5);

/// What was found for a ticket.
#[derive(Default)]
pub(super) struct Looked {
    pub(super) forward: Option<ForwardFound>,
    /// Of a PTR at another provider.
    pub(super) ptr: Option<PtrFound>,
}

/// Asks DNS what the ticket's kind needs.
pub(super) async fn look(core: &Core, row: &Model) -> Result<Looked> {
    let Some(name) = &row.name else { return Ok(Looked::default()) };
    let name = DomainName::parse(name).map_err(Error::internal)?;
    let now = core.now();
    Ok(match kind(row)? {
        TicketKind::SetPtr => Looked { forward: Some(core.resolver().forward(&name, now).await), ptr: None },
        TicketKind::PtrElsewhere => {
            let (forward, ptr) = tokio::join!(core.resolver().forward(&name, now), core.resolver().ptr(ip(row)?, now));
            Looked { forward: Some(forward), ptr: Some(ptr) }
        }
        TicketKind::RemovePtr | TicketKind::GoLive | TicketKind::Quota => Looked::default(),
    })
}

/// The first look after a ticket was sent or reopened: where it goes from there. The caller stores the row.
pub(super) async fn begin(
    core: &Core,
    transaction: &DatabaseTransaction,
    row: &mut Model,
    looked: Looked,
) -> Result<()> {
    let now = core.now();
    row.watched_since = Some(now.0);
    row.looks = 1;
    row.forward = looked.forward.as_ref().map(json).transpose()?;
    match kind(row)? {
        TicketKind::SetPtr => {
            let forward = looked.forward.ok_or_else(|| Error::internal("a name was not looked at"))?;
            let ip = ip(row)?;
            let to = match forward.points_to(ip) {
                ForwardState::Matches => TicketState::Ready,
                ForwardState::Missing | ForwardState::Unknown => TicketState::Waiting,
            };
            moves::advance(core, transaction, &Actor::System, row, to, &forward.words(ip)).await?;
            if to == TicketState::Waiting {
                row.next_at = Some(now.plus(wait(row.looks)).0);
            }
            Ok(())
        }
        TicketKind::PtrElsewhere => {
            moves::advance(core, transaction, &Actor::System, row, TicketState::Verifying, "").await?;
            row.next_at = Some(now.0);
            Ok(())
        }
        TicketKind::RemovePtr | TicketKind::GoLive | TicketKind::Quota => {
            moves::advance(core, transaction, &Actor::System, row, TicketState::Ready, "").await
        }
    }
}

/// Looks at every ticket that is due; gives how many. System only.
pub async fn run_due(core: &Core, actor: &Actor) -> Result<u64> {
    projects::authorize_system(actor)?;
    let due = due::rows(core, Entity::find(), Column::NextAt, MOST).await?;
    let looked = due::each(due, TOGETHER, |row| async move {
        let number = row.number;
        let looked = claim_and_look(core, row).await;
        looked.inspect_err(|error| tracing::warn!(ticket.number = number, %error, "a ticket is not looked at now"))
    });
    Ok(looked.await)
}

/// Has DNS looked at now. Member, the service desk. `TooMany` within five seconds after the last look; `Conflict` when
/// the ticket waits for nothing in DNS.
pub async fn look_now(core: &Core, actor: &Actor, number: TicketNumber) -> Result<()> {
    let row = super::of_anyone(core, actor, number, Access::Manage).await?;
    if row.next_at.is_none() {
        return Err(Error::conflict(format!("{number} waits for nothing in DNS")));
    }
    let last = row.forward.as_deref().map(serde_json::from_str::<ForwardFound>).transpose().map_err(Error::internal)?;
    if let Some(last) = last {
        let since = core.now().since(last.asked_at);
        if since < APART {
            return Err(Error::TooMany { seconds: (APART - since).as_secs() + 1 });
        }
    }
    claim_and_look(core, row).await?;
    Ok(())
}

/// Whether it was ours to look at.
async fn claim_and_look(core: &Core, mut row: Model) -> Result<bool> {
    let this = Entity::update_many().filter(Column::Id.eq(row.id));
    row.next_at = due::claim(core, this, Column::NextAt, row.next_at, CLAIM).await?;
    if row.next_at.is_none() {
        return Ok(false);
    }
    let looked = look(core, &row).await?;
    let mail = Mailing::prepare(core, &row).await?;
    let transaction = core.db.begin().await?;
    let mut now = locked(&transaction, row.id).await?;
    if now.next_at != row.next_at {
        return Ok(false);
    }
    let before = now.state.clone();
    judge(core, &transaction, &mut now, looked).await?;
    update(&transaction, &now).await?;
    if now.state != before {
        mail.tell_of_move(core, &transaction, &Actor::System, &now).await?;
    }
    transaction.commit().await?;
    core.queue_wake.notify_one();
    Ok(true)
}

/// What a look does to a ticket that is watched. The caller stores the row.
async fn judge(core: &Core, transaction: &DatabaseTransaction, row: &mut Model, looked: Looked) -> Result<()> {
    row.looks += 1;
    if let Some(forward) = &looked.forward {
        row.forward = Some(json(forward)?);
    }
    if let Err(Error::Conflict { reason }) = super::request::refuse_closed(transaction, row.project_id).await
        && state(row)?.may_move_to(TicketState::Refused)
    {
        row.reason = Some(reason.clone());
        return moves::advance(core, transaction, &Actor::System, row, TicketState::Refused, &reason).await;
    }
    let (now, ip) = (core.now(), ip(row)?);
    let watched = now.since(Timestamp(row.watched_since.unwrap_or(row.moved_at)));
    let forward = looked.forward.ok_or_else(|| Error::internal("a name was not looked at"))?;
    match (state(row)?, looked.ptr) {
        (TicketState::Waiting, _) => {
            let text = forward.words(ip);
            if forward.points_to(ip) == ForwardState::Matches {
                return moves::advance(core, transaction, &Actor::System, row, TicketState::Ready, &text).await;
            }
            if watched >= PATIENCE {
                let text = format!("The name did not point to the address within 14 days. {text}");
                row.reason = Some(text.clone());
                return moves::advance(core, transaction, &Actor::System, row, TicketState::Refused, &text).await;
            }
            note(core, transaction, row, &text).await?;
        }
        (TicketState::Verifying, Some(ptr)) => {
            let there = row.name.as_deref().is_some_and(|name| ptr.is_only(name));
            if there && forward.points_to(ip) == ForwardState::Matches {
                let text = "Name and address lead to each other";
                return moves::advance(core, transaction, &Actor::System, row, TicketState::Done, text).await;
            }
            let text = match (there, ptr.certain) {
                (true, _) => forward.words(ip),
                (false, true) if ptr.names.is_empty() => format!("{ip} has no PTR record yet"),
                (false, true) => format!("{ip} has the name {}", ptr.names.join(", ")),
                (false, false) => format!("The servers of {ip} do not answer with certainty just now"),
            };
            if watched >= PATIENCE_ELSEWHERE {
                let text = format!("Not true within 60 days. {text}");
                row.reason = Some(text.clone());
                return moves::advance(core, transaction, &Actor::System, row, TicketState::Failed, &text).await;
            }
            note(core, transaction, row, &text).await?;
        }
        _ => {
            row.next_at = None;
            return Ok(());
        }
    }
    row.next_at = Some(now.plus(wait(row.looks)).0);
    Ok(())
}

/// One line for all looks that found the same: what is seen again does not fill the history.
async fn note(core: &Core, transaction: &DatabaseTransaction, row: &Model, text: &str) -> Result<()> {
    use crate::tables::ticket_entry;
    use sea_orm::{ActiveModelTrait, IntoActiveModel};
    let last = ticket_entry::Entity::find()
        .filter(ticket_entry::Column::TicketId.eq(row.id))
        .order_by_desc(ticket_entry::Column::Id)
        .one(transaction)
        .await?;
    let text = format!("{text} (looked {} times)", row.looks);
    if let Some(last) = last.filter(|last| last.kind == TicketEntryKind::Look.as_str()) {
        let mut last = last.into_active_model();
        (last.at, last.text) = (Set(core.now().0), Set(text));
        last.update(transaction).await?;
        return Ok(());
    }
    moves::note(core, transaction, &Actor::System, row, TicketEntryKind::Look, None, &text).await
}

/// How long a set-PTR ticket waits for its forward record, and a PTR elsewhere to come true.
pub(super) const PATIENCE: Duration = Duration::from_secs(14 * 86_400);
pub(super) const PATIENCE_ELSEWHERE: Duration = Duration::from_secs(60 * 86_400);

/// The wait after so many looks: 1, 5 and 15 minutes, then an hour each.
fn wait(looks: i32) -> Duration {
    Duration::from_secs(match looks {
        ..=1 => 60,
        2 => 300,
        3 => 900,
        _ => 3_600,
    })
}

/// When a ticket that waits is given up.
pub(super) fn gives_up_at(row: &Model) -> Result<Option<Timestamp>> {
    let patience = match (state(row)?, kind(row)?) {
        (TicketState::Waiting, _) => PATIENCE,
        (TicketState::Verifying, TicketKind::PtrElsewhere) => PATIENCE_ELSEWHERE,
        _ => return Ok(None),
    };
    Ok(row.watched_since.map(|since| Timestamp(since).plus(patience)))
}

/// The record to publish so that the name leads to the address, as a line of a zone file.
pub(crate) fn forward_record(name: &DomainName, ip: IpAddr) -> String {
    let kind = if ip.is_ipv4() { "A" } else { "AAAA" };
    format!("{name}. 3600 IN {kind} {ip}")
}

/// The address a ticket is about.
pub(super) fn ip(row: &Model) -> Result<IpAddr> {
    request_of(row)?.address.parse().map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_become_rare() {
        assert_eq!([1, 2, 3, 4, 500].map(|looks| wait(looks).as_secs()), [60, 300, 900, 3_600, 3_600]);
    }

    #[test]
    fn the_record_to_publish_is_of_the_addresss_family() {
        let name = DomainName::parse("www.example.org").expect("a name");
        let record = |ip: &str| forward_record(&name, ip.parse().expect("an address"));
        assert_eq!(record("192.0.2.7"), "www.example.org. 3600 IN A 192.0.2.7");
        assert_eq!(record("2001:db8::7"), "www.example.org. 3600 IN AAAA 2001:db8::7");
    }
}
