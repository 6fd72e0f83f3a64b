//! A DNS record to publish: type, name and value to copy, the line for a zone file; beside it what was found, when, who
//! was asked, and how long the answer may be kept.

use crate::components::{copy::CopyButton, time::Time};
use leptos::prelude::*;
use relay_types::dns_record::{DnsRecord, Found};

/// Shows `record`. A long TXT value is also split into strings of 255 octets, as zone files want it.
#[component]
pub fn Record(record: DnsRecord) -> impl IntoView {
    let zone = record.zone_line();
    let DnsRecord { name, kind, value, found, right } = record;
    view! {
        <div class="record">
            <Line label="Type" text=kind/>
            <Line label="Name" text=name copy=true/>
            <Line label="Value" text=value copy=true/>
            <Looked found right/>
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
fn Looked(found: Option<Found>, right: bool) -> impl IntoView {
    let Some(Found { values, ttl, resolvers, asked_at }) = found else {
        return view! { <Beside label="Found">"DNS was not asked yet"</Beside> }.into_any();
    };
    let absent = values.is_empty();
    let outcome = if right {
        view! { <span class="status good">"as it should be"</span> }.into_any()
    } else if absent {
        view! { <span class="status warn">"nothing at this name"</span> }.into_any()
    } else {
        view! { <code class="differs">{values.join("\n")}</code> }.into_any()
    };
    let kept = ttl.map(|ttl| if absent { format!("absence is kept {ttl} s") } else { format!("TTL {ttl} s") });
    let details = [of(&resolvers), kept].into_iter().flatten().map(|detail| format!(" · {detail}")).collect::<String>();
    view! {
        <Beside label="Found">{outcome}</Beside>
        <Beside label="Asked">
            <small>
                <Time at=asked_at/>
                {details}
            </small>
        </Beside>
    }
    .into_any()
}

#[component]
fn Beside(label: &'static str, children: Children) -> impl IntoView {
    view! {
        <div class="line">
            <span>{label}</span>
            {children()}
        </div>
    }
}

/// Who was asked. Which of several answered is not known.
fn of(servers: &[String]) -> Option<String> {
    match servers {
        [] => None,
        [one] => Some(format!("asked {one}")),
        [several @ .., last] => Some(format!("asked {} or {last}", several.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_servers_that_may_have_answered_are_named() {
        let of = |names: &[&str]| of(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&[]), None);
        assert_eq!(of(&["192.0.2.1"]).as_deref(), Some("asked 192.0.2.1"));
        let several = of(&["192.0.2.1", "192.0.2.2", "[2001:db8::1]:5353"]);
        assert_eq!(several.as_deref(), Some("asked 192.0.2.1, 192.0.2.2 or [2001:db8::1]:5353"));
    }
}
