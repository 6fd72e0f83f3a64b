//! Ready lines for programs, with this relay's host and ports, one client to open at a time.

use crate::components::{code_lines::Code, layout::use_me, notice::Notice, status::Tone, views::Views};
use leptos::prelude::*;
use relay_types::{
    EmailAddress,
    client_lines::{self, ClientLines, ClientTls, Login},
    service_account::ClientAccess,
};

/// Lines of every client for an account: STARTTLS in sight, implicit TLS to open, or the one that is there.
#[component]
pub fn AccountLines(
    /// Where programs connect.
    access: ClientAccess,
    /// SASL user name.
    username: String,
    /// The secret, or its placeholder.
    secret: String,
    /// The From.
    sender: Option<EmailAddress>,
) -> impl IntoView {
    let login = Login { username: &username, secret: &secret, sender: sender.as_ref() };
    let of = |tls| client_lines::for_account(&access, tls, login);
    let starttls = of(ClientTls::Starttls).zip(access.starttls_port);
    let implicit = of(ClientTls::Implicit).zip(access.implicit_port);
    let trial = access.self_signed && (starttls.is_some() || implicit.is_some());
    view! {
        {trial.then(|| view! { <Trial/> })}
        {sender.is_none().then(|| view! { <Placeholder/> })}
        {match (starttls, implicit) {
            (None, None) => view! { <NoListener what="service accounts"/> }.into_any(),
            (Some((lines, port)), None) => view! { <Group tls="STARTTLS" port lines/> }.into_any(),
            (None, Some((lines, port))) => view! { <Group tls="implicit TLS" port lines/> }.into_any(),
            (Some((lines, port)), Some((wrapped, wrapped_port))) => {
                view! {
                    <Group tls="STARTTLS" port lines/>
                    <details class="other-lines">
                        <summary>{format!("The same with implicit TLS on port {wrapped_port}")}</summary>
                        <Group tls="implicit TLS" port=wrapped_port lines=wrapped/>
                    </details>
                }
                    .into_any()
            }
        }}
    }
}

/// Lines for the machines of a trusted network.
#[component]
pub fn NetworkLines(
    /// Where they connect.
    access: ClientAccess,
) -> impl IntoView {
    match client_lines::for_network(&access, None).zip(access.network_port) {
        Some((lines, port)) => view! { <Placeholder/> <Group tls="no sign-in" port lines/> }.into_any(),
        None => view! { <NoListener what="trusted networks"/> }.into_any(),
    }
}

#[component]
fn Group(tls: &'static str, port: u16, lines: Vec<ClientLines>) -> impl IntoView {
    let name = format!("lines-{port}");
    view! {
        <p>{format!("Port {port}, {tls}.")}</p>
        <div class="code-blocks">
            {lines
                .into_iter()
                .enumerate()
                .map(|(i, lines)| view! { <Client name=name.clone() open=i == 0 port lines/> })
                .views()}
        </div>
    }
}

#[component]
fn Client(name: String, open: bool, port: u16, lines: ClientLines) -> impl IntoView {
    let ClientLines { client, files, note } = lines;
    view! {
        <details name=name open=open>
            <summary>{client}</summary>
            {files
                .into_iter()
                .map(|file| {
                    view! {
                        <p class="place mono">{file.place}</p>
                        <Code code=file.text what=format!("{client}, port {port}: {}", file.place)/>
                    }
                })
                .views()}
            {note.map(|note| view! { <p class="place">{note}</p> })}
        </details>
    }
    .into_any()
}

/// Said where the lines name a sender that is nobody's.
#[component]
fn Placeholder() -> impl IntoView {
    let place = client_lines::SENDER_PLACEHOLDER;
    view! {
        <Notice tone=Tone::Info title=format!("{place} stands for a sender of yours.")>
            "Put one of the project's verified senders in its place, or the relay refuses the message."
        </Notice>
    }
}

#[component]
fn Trial() -> impl IntoView {
    for_operator(
        Tone::Warn,
        "The relay's certificate was made for a trial.".to_owned(),
        "No program trusts it by itself, so these lines encrypt the connection without checking whom it reaches.",
        "Put in a real one",
    )
}

#[component]
fn NoListener(what: &'static str) -> impl IntoView {
    for_operator(
        Tone::Bad,
        format!("No listener serves {what} now."),
        "Programs cannot connect until the operator opens one.",
        "See the listeners",
    )
}

/// A notice that only the operator can mend; others get no link.
fn for_operator(tone: Tone, title: String, text: &'static str, link: &'static str) -> AnyView {
    if use_me().with_value(|me| me.operator) {
        let link = ("/admin/listeners", link);
        view! {
            <Notice tone title link>
                {text}
            </Notice>
        }
        .into_any()
    } else {
        view! {
            <Notice tone title>
                {text}
            </Notice>
        }
        .into_any()
    }
}
