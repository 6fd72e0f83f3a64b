//! `/admin/addresses/:id`: one address as the service desk sees it, whosever it is: what a change would write, what it is
//! for, whether the relay sends from it, and taking it from its project.

use crate::{
    api::{
        addresses::{CheckDeskAddress, LoadDeskAddress, MarkEgress, NoteAddress, ReleaseAddress},
        dns_backends::TryName,
    },
    components::prelude::*,
    pages::address::{Body, state},
    strings::ADDRESS,
};
use leptos::prelude::*;
use relay_types::{address::AddressDetail, change::Topic};

/// One address, for the desk.
#[component]
pub fn AdminAddress() -> impl IntoView {
    let id = use_param("id");
    let done = use_done_at(id);
    let data = read_again(done, move || LoadDeskAddress { id: id.get() });
    use_live(&[Topic::Names], move || data.refetch());
    view! {
        <Load resource=data let:detail>
            <Page detail/>
        </Load>
    }
}

#[component]
fn Page(detail: AddressDetail) -> impl IntoView {
    let operator = use_me().with_value(|me| me.operator);
    let address = detail.address.clone();
    let crumb = (format!("/admin/ranges/{}", address.range.id), address.range.label.clone());
    let title = address.address.clone();
    let shown = detail.clone();
    view! {
        <PageHeader title crumb status=state(&address)>
            {(!address.prefix).then(|| view! { <LookNow id=address.id.to_string()/> })}
            {operator.then(|| view! { <Actions detail=shown.clone()/> })}
        </PageHeader>
        <Body base="/admin".to_owned() detail=detail.clone()/>
        {(!detail.address.prefix)
            .then(|| {
                let name = detail.address.wanted.or(detail.address.default).unwrap_or_default();
                view! { <DryRun id=detail.address.id.to_string() name/> }
            })}
    }
}

/// Asks DNS now.
#[component]
fn LookNow(id: String) -> impl IntoView {
    let form = use_form::<CheckDeskAddress>();
    view! {
        <PostForm form inline=true>
            <HiddenId id/>
            <Submit kind="">"Look now"</Submit>
        </PostForm>
    }
}

#[component]
fn Actions(detail: AddressDetail) -> impl IntoView {
    let (note, egress, release) = (use_form::<NoteAddress>(), use_form::<MarkEgress>(), use_form::<ReleaseAddress>());
    let id = StoredValue::new(detail.address.id.to_string());
    let text = StoredValue::new(detail.note);
    let (value, button) =
        if detail.address.egress { ("no", "Not an egress address") } else { ("yes", "Mark as egress") };
    view! {
        <PostForm form=egress inline=true>
            <HiddenId id=id.get_value()/>
            <Hidden name="egress" value=value/>
            <Submit kind="">{button}</Submit>
        </PostForm>
        <Dialog id="note" button="Note" title="What it is for" open=note.failed_reply()>
            <PostForm form=note>
                <HiddenId id=id.get_value()/>
                <TextField name="note" label="What it is for" value=text.get_value() required=false/>
                <Submit>"Save"</Submit>
            </PostForm>
        </Dialog>
        <Danger
            form=release
            id="release"
            button="Release"
            consequence="It is no longer the project's. A name of its own must be removed first."
            name=detail.address.address
            what=ADDRESS
        >
            <HiddenId id=id.get_value()/>
        </Danger>
    }
}

/// The exact change that a name would make, without making it.
#[component]
pub fn DryRun(id: String, name: String) -> impl IntoView {
    let form = use_form::<TryName>();
    let output = form.output();
    view! {
        <Card title="Dry run">
            <p class="soft">"What would be written to give the address this name, from what its servers say now. Nothing is changed."</p>
            <PostForm form inline=true>
                <HiddenId id/>
                <TextField name="name" label="Name" hint="Empty to remove its names." value=name required=false mono=true/>
                <Submit kind="">"Show the change"</Submit>
            </PostForm>
            {move || output.get().map(|change| view! { <Code code=change what="Change"/> })}
        </Card>
    }
}
