//! The list: found by how addresses begin, or by their domain, each by an index of its own, so that a list of a million
//! costs no more than one of a hundred.

use super::{live, view};
use crate::{
    Access, Actor, Core, Error, Result,
    projects::authorize_for,
    search,
    tables::suppression::{Column, Entity},
};
use relay_types::{
    DomainName, EmailAddress,
    api_token::ApiScope::SuppressionsRead,
    page::Page,
    project::{ProjectId, Slug},
    suppression::{Suppression, SuppressionFilter, SuppressionId},
};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, Order},
};

/// More are not counted.
const COUNTED: u64 = 10_000;

/// A project's suppressed addresses that count now: newest first, or those that were looked for by address. Any member; a
/// token that may read. Field: `after`.
pub async fn list(core: &Core, actor: &Actor, project: &Slug, filter: &SuppressionFilter) -> Result<Page<Suppression>> {
    let project = authorize_for(core, actor, project, Access::View, SuppressionsRead).await?;
    let size = filter.size.rows();
    let sought = Sought::read(filter.search.as_deref());
    let mut select = found(core, project, sought.as_ref());
    select = match (&sought, search::words(filter.after.as_deref())) {
        (None, Some(after)) => {
            let after: SuppressionId =
                after.parse().map_err(|_| Error::invalid("after", "Start from the first page again"))?;
            select.filter(Column::Id.lt(after.uuid()))
        }
        (Some(_), Some(after)) => select.filter(octets(core).gt(after)),
        (_, None) => select,
    };
    select = match sought {
        None => select.order_by_desc(Column::Id),
        Some(_) => select.order_by(octets(core), Order::Asc),
    };
    let rows = select.limit(size as u64 + 1).all(core.db.read()).await?;
    let rows = rows.into_iter().map(view).collect::<Result<Vec<_>>>()?;
    let by_address = filter.search.as_deref().is_some_and(|typed| Sought::read(Some(typed)).is_some());
    Ok(Page::cut(rows, size, |row| if by_address { row.address.to_string() } else { row.id.to_string() }))
}

/// How many the list has with this filter; more than 10,000 count as 10,001. Any member.
pub async fn count(core: &Core, actor: &Actor, project: &Slug, filter: &SuppressionFilter) -> Result<u64> {
    let project = authorize_for(core, actor, project, Access::View, SuppressionsRead).await?;
    let found = found(core, project, Sought::read(filter.search.as_deref()).as_ref());
    let ids: Vec<uuid::Uuid> =
        found.select_only().column(Column::Id).limit(COUNTED + 1).into_tuple().all(core.db.read()).await?;
    Ok(ids.len() as u64)
}

/// What is typed into the search field.
pub(super) enum Sought {
    /// Addresses that begin so.
    Beginning(String),
    /// Addresses of this domain.
    Domain(String),
}

impl Sought {
    /// None when nothing is typed.
    pub(super) fn read(typed: Option<&str>) -> Option<Self> {
        let typed = search::words(typed)?;
        if let Some(domain) = typed.strip_prefix('@') {
            let name = DomainName::parse(domain).map_or_else(|_| domain.to_lowercase(), |name| name.to_string());
            return Some(Self::Domain(name));
        }
        // A whole address is compared by its key, which has letters composed and domains in ASCII.
        Some(Self::Beginning(EmailAddress::parse(&typed).map_or_else(|_| typed.to_lowercase(), |one| one.key())))
    }
}

/// Those of a project that count now and are looked for.
pub(super) fn found(core: &Core, project: ProjectId, sought: Option<&Sought>) -> Select<Entity> {
    let select = Entity::find().filter(Column::ProjectId.eq(project.uuid())).filter(live(core.now()));
    match sought {
        None => select,
        Some(Sought::Domain(domain)) => select.filter(Column::Domain.eq(domain)),
        Some(Sought::Beginning(text)) => select.filter(
            Condition::all().add(octets(core).gte(text.clone())).add(octets(core).lt(format!("{text}\u{10ffff}"))),
        ),
    }
}

/// The address, compared octet by octet: a range of that is a beginning, in whatever language the database sorts.
fn octets(core: &Core) -> Expr {
    match core.db.backend() {
        DbBackend::Postgres => Expr::cust("suppression.address COLLATE \"C\""),
        _ => Expr::col((Entity, Column::Address)),
    }
}
