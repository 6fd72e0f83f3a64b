//! Lists of addresses, by address: what they are narrowed to, and their pages.

use super::view::shown;
use crate::{
    Access, Actor, Core, Error, Result, projects, ranges,
    search::{self, contains},
    tables::address::{Column, Entity, Model},
};
use relay_types::{
    Cidr,
    address::{Address, AddressFilter, AddressState},
    page::Page,
    project::Slug,
    range::RangeId,
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

/// A project's addresses and prefixes, by address. Any member. Field: `after`.
pub async fn list(core: &Core, actor: &Actor, project: &Slug, filter: &AddressFilter) -> Result<Page<Address>> {
    let project = projects::authorize(core, actor, project, Access::View).await?;
    page(core, Entity::find().filter(Column::ProjectId.eq(project.uuid())), filter, false).await
}

/// Addresses and prefixes of a range, by address. The service desk, operators. Field: `after`.
pub async fn list_of_range(
    core: &Core,
    actor: &Actor,
    range: RangeId,
    filter: &AddressFilter,
) -> Result<Page<Address>> {
    projects::authorize_desk(actor)?;
    let range = ranges::row(core.db.read(), range.uuid()).await?;
    page(core, Entity::find().filter(Column::RangeId.eq(range.id)), filter, true).await
}

/// All addresses and prefixes, by address. The service desk, operators. Field: `after`.
pub async fn list_all(core: &Core, actor: &Actor, filter: &AddressFilter) -> Result<Page<Address>> {
    projects::authorize_desk(actor)?;
    page(core, Entity::find(), filter, true).await
}

async fn page(core: &Core, mut rows: Select<Entity>, filter: &AddressFilter, slugs: bool) -> Result<Page<Address>> {
    if let Some(text) = search::words(filter.search.as_deref()) {
        rows = rows.filter(found(core, &text, slugs).await?);
    }
    if let Some(state) = filter.state {
        rows = rows.filter(stands(state));
    }
    if let Some(after) = &filter.after {
        let (first, id) = place(after).ok_or_else(|| Error::invalid("after", "Start from the first page again"))?;
        let same = Condition::all().add(Column::First.eq(first.clone())).add(Column::Id.gt(id));
        rows = rows.filter(Condition::any().add(Column::First.gt(first)).add(same));
    }
    let size = filter.size.rows();
    let rows = rows.order_by_asc(Column::First).order_by_asc(Column::Id).limit(size as u64 + 1);
    let page = Page::cut(rows.all(core.db.read()).await?, size, cursor);
    Ok(Page { items: shown(core, page.items).await?, next: page.next })
}

/// Part of an address or of a name; of a whole address or block also what holds it or lies in it; where all projects are
/// listed, also the place of one in URLs.
async fn found(core: &Core, text: &str, slugs: bool) -> Result<Condition> {
    let mut any = Condition::any()
        .add(contains(Column::Text, text))
        .add(contains(Column::Names, text))
        .add(contains(Column::Wanted, text));
    if let Ok(block) = Cidr::parse(text) {
        let (first, last) = block.bounds();
        let shares = Condition::all().add(Column::First.lte(last.to_vec())).add(Column::Last.gte(first.to_vec()));
        any = any.add(shares);
    }
    if slugs && let Ok(slug) = Slug::parse(text) {
        let projects = projects::named(core.db.read(), None).await?;
        let project = projects.values().find(|project| project.slug == slug.as_str());
        any = match project {
            Some(project) => any.add(Column::ProjectId.eq(project.id)),
            None => any,
        };
    }
    Ok(any)
}

fn stands(state: AddressState) -> Condition {
    match state {
        AddressState::Named => Condition::all().add(Column::Wanted.is_not_null()),
        AddressState::Default => Condition::all().add(Column::Wanted.is_null()),
        AddressState::Wrong => Condition::any()
            .add(Column::Fcrdns.eq("fail"))
            .add(Condition::all().add(Column::Fcrdns.eq("permerror")).add(Column::Wanted.is_not_null()))
            .add(Column::MissingSince.is_not_null()),
    }
}

/// A row's place in the list: its first address in hexadecimal digits and its identifier.
fn cursor(row: &Model) -> String {
    let first: String = row.first.iter().map(|octet| format!("{octet:02x}")).collect();
    format!("{first}.{}", row.id)
}

fn place(text: &str) -> Option<(Vec<u8>, Uuid)> {
    let (first, id) = text.split_once('.')?;
    let first = first.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    });
    Some((first.collect::<Option<_>>()?, id.parse().ok()?))
}
