//! Judges what is asked for: whether it can be meant, whether it may be asked, and what is in its way.

use super::{kind, plain, typed};
use crate::{
    Actor, Core, Error, Result, addresses, name_changes, projects, ranges,
    tables::{
        address, project,
        ticket::{Column, Entity, Model},
    },
};
use relay_types::{
    DomainName, DomainNameError,
    project::ProjectId,
    reverse::ForwardState,
    ticket::{PtrVerdict, TicketKind, TicketNumber, TicketRequest, TicketState},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use std::net::IpAddr;
use uuid::Uuid;

/// A request that may be asked.
pub(super) struct Judged {
    pub(super) title: String,
    /// Whether it is about an address of the inventory.
    pub(super) ours: bool,
    pub(super) ip: Option<IpAddr>,
    pub(super) name: Option<DomainName>,
    /// With only the fields of its kind, in one form.
    pub(super) request: TicketRequest,
}

/// Judges a request of a project. Asks no DNS. Fields: those of [`TicketRequest`].
pub(super) async fn judge(core: &Core, project: ProjectId, kind: TicketKind, typed: TicketRequest) -> Result<Judged> {
    if kind != TicketKind::RemovePtr {
        refuse_closed(core.db.read(), project.uuid()).await?;
    }
    match kind {
        TicketKind::SetPtr => set_ptr(core, project, typed).await,
        TicketKind::RemovePtr => remove_ptr(core, project, typed).await,
        TicketKind::PtrElsewhere => elsewhere(core, typed).await,
        TicketKind::GoLive => go_live(core, project, typed).await,
        TicketKind::Quota => quota(typed),
    }
}

/// A project that is closed gets nothing new; what it has may still be removed.
pub(super) async fn refuse_closed(connection: &impl ConnectionTrait, project: Uuid) -> Result<()> {
    let row = project::Entity::find_by_id(project).one(connection).await?.ok_or(Error::NotFound)?;
    match row.closed_at {
        Some(_) => Err(Error::conflict("The project is closed")),
        None => Ok(()),
    }
}

async fn set_ptr(core: &Core, project: ProjectId, typed: TicketRequest) -> Result<Judged> {
    let ip = address(&typed.address)?;
    let holder = holder(core.db.read(), project, ip).await?;
    let name = host_name(&typed.name)?;
    let use_case = use_case(&typed)?;
    if !holder.prefix && holder.wanted.as_deref() == Some(name.as_str()) {
        return Err(Error::conflict(format!("{ip} has the name {name} already")));
    }
    let request = TicketRequest { address: ip.to_string(), name: name.to_string(), use_case, ..Default::default() };
    Ok(Judged { title: format!("{name} for {ip}"), ours: true, ip: Some(ip), name: Some(name), request })
}

async fn remove_ptr(core: &Core, project: ProjectId, typed: TicketRequest) -> Result<Judged> {
    let ip = address(&typed.address)?;
    let holder = holder(core.db.read(), project, ip).await?;
    let Some(name) = holder.wanted.clone().filter(|_| !holder.prefix) else {
        return Err(Error::conflict(format!("{ip} has no name of its own that could be removed")));
    };
    // Nobody has to say why something is no longer needed.
    let use_case = plain("use_case", &typed.use_case)?;
    let request = TicketRequest { address: ip.to_string(), use_case, ..Default::default() };
    Ok(Judged { title: format!("Remove {name} from {ip}"), ours: true, ip: Some(ip), name: None, request })
}

async fn elsewhere(core: &Core, typed: TicketRequest) -> Result<Judged> {
    let ip = address(&typed.address)?;
    if ranges::of_ip(core.db.read(), ip).await?.is_some() {
        return Err(Error::invalid("address", format!("{ip} is one of ours: ask for Set PTR instead")));
    }
    let name = host_name(&typed.name)?;
    let provider = line("provider", &typed.provider, "Enter who sets PTR records of this address")?;
    let case_number = match typed.case_number.trim() {
        "" => String::new(),
        text => line("case_number", text, "")?,
    };
    let request = TicketRequest {
        address: ip.to_string(),
        name: name.to_string(),
        use_case: plain("use_case", &typed.use_case)?,
        provider: provider.clone(),
        case_number,
        ..Default::default()
    };
    Ok(Judged { title: format!("{name} for {ip} at {provider}"), ours: false, ip: Some(ip), name: Some(name), request })
}

async fn go_live(core: &Core, project: ProjectId, typed: TicketRequest) -> Result<Judged> {
    if !projects::standing(core, project).await?.sandbox {
        return Err(Error::conflict("The project is not in the sandbox: it may send to anyone already"));
    }
    let use_case = use_case(&typed)?;
    let volume = number("volume", &typed.volume)?;
    let volume = volume.ok_or_else(|| Error::invalid("volume", "Enter how many messages a day you expect"))?;
    let bounces = super::typed("bounces", &typed.bounces, "Say what is done with bounces and complaints")?;
    let request = TicketRequest { use_case, volume: volume.to_string(), bounces, ..Default::default() };
    let title = format!("Go live with {volume} messages a day");
    Ok(Judged { title, ours: false, ip: None, name: None, request })
}

fn quota(typed: TicketRequest) -> Result<Judged> {
    let (per_hour, per_day) = (number("per_hour", &typed.per_hour)?, number("per_day", &typed.per_day)?);
    let new_per_day = number("new_per_day", &typed.new_per_day)?;
    let title = match (per_hour, per_day, new_per_day) {
        (Some(hour), Some(day), _) => format!("{hour} recipients an hour, {day} a day"),
        (Some(hour), None, _) => format!("{hour} recipients an hour"),
        (None, Some(day), _) => format!("{day} recipients a day"),
        (None, None, Some(new)) => format!("{new} new recipients a day"),
        (None, None, None) => {
            return Err(Error::invalid("per_hour", "Enter how many recipients an hour or a day you need"));
        }
    };
    let text = |limit: Option<u32>| limit.map(|limit| limit.to_string()).unwrap_or_default();
    let use_case = use_case(&typed)?;
    let request = TicketRequest {
        use_case,
        per_hour: text(per_hour),
        per_day: text(per_day),
        new_per_day: text(new_per_day),
        ..Default::default()
    };
    Ok(Judged { title, ours: false, ip: None, name: None, request })
}

/// Refuses a ticket that is in the way of another, or of another project's name. Inside the transaction that sends it.
pub(super) async fn refuse_conflicts(connection: &impl ConnectionTrait, row: &Model) -> Result<()> {
    let open = TicketState::ALL.into_iter().filter(|state| state.is_open() && *state != TicketState::Draft);
    let mut others =
        Entity::find().filter(Column::Id.ne(row.id)).filter(Column::State.is_in(open.map(TicketState::as_str)));
    others = match (kind(row)?, row.address_id) {
        (TicketKind::SetPtr | TicketKind::RemovePtr, Some(address)) => others.filter(Column::AddressId.eq(address)),
        (TicketKind::PtrElsewhere, _) => others
            .filter(Column::ProjectId.eq(row.project_id))
            .filter(Column::Kind.eq(row.kind.as_str()))
            .filter(Column::Title.eq(row.title.as_str())),
        _ => others.filter(Column::ProjectId.eq(row.project_id)).filter(Column::Kind.eq(row.kind.as_str())),
    };
    if let Some(other) = others.one(connection).await? {
        return Err(match other.project_id == row.project_id {
            true => Error::conflict(format!("{} asks for that already", super::number_of(&other))),
            false => Error::conflict(ANOTHER_PROJECT),
        });
    }
    let Some(address) = row.address_id else { return Ok(()) };
    let address = addresses::row(connection, address).await?;
    if address.wanted.is_some()
        && name_changes::named_by(connection, address.id).await?.is_some_and(|by| by != row.project_id)
    {
        return Err(Error::conflict(ANOTHER_PROJECT));
    }
    if name_changes::unfinished(connection, address.id).await? {
        return Err(Error::conflict(format!("A change of {} is not finished yet; ask again in a while", address.text)));
    }
    Ok(())
}

/// It does not say which.
const ANOTHER_PROJECT: &str =
    "Another project has this address's name, or has asked for one. Write to the service desk if it is yours now.";

/// What a ticket that asks for `name` would say. The service desk, operators, the command line.
pub async fn verdict(core: &Core, actor: &Actor, address: &str, name: &str) -> Result<PtrVerdict> {
    projects::authorize_desk(actor)?;
    let mut verdict =
        PtrVerdict { project: None, problem: None, current: None, forward: None, forward_record: None, state: None };
    let words = |error: Error| match error {
        Error::Invalid { reason, .. } => reason,
        other => other.to_string(),
    };
    let ip = match self::address(address) {
        Ok(ip) => ip,
        Err(error) => return Ok(PtrVerdict { problem: Some(words(error)), ..verdict }),
    };
    let ptr = core.resolver().ptr(ip, core.now()).await;
    verdict.current = ptr.certain.then_some(ptr.names);
    let holder = addresses::of_ip(core.db.read(), ip).await?;
    let project = holder.as_ref().and_then(|row| row.project_id).map(ProjectId::from_uuid);
    verdict.project = match project {
        Some(project) => Some(projects::slug(core, project).await?),
        None => None,
    };
    let name = match host_name(name) {
        Ok(name) => name,
        Err(error) => return Ok(PtrVerdict { problem: Some(words(error)), ..verdict }),
    };
    let forward = core.resolver().forward(&name, core.now()).await;
    let points = forward.points_to(ip);
    verdict.forward_record = (points != ForwardState::Matches).then(|| super::look::forward_record(&name, ip));
    verdict.forward = Some(forward);
    verdict.problem = match (&holder, project) {
        (None, _) => Some(format!("{ip} is in no project's addresses")),
        (Some(_), None) => Some(format!("{ip} is in the inventory, but belongs to no project")),
        (Some(row), Some(_)) if !row.prefix => match row.wanted.as_deref() == Some(name.as_str()) {
            true => Some(format!("{ip} has the name {name} already")),
            false => open_already(core, row).await?,
        },
        _ => None,
    };
    if verdict.problem.is_none() {
        let ready = points == ForwardState::Matches;
        verdict.state = Some(if ready { TicketState::Ready } else { TicketState::Waiting });
    }
    Ok(verdict)
}

async fn open_already(core: &Core, row: &address::Model) -> Result<Option<String>> {
    let open = super::open_for(core.db.read(), &[row.id]).await?.remove(&row.id);
    Ok(open.map(|number| format!("{} is open for {}", TicketNumber(number), row.text)))
}

fn address(text: &str) -> Result<IpAddr> {
    let wrong = |_| Error::invalid("address", "Enter one address, for example 192.0.2.7 or 2001:db8::7");
    Ok(text.trim().parse::<IpAddr>().map_err(wrong)?.to_canonical())
}

/// The inventory's row of an address of the project, or of the prefix it lies in.
pub(super) async fn holder(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    ip: IpAddr,
) -> Result<address::Model> {
    let holder = addresses::of_ip(connection, ip).await?;
    holder
        .filter(|row| row.project_id == Some(project.uuid()))
        .ok_or_else(|| Error::invalid("address", format!("{ip} is not one of the project's addresses")))
}

/// A name a PTR record may lead to: a host name (RFC 1123 §2.1), U-labels as A-labels.
fn host_name(text: &str) -> Result<DomainName> {
    let text = text.trim();
    let text = text.strip_suffix('.').unwrap_or(text);
    let reason = |error: DomainNameError| match error {
        _ if text.contains('*') => "A PTR record leads to one name: a wildcard cannot be one".to_owned(),
        _ if text.contains('_') => "A host name has no underscore; use letters, digits and hyphens".to_owned(),
        DomainNameError::Empty => "Enter the name the address shall have, for example mail.example.org".to_owned(),
        DomainNameError::Address => "Enter a name, not an address".to_owned(),
        other => other.to_string(),
    };
    let name = DomainName::parse(text).map_err(|error| Error::invalid("name", reason(error)))?;
    if name.as_str().ends_with(".arpa") {
        return Err(Error::invalid("name", "Enter the host's own name, not its reverse name"));
    }
    Ok(name)
}

fn use_case(request: &TicketRequest) -> Result<String> {
    typed("use_case", &request.use_case, "Say what it is for; the service desk decides by it")
}

fn line(field: &'static str, text: &str, what: &str) -> Result<String> {
    let text = typed(field, text, what)?;
    if text.contains('\n') || text.chars().count() > 100 {
        return Err(Error::invalid(field, "Use one line of at most 100 characters"));
    }
    Ok(text)
}

fn number(field: &'static str, text: &str) -> Result<Option<u32>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse() {
        Ok(number) if (1..=i32::MAX.unsigned_abs()).contains(&number) => Ok(Some(number)),
        _ => Err(Error::invalid(field, "Enter a whole number, for example 2000")),
    }
}
