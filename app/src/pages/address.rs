//! `/p/:slug/addresses/:id`: one address: its names as DNS has them, what can be asked for it, and all that was changed.
//! Its parts serve the desk's page too.

use crate::{
    api::addresses::{CheckAddress, LoadAddress},
    components::{copy::CopyButton, prelude::*, status::fcrdns_state},
    pages::{
        activity::History,
        ticket::standing::{Change, Found, said},
    },
    strings::places,
};
use leptos::prelude::*;
use relay_types::{address::AddressDetail, change::Topic};

/// One address of a project.
#[component]
pub fn Address() -> impl IntoView {
    let (slug, id) = (use_slug(), use_param("id"));
    let done = use_done_at(id);
    let data = read_again(done, move || LoadAddress { slug: slug.get(), id: id.get() });
    use_live(&[Topic::Names], move || data.refetch());
    view! {
        <Load resource=data let:detail>
            <Page slug=slug.get_untracked() detail/>
        </Load>
    }
}

#[component]
fn Page(slug: String, detail: AddressDetail) -> impl IntoView {
    let base = format!("/p/{slug}");
    let title = detail.address.address.clone();
    let (manage, one) = (use_abilities().manage, !detail.address.prefix);
    let asks = manage && detail.address.ticket.is_none();
    let ask = |kind: &str| format!("{base}/tickets?new={kind}&address={}", crate::next::encode(&title));
    let ask_for = (asks && one).then(|| ask("set-ptr"));
    let remove = (asks && detail.address.wanted.is_some()).then(|| ask("remove-ptr"));
    let id = detail.address.id.to_string();
    let look = (manage && one).then_some((slug.clone(), id));
    let crumb = (format!("{base}/addresses"), places::ADDRESSES);
    view! {
        <PageHeader title=title.clone() crumb status=state(&detail.address)>
            {look.map(|(slug, id)| view! { <LookNow slug id/> })}
            {remove.map(|href| view! { <a class="button" href=href>"Remove the name"</a> })}
            {ask_for.map(|href| view! { <a class="button primary" href=href>"Ask for a name"</a> })}
        </PageHeader>
        <Body base detail/>
    }
}

/// Whether name and address agree; a prefix has no name.
pub fn state(address: &relay_types::address::Address) -> (Tone, &'static str) {
    match address.fcrdns {
        _ if address.prefix => (Tone::Unknown, "Prefix"),
        Some(result) => fcrdns_state(result),
        None => (Tone::Unknown, "Not asked yet"),
    }
}

/// Asks DNS now.
#[component]
fn LookNow(slug: String, id: String) -> impl IntoView {
    let form = use_form::<CheckAddress>();
    view! {
        <PostForm form inline=true>
            <Hidden name="slug" value=slug/>
            <HiddenId id/>
            <Submit kind="">"Look now"</Submit>
        </PostForm>
    }
}

/// Everything below the title. `base` is where tickets are: the project, or `/admin`.
#[component]
pub fn Body(base: String, detail: AddressDetail) -> impl IntoView {
    let AddressDetail { address, note, ptr, forward, forward_record, changes, history } = detail;
    let ticket = address.ticket.map(|number| (format!("{base}/tickets/{number}"), format!("T-{number}")));
    let losing = address.loses_name_at;
    view! {
        {losing
            .map(|at| {
                view! {
                    <Notice tone=Tone::Warn title="The name does not point to this address any more.">
                        "It is taken from the address " <Time at/> ", unless the record is published again."
                    </Notice>
                }
            })}
        {forward_record
            .map(|record| {
                view! {
                    <div class="record">
                        <div class="line">
                            <span>"Publish"</span>
                            <code>{record.clone()}</code>
                            <CopyButton text=record what="record"/>
                        </div>
                    </div>
                }
            })}
        <div class="cols">
            <div class="stack">
                <Card title="What DNS says">
                    {if address.prefix {
                        view! { <p>"Names are asked for single addresses of it."</p> }.into_any()
                    } else if ptr.is_none() && forward.is_none() {
                        view! { <p class="soft">"DNS was not asked yet."</p> }.into_any()
                    } else {
                        view! {
                            <div class="record">
                                {ptr
                                    .map(|ptr| {
                                        view! {
                                            <div class="line">
                                                <span>"PTR"</span>
                                                <span>
                                                    <code>{said(&ptr.servers)}</code>
                                                    " "
                                                    <small>{ptr.owner} " · " <Time at=ptr.asked_at/></small>
                                                </span>
                                            </div>
                                        }
                                    })}
                                {forward
                                    .map(|found| {
                                        view! {
                                            <div class="line">
                                                <span>"Forward"</span>
                                                <span>
                                                    <Found found/>
                                                </span>
                                            </div>
                                        }
                                    })}
                            </div>
                        }
                            .into_any()
                    }}
                </Card>
                {changes.into_iter().map(|change| view! { <Change change/> }).views()}
                <History base=base.clone() history/>
            </div>
            <Card title="Address">
                <Facts>
                    {address.project.map(|project| view! { <Fact term="Project">{project.name}</Fact> })}
                    <Fact term="Range">{address.range.label}</Fact>
                    {(!address.range.site.is_empty()).then(|| view! { <Fact term="Site">{address.range.site}</Fact> })}
                    <Fact term="Zone" mono=true>{address.range.zone}</Fact>
                    {(!address.prefix)
                        .then(|| {
                            view! {
                                <Fact term="Wanted" mono=true>{address.wanted.unwrap_or_else(|| "the default".to_owned())}</Fact>
                                <Fact term="Default" mono=true>{address.default.unwrap_or_else(|| "no PTR record".to_owned())}</Fact>
                            }
                        })}
                    {(!note.is_empty()).then(|| view! { <Fact term="For">{note}</Fact> })}
                    {address.egress.then(|| view! { <Fact term="Egress">"The relay sends from it"</Fact> })}
                    {ticket.map(|(href, text)| view! { <Fact term="Ticket"><a href=href>{text}</a></Fact> })}
                    {address.checked_at.map(|at| view! { <Fact term="Looked at"><Time at/></Fact> })}
                </Facts>
            </Card>
        </div>
    }
}
