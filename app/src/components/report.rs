//! A report of DNS health, of a domain or of an egress address: the worst findings as cards, everything else as a list
//! that opens, and what DNS said.
//!
//! Each finding has the anchor `check-CHECK`. It stands inside what opens, so that a link to it opens it.

mod answers;
mod change;
mod last_days;
mod predictions;
mod spf_tree;

pub use answers::Answers;
pub use last_days::LastDays;
pub use predictions::Predictions;

use crate::components::{
    card::{Card, Items},
    status::{Dot, severity},
    text,
    time::{Time, now},
    views::Views,
};
use answers::anchor;
use change::Change;
use last_days::Sparkline;
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use relay_types::{
    Timestamp,
    finding::{Finding, History, Link, LookedUp, Report, Subject},
    spf::SpfEvaluation,
};
use spf_tree::Evaluations;
use std::cmp::Reverse;

/// The findings of `report`: those of the worst severity as cards when they are to be mended, then all others.
#[component]
pub fn Findings(
    /// Findings, evaluations, and the answers they rest on.
    report: Report,
    /// How its checks came out lately.
    histories: Vec<History>,
) -> impl IntoView {
    reveal();
    let worst = report.worst();
    let (cards, rest): (Vec<_>, Vec<_>) =
        parts(report, &histories).into_iter().partition(|part| worst.is_bad() && part.finding.severity == worst);
    let title = if cards.is_empty() { words::ALL } else { words::REST };
    let note = text::count(rest.len() as u64, "check", "checks");
    view! {
        {cards.into_iter().map(|part| view! { <Worst part/> }).views()}
        {(!rest.is_empty())
            .then(|| {
                view! {
                    <Card title note flush=true>
                        <Items>{rest.into_iter().map(|part| view! { <Row part/> }).views()}</Items>
                    </Card>
                }
            })}
    }
}

/// A finding with what else the report has of it.
struct Part {
    finding: Finding,
    /// Until when others may keep the answer it rests on, and whether that is an absence.
    kept: Option<(Timestamp, bool)>,
    evaluations: Vec<SpfEvaluation>,
    history: Option<History>,
}

/// The worst first; those as bad as each other in the order of the report. How SPF was evaluated stands at the first of its
/// findings.
fn parts(report: Report, histories: &[History]) -> Vec<Part> {
    let Report { mut findings, mut evaluations, answers, .. } = report;
    findings.sort_by_key(|finding| Reverse(finding.severity));
    findings
        .into_iter()
        .map(|finding| Part {
            kept: finding.asked.first().and_then(|question| kept(question, &answers)),
            evaluations: if finding.subject == Subject::Spf { std::mem::take(&mut evaluations) } else { Vec::new() },
            history: histories.iter().find(|history| history.check == finding.check).cloned(),
            finding,
        })
        .collect()
}

fn kept(question: &str, answers: &[LookedUp]) -> Option<(Timestamp, bool)> {
    let answer = answers.iter().find(|answer| answer.question == question)?;
    let until = Timestamp(answer.asked_at.0 + i64::from(answer.ttl?) * 1_000);
    (until > now()).then_some((until, answer.records.is_empty()))
}

/// A finding to be mended.
#[component]
fn Worst(part: Part) -> impl IntoView {
    let (tone, word) = severity(part.finding.severity);
    let (check, title) = (part.finding.check.clone(), part.finding.title.clone());
    let kept = part.kept;
    view! {
        <section class="card" id=format!("check-{check}")>
            <header>
                <Dot tone/>
                <h2>
                    <span class="unseen">{word} ": "</span>
                    {title}
                </h2>
                {kept.map(|(at, absent)| view! { <Kept at absent/> })}
            </header>
            <div class="pad">
                <p>{part.finding.effect.clone()}</p>
                <Body part/>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Kept(at: Timestamp, absent: bool) -> impl IntoView {
    let what = if absent { words::ABSENCE } else { words::RECORD };
    view! { <span class="push">{what} " " <Time at/></span> }
}

/// A finding in the list.
#[component]
fn Row(part: Part) -> impl IntoView {
    let (tone, word) = severity(part.finding.severity);
    let Finding { check, title, effect, changes, .. } = part.finding.clone();
    let go = if changes.is_empty() { words::DETAILS } else { words::CHANGE };
    let kept = part.kept;
    view! {
        <li class="finding">
            <Dot tone/>
            <details>
                <summary>
                    <span>
                        <span class="unseen">{word} ": "</span>
                        {title}
                        <small>{effect}</small>
                    </span>
                    <span class="go">{go}</span>
                </summary>
                <div class="opened" id=format!("check-{check}")>
                    {kept.map(|(at, absent)| view! { <small><Kept at absent/></small> })}
                    <Body part/>
                </div>
            </details>
        </li>
    }
    .into_any()
}

/// What stands below a finding's effect, as a card and in the list.
#[component]
fn Body(part: Part) -> impl IntoView {
    let Part { finding, evaluations, history, .. } = part;
    let Finding { title, details, changes, link, asked, .. } = finding;
    view! {
        {(!details.is_empty())
            .then(|| {
                view! { <ul class="plain">{details.into_iter().map(|line| view! { <li>{line}</li> }).views()}</ul> }
            })}
        {changes
            .into_iter()
            .map(|change| view! { <Change change about=title.clone()/> })
            .views()}
        {link.filter(is_safe).map(|Link { text, url }| view! { <p><a href=url rel="noreferrer">{text}</a></p> })}
        <Evaluations evaluations/>
        {history
            .filter(|history| history.changes.len() > 1)
            .map(|history| view! { <Sparkline histories=vec![history]/> })}
        {(!asked.is_empty()).then(|| view! { <Asked questions=asked/> })}
    }
    .into_any()
}

/// A page of ours or over TLS; whatever else stands in a report is text.
fn is_safe(link: &Link) -> bool {
    link.url.starts_with("https://") || (link.url.starts_with('/') && !link.url.starts_with("//"))
}

/// What was asked for it, with the way to the answers.
#[component]
fn Asked(questions: Vec<String>) -> impl IntoView {
    view! {
        <p class="asked">
            <small>
                "Asked: "
                {questions
                    .into_iter()
                    .map(|question| {
                        let href = format!("#{}", anchor(&question));
                        view! { <a href=href>{question}</a> " " }
                    })
                    .views()}
            </small>
        </p>
    }
}

/// In the browser: what an address with a fragment names is opened and shown. Without JavaScript the browser does it.
fn reveal() {
    let hash = use_location().hash;
    Effect::new(move || {
        let hash = hash.get();
        request_animation_frame(move || {
            let Some(element) = document().get_element_by_id(hash.trim_start_matches('#')) else { return };
            if let Ok(Some(around)) = element.closest("details") {
                let _ = around.set_attribute("open", "");
            }
            element.scroll_into_view();
        });
    });
}

mod words {
    pub const ALL: &str = "All checks";
    pub const REST: &str = "Everything else";
    pub const DETAILS: &str = "Details";
    pub const CHANGE: &str = "Show change";
    pub const RECORD: &str = "record expires";
    pub const ABSENCE: &str = "absence expires";
}
