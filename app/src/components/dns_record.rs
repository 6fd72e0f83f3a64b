//! A DNS record to publish: type, name and value to copy, the line for a zone file, and what was found.

use crate::components::copy::CopyButton;
use leptos::prelude::*;
use relay_types::dns_record::DnsRecord;

/// Shows `record`. A long TXT value is also split into strings of 255 octets, as zone files want it.
#[component]
pub fn Record(record: DnsRecord) -> impl IntoView {
    let zone = record.zone_line();
    let DnsRecord { name, kind, value, found } = record;
    view! {
        <div class="record">
            <Line label="Type" text=kind/>
            <Line label="Name" text=name copy=true/>
            <Line label="Value" text=value.clone() copy=true/>
            {found.map(|found| view! { <Found value found/> })}
            <details>
                <summary>"As a line of a zone file"</summary>
                <Line label="Zone file" text=zone copy=true/>
            </details>
        </div>
    }
}

#[component]
fn Line(label: &'static str, text: String, #[prop(optional)] copy: bool) -> impl IntoView {
    let what = label.to_lowercase();
    view! {
        <div class="line">
            <span>{label}</span>
            <code>{text.clone()}</code>
            {copy.then(|| view! { <CopyButton text what/> })}
        </div>
    }
}

#[component]
fn Found(value: String, found: Vec<String>) -> impl IntoView {
    let here = found.contains(&value);
    view! {
        <div class="line">
            <span>"Found"</span>
            {if here {
                view! { <span class="status good">"as it should be"</span> }.into_any()
            } else if found.is_empty() {
                view! { <span class="status warn">"nothing at this name"</span> }.into_any()
            } else {
                view! { <code class="differs">{found.join("\n")}</code> }.into_any()
            }}
        </div>
    }
}
