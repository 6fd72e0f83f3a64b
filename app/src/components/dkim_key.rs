//! A DKIM key with its record: on the page of a domain and of the platform's default domain.

use crate::components::{
    dns_record::Record,
    status::{Status, dkim_key_state},
    time::Time,
};
use leptos::prelude::*;
use relay_types::domain::{DkimAlgorithm, DkimKey};

/// One key.
#[component]
pub fn Key(
    /// The key.
    key_: DkimKey,
) -> impl IntoView {
    let name = match key_.algorithm {
        DkimAlgorithm::RsaSha256 => "RSA, 2048 bits",
        DkimAlgorithm::Ed25519Sha256 => "Ed25519",
    };
    view! {
        <section class="part">
            <header class="between">
                <h3>{name} " " <small class="mono">{key_.selector}</small></h3>
                <Status state=dkim_key_state(key_.state)/>
            </header>
            <Record record=key_.record/>
            {key_
                .alias
                .map(|record| {
                    view! {
                        <details>
                            <summary>"Or a CNAME, so that the relay changes this key alone"</summary>
                            <p>{ALIAS}</p>
                            <Record record/>
                        </details>
                    }
                })}
            {key_.retires_at.map(|at| view! { <small>"Another key signs now. Leave this record until " <Time at/></small> })}
            {key_.seen_at.map(|at| view! { <small>"Last seen in DNS " <Time at/></small> })}
        </section>
    }
}

const ALIAS: &str = "It stands in place of the TXT record and points to a name of the relay, which then publishes each new key \
    itself.";
