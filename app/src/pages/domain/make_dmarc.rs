//! A DMARC record made to measure: a form whose wishes stand in the URL, and the record that says so.

use crate::components::{
    dns_record::Record,
    filters::{Choose, Filters},
    query::query,
    views::Views,
};
use leptos::prelude::*;
use relay_types::{
    EmailAddress,
    dmarc::{Request, Wish, generate},
    dns_record::DnsRecord,
};

/// The parameters of the form.
const OWN: &[&str] = &["dmarc", "below", "alignment", "trial", "reports"];

/// The form, and below it the record for `domain`. Open once something was wished.
#[component]
pub fn MakeDmarc(domain: String) -> impl IntoView {
    let begun = untrack(query).text("dmarc").is_some();
    let typed = untrack(query).text("reports").unwrap_or_else(|| format!("postmaster@{domain}"));
    view! {
        <details class="card maker" id="make-dmarc" open=begun>
            <summary>{words::TITLE}</summary>
            <div class="pad">
                <p>{words::INTRODUCTION}</p>
                <Filters own=OWN>
                    <Choose name="dmarc" label="Mail that fails" options=requests(None)/>
                    <Choose name="below" label="Below the domain" options=requests(Some(words::SAME))/>
                    <Choose name="alignment" label="Alignment" options=pairs(&words::ALIGNMENTS)/>
                    <Choose name="trial" label="Trial" options=pairs(&words::TRIALS)/>
                    <label class="choose">
                        <span>"Reports to"</span>
                        <input name="reports" type="text" value=typed autocomplete="off"/>
                    </label>
                </Filters>
                {move || made(&domain)}
            </div>
        </details>
    }
}

/// The record of the wishes in the URL.
fn made(domain: &str) -> AnyView {
    let query = query();
    let Some(policy) = query.text("dmarc").as_deref().and_then(Request::parse) else { return ().into_any() };
    let (reports, wrong): (Vec<_>, Vec<_>) = query
        .text("reports")
        .unwrap_or_default()
        .split([',', ' '])
        .filter(|typed| !typed.is_empty())
        .map(|typed| EmailAddress::parse(typed).map(|address| address.to_string()).map_err(|_| typed.to_owned()))
        .partition(Result::is_ok);
    let strict = query.text("alignment").as_deref() == Some("strict");
    let wish = Wish {
        policy,
        subdomains: query.text("below").as_deref().and_then(Request::parse),
        reports: reports.into_iter().flatten().collect(),
        testing: query.text("trial").is_some(),
        strict_dkim: strict,
        strict_spf: strict,
    };
    let record = DnsRecord {
        name: format!("_dmarc.{domain}"),
        kind: "TXT".to_owned(),
        value: generate(&wish),
        found: None,
        right: false,
    };
    view! {
        {wrong
            .into_iter()
            .filter_map(Result::err)
            .map(|typed| view! { <p class="error">{format!("{typed} is no address; it was left out.")}</p> })
            .views()}
        <Record record/>
        <p class="soft">{words::advice(policy)}</p>
    }
    .into_any()
}

fn requests(none: Option<&'static str>) -> Vec<(String, String)> {
    let none = none.map(|words| (String::new(), words.to_owned()));
    let all = Request::ALL.into_iter().map(|request| (request.as_str().to_owned(), words::request(request).to_owned()));
    none.into_iter().chain(all).collect()
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(value, text)| ((*value).to_owned(), (*text).to_owned())).collect()
}

mod words {
    use relay_types::dmarc::Request;

    pub const TITLE: &str = "Make a DMARC record";
    pub const INTRODUCTION: &str = "The record tells receivers what to do with mail that uses the domain's name and fails. \
        Begin with reports alone, and ask for more when they show that all of your own mail passes.";
    pub const SAME: &str = "the same";
    pub const ALIGNMENTS: [(&str, &str); 2] =
        [("", "the organisation's domains (relaxed)"), ("strict", "this very domain (strict)")];
    pub const TRIALS: [(&str, &str); 2] = [("", "no, it holds"), ("yes", "yes, receivers go one step less far")];

    pub fn request(request: Request) -> &'static str {
        match request {
            Request::None => "only report (none)",
            Request::Quarantine => "put with the spam (quarantine)",
            Request::Reject => "refuse (reject)",
        }
    }

    pub fn advice(policy: Request) -> &'static str {
        match policy {
            Request::None => "Forged mail is delivered as before; the reports tell who sends in the domain's name.",
            Request::Quarantine => {
                "Forged mail goes with the spam, and so does your own when neither SPF nor DKIM is aligned."
            }
            Request::Reject => "Forged mail is refused, and so is your own when neither SPF nor DKIM is aligned.",
        }
    }
}
