//! `/admin/ranges/:id`: one range: its addresses, giving them to projects by hand and from CSV.

use crate::{
    api::{
        addresses::AddressQuery,
        ranges::{AssignAddress, EditRange, ImportAddresses, LoadRange, RangePage, RemoveRange},
    },
    components::{field::Check, job::JobCard, pick_file::PickFile, prelude::*},
    pages::{
        addresses::{AddressRows, AddressTabs},
        admin::ranges::RangeFields,
    },
    strings::places,
    typed,
};
use leptos::prelude::*;
use relay_types::{
    change::Topic,
    dns_backend::DnsBackend,
    range::{Range, RangeInput},
};

/// One range.
#[component]
pub fn AdminRange() -> impl IntoView {
    let id = use_param("id");
    let done = use_done_at(id);
    let data = read_again(done, move || {
        let query = query();
        let job = query.text("job");
        LoadRange { id: id.get(), job, query: AddressQuery::read(|name| query.text(name)) }
    });
    use_live(&[Topic::Names], move || data.refetch());
    view! {
        <Load resource=data let:page>
            <Page page/>
        </Load>
    }
}

#[component]
fn Page(page: RangePage) -> impl IntoView {
    let RangePage { range, addresses, backends, job } = page;
    let operator = use_me().with_value(|me| me.operator);
    let template = range.template.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
    let backend = range.backend.as_ref().map_or_else(|| "nothing yet".to_owned(), |backend| backend.label.clone());
    let unwritten = range.backend.is_none();
    let csv = format!("/admin/ranges/{}/addresses.csv", range.id);
    let shown = (range.clone(), backends);
    view! {
        <PageHeader title=range.block.to_string() crumb=("/admin/ranges", places::RANGES)>
            <a class="button" href=csv download="" aria-label="Download the addresses as CSV">
                "CSV"
            </a>
            {operator.then(|| view! { <Actions range=shown.0.clone() backends=shown.1.clone()/> })}
        </PageHeader>
        {unwritten
            .then(|| {
                view! {
                    <Notice
                        tone=Tone::Warn
                        title="Nothing writes the zone of this range."
                        link=("/admin/dns-backends", "DNS back ends")
                    >
                        "Approved names wait until it has a DNS back end."
                    </Notice>
                }
            })}
        {job.map(|job| view! { <JobCard job/> })}
        <Card title=range.label>
            <Facts>
                {(!range.site.is_empty()).then(|| view! { <Fact term="Site">{range.site}</Fact> })}
                <Fact term="Default name" mono=true>{template}</Fact>
                <Fact term="Zone" mono=true>{range.zone.to_string()}</Fact>
                <Fact term="TTL">{format!("{} s", range.ttl)}</Fact>
                <Fact term="Written by">{backend}</Fact>
                <Fact term="Addresses">
                    {format!("{}, {} with a name of their own", text::number(range.addresses), text::number(range.named))}
                </Fact>
            </Facts>
        </Card>
        <AddressTabs/>
        <AddressRows base="/admin/addresses".to_owned() page=addresses whose=true/>
    }
}

#[component]
fn Actions(range: Range, backends: Vec<DnsBackend>) -> impl IntoView {
    let id = range.id.to_string();
    let (assign, import) = (use_form::<AssignAddress>(), use_form::<ImportAddresses>());
    let (edit, remove) = (use_form::<EditRange>(), use_form::<RemoveRange>());
    let input = RangeInput {
        label: range.label,
        block: range.block.to_string(),
        site: range.site,
        template: range.template.map(|template| template.to_string()).unwrap_or_default(),
        zone: range.zone.to_string(),
        ttl: range.ttl.to_string(),
        backend: range.backend.map(|backend| backend.id.to_string()).unwrap_or_default(),
    };
    let name = input.block.clone();
    let (id, input, backends) = (StoredValue::new(id), StoredValue::new(input), StoredValue::new(backends));
    view! {
        <Dialog id="assign" button="Assign" kind="primary" title="Give addresses to a project" open=assign.failed_reply()>
            <PostForm form=assign>
                <Hidden name="range" value=id.get_value()/>
                <TextField
                    name="block"
                    label="Address or prefix"
                    hint="Such as 86.50.168.120, or 2001:db8:1::/64 for all of a network."
                    mono=true
                    check=typed::check_cidr as Check
                />
                <TextField
                    name="project"
                    label="Project"
                    hint="Its place in URLs; empty for an address of no project."
                    required=false
                />
                <TextField name="note" label="What it is for" required=false/>
                <CheckField name="egress" label="The relay sends from it" hint="Only operators then decide about its name."/>
                <Submit>"Assign"</Submit>
            </PostForm>
        </Dialog>
        <Dialog id="import" button="Import CSV" title="Import addresses from CSV" open=import.failed_reply()>
            <p>{words::CSV}</p>
            <PostForm form=import>
                <Hidden name="range" value=id.get_value()/>
                <PickFile into="csv"/>
                <TextareaField name="csv" label="CSV" hint="address,project,note,egress" mono=true/>
                <Submit>"Import"</Submit>
            </PostForm>
        </Dialog>
        <Dialog id="edit-range" button="Edit" title="Edit the range" open=edit.failed_reply()>
            <PostForm form=edit>
                <HiddenId id=id.get_value()/>
                <RangeFields backends=backends.get_value() range=input.get_value()/>
                <Submit>"Save"</Submit>
            </PostForm>
        </Dialog>
        <Danger
            form=remove
            id="remove-range"
            button="Remove"
            consequence="The range leaves the inventory; there may be no address in it any more. DNS stays as it is."
            name
            what="Block"
        >
            <HiddenId id=id.get_value()/>
        </Danger>
    }
}

mod words {
    pub const CSV: &str = "One line an address or prefix, with its project's place in URLs, what it is for, and yes when the relay \
        sends from it. Lines that cannot be taken are listed with the reason; the others hold. Up to 1 MB at once.";
}
