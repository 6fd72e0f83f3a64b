//! The change of a DNS record: where, what is there, what to publish with the new part marked.

use crate::components::{copy::CopyButton, views::Views};
use leptos::prelude::*;
use relay_types::{dns_record::DnsRecord, finding::RecordChange};

/// One change. `about` names the finding for screen readers: a page has several.
#[component]
pub fn Change(change: RecordChange, about: String) -> impl IntoView {
    let RecordChange { name, kind, found, publish, added } = change;
    let zone = publish.as_ref().map(|value| zone_line(&name, &kind, value));
    let copied = name.clone();
    let of = move |what: &str| format!("{what} for {about}");
    let (copy_name, copy_value, copy_line) = (of("name"), of("value"), of("zone file line"));
    view! {
        <div class="record">
            <div class="line">
                <span>"Type"</span>
                <code>{kind}</code>
            </div>
            <div class="line">
                <span>"Name"</span>
                <code>{name}</code>
                <CopyButton text=copied what=copy_name/>
            </div>
            <div class="line">
                <span>"Found"</span>
                {if found.is_empty() {
                    view! { <span class="soft">"nothing"</span> }.into_any()
                } else {
                    view! { <code>{found.join("\n")}</code> }.into_any()
                }}
            </div>
            {match publish {
                None => {
                    view! {
                        <div class="line">
                            <span>"Publish"</span>
                            <span class="soft">"nothing: remove it"</span>
                        </div>
                    }
                        .into_any()
                }
                Some(value) => {
                    view! {
                        <div class="line">
                            <span>"Publish"</span>
                            <code>{marked(&value, added.as_deref())}</code>
                            <CopyButton text=value.clone() what=copy_value/>
                        </div>
                    }
                        .into_any()
                }
            }}
            {zone
                .map(|line| {
                    view! {
                        <details>
                            <summary>"As a line of a zone file"</summary>
                            <div class="line">
                                <span>"Zone file"</span>
                                <code>{line.clone()}</code>
                                <CopyButton text=line what=copy_line/>
                            </div>
                        </details>
                    }
                })}
        </div>
    }
    .into_any()
}

fn zone_line(name: &str, kind: &str, value: &str) -> String {
    let (name, kind, value) = (name.to_owned(), kind.to_owned(), value.to_owned());
    DnsRecord { name, kind, value, found: None, right: false }.zone_line()
}

/// `value` with what is new in it marked.
fn marked(value: &str, added: Option<&str>) -> AnyView {
    split(value, added)
        .into_iter()
        .map(|(text, new)| {
            let text = text.to_owned();
            if new { view! { <ins>{text}</ins> }.into_any() } else { text.into_any() }
        })
        .views()
        .into_any()
}

/// The pieces of `value`, and which of them is new.
fn split<'a>(value: &'a str, added: Option<&'a str>) -> Vec<(&'a str, bool)> {
    let Some((before, after)) = added.filter(|added| !added.is_empty()).and_then(|added| value.split_once(added))
    else {
        return vec![(value, false)];
    };
    let new = &value[before.len()..value.len() - after.len()];
    [(before, false), (new, true), (after, false)].into_iter().filter(|(text, _)| !text.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_new_part_is_marked() {
        for (value, added, pieces) in [
            ("v=spf1 ~all", None, vec![("v=spf1 ~all", false)]),
            ("v=spf1 ~all", Some(""), vec![("v=spf1 ~all", false)]),
            ("v=spf1 ~all", Some("mx"), vec![("v=spf1 ~all", false)]),
            ("v=spf1 mx ~all", Some("mx"), vec![("v=spf1 ", false), ("mx", true), (" ~all", false)]),
            ("mx", Some("mx"), vec![("mx", true)]),
        ] {
            assert_eq!(split(value, added), pieces, "{value} {added:?}");
        }
    }
}
