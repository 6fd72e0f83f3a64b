//! `/admin/egress/:id`: one address the relay sends from, what was found of it, and whether it is ready.

use crate::{
    api::egress::{CheckEgress, LoadEgress, OverrideReady, ReadyByFindings, RemoveEgress, SetEhlo},
    components::{
        prelude::*,
        report::{Answers, Findings, LastDays},
        status::readiness,
    },
    strings::{ADDRESS, places},
};
use leptos::prelude::*;
use relay_types::{
    egress::{Egress, EgressDetail},
    finding::Report,
};
use std::time::Duration;

/// A check takes some seconds.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// One egress address.
#[component]
pub fn AdminEgress() -> impl IntoView {
    let id = use_param("id");
    let done = use_done_at(id);
    let data = read_again(done, move || LoadEgress { id: id.get() });
    let reload = Callback::new(move |()| data.refetch());
    view! {
        <Load resource=data let:detail>
            <Page detail reload/>
        </Load>
    }
}

/// In the browser: the page is read again as long as a check goes on.
fn follow(checking: bool, reload: Callback<()>) {
    Effect::new(move || {
        if checking {
            let later = set_timeout_with_handle(move || reload.run(()), LOOK_AGAIN);
            on_cleanup(move || {
                if let Ok(later) = later {
                    later.clear();
                }
            });
        }
    });
}

#[component]
fn Page(detail: EgressDetail, reload: Callback<()>) -> impl IntoView {
    let EgressDetail { egress, report, history } = detail;
    follow(egress.checking, reload);
    let bad = report.as_ref().map_or(0, Report::to_mend);
    let answers = report.as_ref().map(|report| report.answers.clone()).unwrap_or_default();
    let (checked, state, id) = (egress.checked_at, readiness(&egress), egress.id.to_string());
    let shown = history.clone();
    view! {
        <PageHeader title=egress.address.to_string() crumb=("/admin/egress", places::EGRESS) status=state to_mend=bad>
            {checked.map(|at| view! { <small>"checked " <Time at/></small> })}
            <Check id/>
        </PageHeader>
        {egress
            .checking
            .then(|| {
                let here = format!("/admin/egress/{}", egress.id);
                view! {
                    <Notice tone=Tone::Info title=words::WAITS_TITLE link=(here, "Look again")>
                        {words::WAITS}
                    </Notice>
                }
            })}
        <div class="cols">
            <div class="stack">
                {report.map(|report| view! { <Findings report histories=shown/> })}
                <Answers answers/>
            </div>
            <div class="stack">
                <Readiness egress=egress.clone()/>
                <LastDays histories=history/>
                <Actions egress/>
            </div>
        </div>
    }
}

#[component]
fn Check(id: String) -> impl IntoView {
    let form = use_form::<CheckEgress>();
    let pending = form.pending;
    view! {
        <PostForm form inline=true>
            <HiddenId id/>
            <Submit>{move || if pending.get() { "Asking" } else { "Check now" }}</Submit>
        </PostForm>
    }
}

/// Whether mail may be expected to arrive from it, and the operator's word on it.
#[component]
fn Readiness(egress: Egress) -> impl IntoView {
    let form = use_form::<OverrideReady>();
    let back = use_form::<ReadyByFindings>();
    let state = readiness(&egress);
    let (id, ready) = (StoredValue::new(egress.id.to_string()), egress.is_ready());
    view! {
        <Card title="Readiness">
            <p>
                <Status state/>
            </p>
            {match egress.override_reason {
                Some(reason) => {
                    view! {
                        <p>{words::OVERRIDDEN} " " {reason}</p>
                        <PostForm form=back inline=true>
                            <HiddenId id=id.get_value()/>
                            <Submit kind="">"Go by the findings again"</Submit>
                        </PostForm>
                    }
                        .into_any()
                }
                None => {
                    view! {
                        <p class="soft">{if ready { words::READY } else { words::NOT_READY }}</p>
                        {(!ready)
                            .then(|| {
                                view! {
                                    <Dialog
                                        id="override"
                                        button="Call it ready"
                                        title="Call this address ready"
                                        open=form.failed_reply()
                                    >
                                        <p>{words::OVERRIDE}</p>
                                        <PostForm form>
                                            <HiddenId id=id.get_value()/>
                                            <TextField
                                                name="reason"
                                                label="Reason"
                                                hint="One line; it stands on this page."
                                            />
                                            <Submit>"Call it ready"</Submit>
                                        </PostForm>
                                    </Dialog>
                                }
                            })}
                    }
                        .into_any()
                }
            }}
        </Card>
    }
}

#[component]
fn Actions(egress: Egress) -> impl IntoView {
    let edit = use_form::<SetEhlo>();
    let remove = use_form::<RemoveEgress>();
    let (id, ehlo) = (StoredValue::new(egress.id.to_string()), StoredValue::new(egress.ehlo.to_string()));
    let address = egress.address.to_string();
    view! {
        <Card title="What can be done">
            <PostForm form=edit>
                <HiddenId id=id.get_value()/>
                <TextField
                    name="ehlo"
                    label="EHLO name"
                    hint="Empty: the host name of the relay."
                    value=ehlo.get_value()
                    required=false
                    mono=true
                />
                <Submit kind="">"Save"</Submit>
            </PostForm>
            <Danger
                form=remove
                id="remove-egress"
                button="Remove address"
                consequence=words::REMOVE
                name=address
                what=ADDRESS
            >
                <HiddenId id=id.get_value()/>
            </Danger>
        </Card>
    }
}

mod words {
    pub const WAITS_TITLE: &str = "It is being checked.";
    pub const WAITS: &str = "Names, blocklists and port 25 are asked; the answers stand here in a moment.";
    pub const READY: &str = "Nothing certain speaks against mail from this address.";
    pub const NOT_READY: &str = "Mail from this address is refused or hidden by many. No project goes live while it is so, unless \
        an operator calls the address ready.";
    pub const OVERRIDDEN: &str = "An operator called it ready:";
    pub const OVERRIDE: &str = "Findings stay on the page and are checked as before; they no longer stand in the way of going \
        live. Say why, for those who come after you.";
    pub const REMOVE: &str =
        "Domains are no longer judged by it, and nobody checks it. Mail that leaves from it goes on.";
}
