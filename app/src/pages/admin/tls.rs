//! TLS with other mail servers, as the operator sees it: what is asked for, and how it went in the last days.

use crate::components::prelude::*;
use leptos::prelude::*;
use relay_types::tls::{TlsOverview, TlsSessions};

/// The card on the page of egress addresses.
#[component]
pub fn TlsCard(
    /// Rules and counts.
    tls: TlsOverview,
) -> impl IntoView {
    let TlsOverview { rule, rules, sessions } = tls;
    view! {
        <Card title="TLS with mail exchangers" note=words::DAYS flush=true>
            <div class="pad">
                <p>
                    {rule.words()} " (" <code>"delivery.tls"</code> "). " {words::POLICIES}
                </p>
                {(!rules.is_empty())
                    .then(|| {
                        view! {
                            <ul class="plain">
                                {rules
                                    .into_iter()
                                    .map(|(domain, rule)| {
                                        view! {
                                            <li>
                                                <span class="mono">{domain.to_string()}</span>
                                                ": "
                                                {rule.words()}
                                            </li>
                                        }
                                    })
                                    .views()}
                            </ul>
                        }
                    })}
                {sessions.is_empty().then(|| view! { <p>{words::NONE}</p> })}
            </div>
            {(!sessions.is_empty()).then(|| view! { <Sessions sessions/> })}
        </Card>
    }
}

#[component]
fn Sessions(sessions: Vec<TlsSessions>) -> impl IntoView {
    let columns = vec![
        Column::new("Domain"),
        Column::new("MTA-STS"),
        Column::new("As it should be").right(),
        Column::new("Failures"),
    ];
    view! {
        <Table label="TLS sessions by domain" columns>
            {sessions.into_iter().map(|one| view! { <Row one/> }).views()}
        </Table>
    }
}

#[component]
fn Row(one: TlsSessions) -> impl IntoView {
    let failures: Vec<_> =
        one.failures.iter().map(|(outcome, count)| format!("{} {}", text::number(*count), outcome.as_str())).collect();
    view! {
        <tr>
            <Cell label="Domain" mono=true>
                {one.domain.to_string()}
            </Cell>
            <Cell label="MTA-STS">
                {match one.policy {
                    Some((mode, until)) => view! { {mode.as_str()} <small>"until " <Time at=until/></small> }.into_any(),
                    None => "none".into_any(),
                }}
            </Cell>
            <Cell label="As it should be" right=true>
                {text::number(one.successes)}
            </Cell>
            <Cell label="Failures">
                {if failures.is_empty() {
                    "none".into_any()
                } else {
                    view! { <Dot tone=Tone::Warn/> " " {failures.join(", ")} }.into_any()
                }}
            </Cell>
        </tr>
    }
    .into_any()
}

mod words {
    pub const DAYS: &str = "last 7 days";
    pub const POLICIES: &str = "Where a domain's MTA-STS policy says enforce, TLS is always asked for and the certificate is \
        checked. Failures are called as in TLS reports (RFC 8460).";
    pub const NONE: &str = "No mail exchanger was spoken to.";
}
