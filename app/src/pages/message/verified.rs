//! What our own verifier says of a test message: a line of its story.

use crate::components::prelude::*;
use leptos::prelude::*;
use relay_types::{
    Timestamp,
    message::{SignatureResult, Verified},
    prediction::DmarcPrediction,
    spf::SpfResult,
};

/// DMARC in the title, each signature and address below.
#[component]
pub fn VerifiedLine(at: Timestamp, verified: Verified) -> impl IntoView {
    let Verified { signatures, spf, dmarc, dmarc_because, .. } = verified;
    let (tone, word) = dmarc_word(dmarc);
    let title = view! { {words::TITLE} " " {word} }.into_any();
    let signatures = signatures.into_iter().map(|one| {
        let (tone, word) = signature_word(one.result, one.aligned);
        let because = if one.because.is_empty() { String::new() } else { format!(": {}", one.because) };
        let name = format!("{}._domainkey.{}", one.selector, one.domain);
        view! {
            <li>
                <Dot tone/>
                "DKIM "
                <span class="mono">{name}</span>
                " "
                {word}
                {because}
            </li>
        }
    });
    let spf = spf.into_iter().map(|one| {
        let (tone, word) = spf_word(one.result, one.aligned);
        view! {
            <li>
                <Dot tone/>
                "SPF from "
                <span class="mono">{one.egress.to_string()}</span>
                " "
                {word}
                ": "
                {one.because}
            </li>
        }
    });
    view! {
        <Moment tone at title note=sentence(dmarc_because)>
            <ul class="plain">{signatures.views()} {spf.views()}</ul>
        </Moment>
    }
}

fn sentence(mut text: String) -> String {
    if let Some(first) = text.get(..1).map(str::to_uppercase) {
        text.replace_range(..1, &first);
    }
    text
}

fn dmarc_word(dmarc: DmarcPrediction) -> (Tone, &'static str) {
    match dmarc {
        DmarcPrediction::Pass => (Tone::Good, "DMARC passes"),
        DmarcPrediction::Fail => (Tone::Bad, "DMARC fails"),
        DmarcPrediction::None => (Tone::Warn, "no DMARC policy"),
        DmarcPrediction::Unknown => (Tone::Unknown, "DMARC is not known"),
    }
}

fn signature_word(result: SignatureResult, aligned: bool) -> (Tone, &'static str) {
    match (result, aligned) {
        (SignatureResult::Pass, true) => (Tone::Good, "verifies"),
        (SignatureResult::Pass, false) => (Tone::Warn, "verifies, but is not aligned"),
        (SignatureResult::Fail, _) => (Tone::Bad, "does not verify"),
        (SignatureResult::Unknown, _) => (Tone::Unknown, "is not known"),
    }
}

fn spf_word(result: SpfResult, aligned: bool) -> (Tone, &'static str) {
    match (result, aligned) {
        (SpfResult::Pass, true) => (Tone::Good, "pass"),
        (SpfResult::Pass, false) => (Tone::Warn, "pass, but not aligned"),
        (SpfResult::TempError, _) => (Tone::Unknown, "not known"),
        (SpfResult::None | SpfResult::Neutral | SpfResult::SoftFail, _) => (Tone::Warn, result.as_str()),
        (SpfResult::Fail | SpfResult::PermError, _) => (Tone::Bad, result.as_str()),
    }
}

mod words {
    pub const TITLE: &str = "Our own verifier:";
}
