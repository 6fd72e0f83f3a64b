//! `/admin/listeners`: where programs connect, with live state.

use crate::{
    api::listeners::{ListenersPage, LoadListeners},
    components::{prelude::*, time::now},
    strings::places,
};
use leptos::prelude::*;
use relay_types::{
    change::Topic,
    listener::{ListenerStatus, ListenerTls},
};
use std::time::Duration;

/// A certificate that ends sooner asks for a look.
const SOON: Duration = Duration::from_secs(14 * 86_400);

/// Listeners.
#[component]
pub fn AdminListeners() -> impl IntoView {
    let data = read(|| LoadListeners {});
    use_live(&[Topic::Listeners, Topic::Nodes], move || data.refetch());
    view! {
        <Load resource=data let:page>
            <Page page/>
        </Load>
    }
}

#[component]
fn Page(page: ListenersPage) -> impl IntoView {
    let ListenersPage { listeners, legacy } = page;
    let trial = listeners.iter().any(|listener| listener.self_signed);
    let ended = listeners.iter().any(|listener| listener.certificate_ends_at.is_some_and(|at| at <= now()));
    view! {
        <PageHeader title=places::LISTENERS/>
        {ended.then(|| view! { <Notice tone=Tone::Bad title=words::ENDED_TITLE>{words::ENDED}</Notice> })}
        {trial.then(|| view! { <Notice tone=Tone::Warn title=words::TRIAL_TITLE>{words::TRIAL}</Notice> })}
        <LegacyWarnings warnings=legacy/>
        {if listeners.is_empty() {
            view! { <EmptyState title=words::EMPTY_TITLE text=words::EMPTY/> }.into_any()
        } else {
            view! { <List listeners/> }.into_any()
        }}
        <Card title="Changing listeners">
            <p>{words::RELOAD} " " <code>"kill -HUP"</code> " " {words::RELOAD_MORE}</p>
            <p>{words::RESTART}</p>
        </Card>
    }
}

/// For as long as a listener takes secrets in clear, the pages that show how the platform is set up say so.
#[component]
pub fn LegacyWarnings(
    /// One for each such listener, on whichever node, naming it and its networks.
    warnings: Vec<String>,
) -> impl IntoView {
    warnings
        .into_iter()
        .map(|warning| view! { <Notice tone=Tone::Warn title=format!("{warning}.")>{words::LEGACY}</Notice> })
        .views()
}

#[component]
fn List(listeners: Vec<ListenerStatus>) -> impl IntoView {
    let columns = vec![
        Column::new("Listener"),
        Column::new("TLS"),
        Column::new("Who may send"),
        Column::new("Certificate ends"),
        Column::new("Sessions").right(),
        Column::new("Accepted").right(),
        Column::new("Refused").right(),
    ];
    view! {
        <Table label="Listeners" columns>
            {listeners.into_iter().map(|listener| view! { <Row listener/> }).views()}
        </Table>
    }
}

#[component]
fn Row(listener: ListenerStatus) -> impl IntoView {
    let total = format!("{} since start", text::number(listener.sessions_total));
    let certificate = (listener.certificate_ends_at, listener.self_signed);
    view! {
        <tr>
            <Cell label="Listener">
                <b>{listener.name}</b>
                <small class="mono">{listener.address}</small>
                <small>"greets as " {listener.hostname}</small>
                {listener
                    .last_error
                    .map(|error| {
                        view! {
                            <small>
                                <Dot tone=Tone::Bad/>
                                " "
                                {error}
                            </small>
                        }
                    })}
            </Cell>
            <Cell label="TLS">
                <Status state=tls(listener.tls)/>
            </Cell>
            <Cell label="Who may send">{listener.auth.words()}</Cell>
            <Cell label="Certificate">
                <Certificate certificate/>
            </Cell>
            <Cell label="Sessions" right=true>
                {text::number(listener.sessions)}
                <small>{total}</small>
            </Cell>
            <Cell label="Accepted" right=true>
                {text::number(listener.accepted_total)}
                <small>"since start"</small>
            </Cell>
            <Cell label="Refused" right=true>
                {text::number(listener.refused_total)}
                <small>"since start"</small>
            </Cell>
        </tr>
    }
    .into_any()
}

#[component]
fn Certificate(certificate: (Option<relay_types::Timestamp>, bool)) -> impl IntoView {
    let (Some(at), self_signed) = certificate else { return "none".into_any() };
    let tone = match at.since(now()) {
        Duration::ZERO => Some(Tone::Bad),
        left if left < SOON => Some(Tone::Warn),
        _ => None,
    };
    view! {
        {tone.map(|tone| view! { <Dot tone/> " " })}
        <Time at/>
        {self_signed.then(|| view! { <small>"made here, for trials"</small> })}
    }
    .into_any()
}

fn tls(mode: ListenerTls) -> (Tone, &'static str) {
    let tone = if mode == ListenerTls::None { Tone::Warn } else { Tone::Good };
    (tone, mode.words())
}

mod words {
    pub const EMPTY_TITLE: &str = "No listeners here";
    pub const EMPTY: &str = "A listener is an address and port where programs hand in mail. This node has none: it serves the \
        portal or delivers only.";
    pub const ENDED_TITLE: &str = "A certificate has ended.";
    pub const ENDED: &str =
        "Programs that check certificates cannot sign in there. Put the new files in place and reload.";
    pub const TRIAL_TITLE: &str = "Certificates made here are for trials.";
    pub const TRIAL: &str =
        "Programs cannot check them. Set certificate and key of each listener in the configuration file.";
    pub const LEGACY: &str = "Whoever can listen there can send as these programs. Move them to TLS, then take \
        plaintext_auth_from out of the configuration file.";
    pub const RELOAD: &str = "A renewed certificate is used within a minute, or at once on SIGHUP:";
    pub const RELOAD_MORE: &str = "with the id of the process, or systemctl reload. Sessions that are open keep theirs; a \
        file that cannot be read leaves the old certificate in use and is told here.";
    pub const RESTART: &str =
        "Addresses, TLS and who may send are in the configuration file, and hold from the next start.";
}
