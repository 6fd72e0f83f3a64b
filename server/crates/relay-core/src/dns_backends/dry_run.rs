//! The exact change a back end would make, without making it.

use super::open;
use crate::{Actor, Core, Error, Result, addresses, projects, ranges};
use relay_dns::PtrChange;
use relay_types::{DomainName, address::AddressId, range::Range};

/// What would be written to give an address this name, or to remove its names, from what its servers say now; in the
/// language of the range's back end. Changes nothing. The service desk, operators. Field: `name`. `Conflict` for a
/// prefix, a range that nothing writes, and while the servers do not say what is there.
pub async fn dry_run(core: &Core, actor: &Actor, id: AddressId, name: Option<String>) -> Result<String> {
    projects::authorize_desk(actor)?;
    let after = match name.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => {
            let name = DomainName::parse(name.strip_suffix('.').unwrap_or(name));
            let name = name.map_err(|error| Error::invalid("name", error.to_string()))?;
            Some(name.to_string())
        }
        None => None,
    };
    let row = addresses::row(core.db.read(), id.uuid()).await?;
    if row.prefix {
        return Err(Error::conflict("Names belong to single addresses; choose one of the prefix"));
    }
    let ip = addresses::ip(&row)?;
    let range = ranges::row(core.db.read(), row.range_id).await?;
    let (zone, owner) = ranges::owner(&range, ip)?;
    let backend = range.backend_id.ok_or_else(|| {
        Error::conflict(format!("{} has no DNS back end; choose one on the page of the range", range.label))
    })?;
    let backend = open(core, backend).await?;
    let found = core.resolver().ptr(ip, core.now()).await;
    if !found.certain {
        return Err(Error::conflict("The servers of the zone do not say what is there now; try again in a minute"));
    }
    let ttl = u32::try_from(range.ttl).unwrap_or(Range::TTL);
    Ok(backend.describe(&PtrChange { zone, owner, before: found.names, after, ttl }))
}
