//! `/admin/ranges`: the blocks of addresses the organisation holds, how their names are written, and by what.

use crate::{
    api::ranges::{AddRange, LoadRanges, RangesPage},
    components::{field::Check, prelude::*},
    strings::places,
    typed,
};
use leptos::prelude::*;
use relay_types::{
    dns_backend::DnsBackend,
    range::{Range, RangeInput},
};

/// Ranges.
#[component]
pub fn AdminRanges() -> impl IntoView {
    let data = read_again(done, || LoadRanges {});
    view! {
        <Load resource=data let:page>
            <Page page/>
        </Load>
    }
}

#[component]
fn Page(page: RangesPage) -> impl IntoView {
    let RangesPage { ranges, backends } = page;
    let operator = use_me().with_value(|me| me.operator);
    let nothing_yet = ranges.is_empty();
    let backends = StoredValue::new(backends);
    view! {
        <PageHeader title=places::RANGES>
            {operator.then(|| view! { <Add backends=backends.get_value()/> })}
        </PageHeader>
        {if nothing_yet {
            view! { <EmptyState title=words::EMPTY_TITLE text=words::EMPTY/> }.into_any()
        } else {
            view! { <List ranges/> }.into_any()
        }}
    }
}

#[component]
fn List(ranges: Vec<Range>) -> impl IntoView {
    let columns = vec![
        Column::new("Range"),
        Column::new("Default name"),
        Column::new("Zone"),
        Column::new("Written by"),
        Column::new("Addresses").right(),
        Column::new("With a name").right(),
    ];
    view! {
        <Table label=places::RANGES columns>
            {ranges.into_iter().map(|range| view! { <Row range/> }).views()}
        </Table>
    }
}

#[component]
fn Row(range: Range) -> impl IntoView {
    let href = format!("/admin/ranges/{}", range.id);
    let template = range.template.map_or_else(|| "none".to_owned(), |template| template.to_string());
    let label = if range.site.is_empty() { range.label } else { format!("{} · {}", range.label, range.site) };
    view! {
        <tr>
            <Cell label="Range">
                <a class="row mono" href=href>
                    {range.block.to_string()}
                </a>
                <small>{label}</small>
            </Cell>
            <Cell label="Default name" mono=true>
                {template}
            </Cell>
            <Cell label="Zone" mono=true>
                {range.zone.to_string()}
            </Cell>
            <Cell label="Written by">
                {match range.backend {
                    Some(backend) => backend.label.into_any(),
                    None => view! { <Status state=(Tone::Warn, "Nothing yet")/> }.into_any(),
                }}
            </Cell>
            <Cell label="Addresses" right=true>
                {text::number(range.addresses)}
            </Cell>
            <Cell label="With a name" right=true>
                {text::number(range.named)}
            </Cell>
        </tr>
    }
    .into_any()
}

#[component]
fn Add(backends: Vec<DnsBackend>) -> impl IntoView {
    let form = use_form::<AddRange>();
    let backends = StoredValue::new(backends);
    view! {
        <Dialog id="add-range" button="Add range" kind="primary" title="Add a range" open=form.failed_reply()>
            <PostForm form>
                <RangeFields backends=backends.get_value()/>
                <Submit>"Add range"</Submit>
            </PostForm>
        </Dialog>
    }
}

/// The inputs of a range, filled in with what it is.
#[component]
pub fn RangeFields(backends: Vec<DnsBackend>, #[prop(optional)] range: RangeInput) -> impl IntoView {
    let RangeInput { label, block, site, template, zone, ttl, backend } = range;
    let backends = backends.into_iter().map(|one| (one.id.to_string(), one.label));
    let options = std::iter::once((String::new(), "nothing yet".to_owned())).chain(backends).collect();
    view! {
        <TextField name="label" label="Label" value=label/>
        <TextField
            name="block"
            label="Block"
            hint="Such as 86.50.168.0/24 or 2001:db8::/48."
            value=block
            mono=true
            check=typed::check_cidr as Check
        />
        <TextField name="site" label="Site" value=site required=false/>
        <TextField
            name="template"
            label="Default name"
            hint="{a} to {d} are the octets of IPv4, {hex} or {groups} an IPv6 address: vm{d}.kaj.example.fi. Empty for no PTR record."
            value=template
            required=false
            mono=true
        />
        <TextField
            name="zone"
            label="Reverse zone"
            hint="Empty for the usual one; name a classless zone (RFC 2317) in full."
            value=zone
            required=false
            mono=true
        />
        <TextField name="ttl" label="TTL in seconds" hint="Empty for 3600." value=ttl required=false/>
        <SelectField name="backend" label="Written by" options value=backend/>
    }
}

mod words {
    pub const EMPTY_TITLE: &str = "No range yet";
    pub const EMPTY: &str = "A range is a block of addresses that the organisation holds, with the pattern of its default names, \
        its reverse zone, and what writes it. Addresses and prefixes in it are given to projects, which can then ask for names.";
}
