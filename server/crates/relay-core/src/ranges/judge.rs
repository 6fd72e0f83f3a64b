//! Whether what was typed makes a range: each field by itself, then beside the ranges there are.

use crate::{
    Error, Result,
    audit::field,
    dns_backends,
    label::label,
    tables::address_range::{Column, Entity, Model},
};
use relay_types::{
    Cidr, Timestamp,
    audit::FieldChange,
    dns_backend::DnsBackendId,
    range::{BackendName, PtrTemplate, Range, RangeInput, plain_zone},
    reverse_name::{ZoneName, owner_in},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

/// What was typed, read.
pub(super) struct Judged {
    pub(super) label: String,
    pub(super) block: Cidr,
    site: String,
    template: Option<PtrTemplate>,
    zone: ZoneName,
    ttl: u32,
    backend: Option<Uuid>,
}

/// Reads and judges the input; `own` is the range that is changed.
pub(super) async fn judge(
    connection: &impl ConnectionTrait,
    input: &RangeInput,
    own: Option<&Model>,
) -> Result<Judged> {
    let judged = read(input)?;
    let others = |select: sea_orm::Select<Entity>| match own {
        Some(own) => select.filter(Column::Id.ne(own.id)),
        None => select,
    };
    let same_label = others(Entity::find().filter(Column::Label.eq(&judged.label)));
    if same_label.one(connection).await?.is_some() {
        return Err(Error::invalid("label", format!("There is a range {} already", judged.label)));
    }
    let (first, last) = judged.block.bounds();
    let sharing = Entity::find().filter(Column::First.lte(last.to_vec())).filter(Column::Last.gte(first.to_vec()));
    if let Some(other) = others(sharing).order_by_asc(Column::First).one(connection).await? {
        let words = format!("It shares addresses with {} ({}); ranges do not overlap", other.label, other.block);
        return Err(Error::invalid("block", words));
    }
    if let Some(backend) = judged.backend {
        let known = dns_backends::names(connection).await?;
        if !known.iter().any(|name| name.id.uuid() == backend) {
            return Err(Error::invalid("backend", "There is no such DNS back end; choose one of the list"));
        }
    }
    Ok(judged)
}

/// What needs no other range.
fn read(input: &RangeInput) -> Result<Judged> {
    let block = Cidr::parse(input.block.trim()).map_err(|error| Error::invalid("block", error.to_string()))?;
    let site = match input.site.trim() {
        "" => String::new(),
        site => label("site", site)?,
    };
    let template = match input.template.trim() {
        "" => None,
        text => Some(PtrTemplate::parse(text, &block).map_err(|error| Error::invalid("template", error.to_string()))?),
    };
    let backend = match input.backend.trim() {
        "" => None,
        text => {
            let id: DnsBackendId =
                text.parse().map_err(|_| Error::invalid("backend", "Choose a DNS back end of the list"))?;
            Some(id.uuid())
        }
    };
    Ok(Judged {
        label: label("label", &input.label)?,
        zone: zone_of(&input.zone, &block)?,
        block,
        site,
        template,
        ttl: ttl_of(&input.ttl)?,
        backend,
    })
}

/// The zone, when every address of the block belongs into it: that is so when the first and the last do.
fn zone_of(typed: &str, block: &Cidr) -> Result<ZoneName> {
    if typed.trim().is_empty() {
        return Ok(plain_zone(block));
    }
    let invalid = |error: &dyn std::fmt::Display| Error::invalid("zone", error.to_string());
    let zone = ZoneName::parse(typed).map_err(|error| invalid(&error))?;
    for address in [block.first(), block.last()] {
        owner_in(&zone, address).map_err(|error| invalid(&error))?;
    }
    Ok(zone)
}

fn ttl_of(typed: &str) -> Result<u32> {
    if typed.trim().is_empty() {
        return Ok(Range::TTL);
    }
    let ttl = typed.trim().parse().ok().filter(|ttl| Range::TTLS.contains(ttl));
    ttl.ok_or_else(|| Error::invalid("ttl", "Enter seconds between 60 and 604800 (a week), usually 3600"))
}

impl Judged {
    /// As it is stored.
    pub(super) fn row(self, id: Uuid, created_at: Timestamp) -> Model {
        let (first, last) = self.block.bounds();
        Model {
            id,
            label: self.label,
            block: self.block.to_string(),
            first: first.to_vec(),
            last: last.to_vec(),
            site: self.site,
            template: self.template.map(|template| template.as_str().to_owned()),
            zone: self.zone.to_string(),
            ttl: i32::try_from(self.ttl).unwrap_or(i32::MAX),
            backend_id: self.backend,
            created_at: created_at.0,
        }
    }

    /// Each field before and after, for the audit trail.
    pub(super) fn fields(&self, before: Option<&Model>, backends: &[BackendName]) -> Vec<FieldChange> {
        let backend = |id: Option<Uuid>| {
            let name = backends.iter().find(|name| Some(name.id.uuid()) == id);
            name.map(|name| name.label.clone())
        };
        let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        vec![
            field("label", before.map(|row| &row.label), Some(&self.label)),
            field("block", before.map(|row| &row.block), Some(&self.block)),
            field("site", before.and_then(|row| filled(&row.site)), filled(&self.site)),
            field("template", before.and_then(|row| row.template.as_ref()), self.template.as_ref()),
            field("zone", before.map(|row| &row.zone), Some(&self.zone)),
            field("ttl", before.map(|row| row.ttl), Some(self.ttl)),
            field("backend", before.and_then(|row| backend(row.backend_id)), backend(self.backend)),
        ]
    }
}
