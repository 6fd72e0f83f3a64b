//! What would become of mail that is sent now: SPF, DKIM, DMARC, and what large receivers do.

use crate::components::{
    card::{Card, Fact, Facts},
    status::Tone,
    views::Views,
};
use leptos::prelude::*;
use relay_types::{
    prediction::{DkimPrediction, DmarcPrediction, Fate, ForwardedPrediction, Prediction, ReceiverPrediction},
    spf::SpfResult,
};

/// A card with all predictions; the first is open. Nothing when there is none.
#[component]
pub fn Predictions(
    /// One for each address mail may leave from.
    predictions: Vec<Prediction>,
    /// Heading.
    #[prop(default = "If you send now")]
    title: &'static str,
) -> impl IntoView {
    let mut predictions = predictions.into_iter();
    let Some(first) = predictions.next() else { return ().into_any() };
    view! {
        <Card title>
            <small>{way(&first)}</small>
            <Expected prediction=first/>
            {predictions
                .map(|prediction| {
                    view! {
                        <details class="part">
                            <summary>{way(&prediction)}</summary>
                            <Expected prediction/>
                        </details>
                    }
                })
                .views()}
        </Card>
    }
    .into_any()
}

fn way(prediction: &Prediction) -> String {
    let from = format!("From {}", prediction.from);
    match prediction.egress {
        Some(egress) => format!("{from} through {egress}"),
        None => from,
    }
}

#[component]
fn Expected(prediction: Prediction) -> impl IntoView {
    let Prediction { spf, spf_because, spf_aligned, dkim, dkim_because, dkim_aligned, dmarc, dmarc_because, .. } =
        prediction;
    view! {
        <Facts>
            <Outcome term="SPF" state=(spf_tone(spf), aligned(spf.as_str(), spf == SpfResult::Pass, spf_aligned)) because=spf_because/>
            <Outcome term="DKIM" state=dkim_state(dkim, dkim_aligned) because=dkim_because/>
            <Outcome term="DMARC" state=dmarc_state(dmarc) because=dmarc_because/>
            {prediction
                .receivers
                .into_iter()
                .map(|ReceiverPrediction { receiver, fate, because }| {
                    view! { <Outcome term=receiver state=fate_state(fate) because/> }
                })
                .views()}
            {prediction
                .forwarded
                .map(|ForwardedPrediction { fate, because }| {
                    view! { <Outcome term="Forwarded" state=fate_state(fate) because/> }
                })}
        </Facts>
    }
    .into_any()
}

#[component]
fn Outcome(#[prop(into)] term: String, state: (Tone, String), because: String) -> impl IntoView {
    view! {
        <Fact term>
            <span class=format!("status {}", state.0.class())>{state.1}</span>
            <small class="because">{because}</small>
        </Fact>
    }
    .into_any()
}

fn aligned(word: &str, pass: bool, aligned: bool) -> String {
    match (pass, aligned) {
        (false, _) => word.to_owned(),
        (true, true) => format!("{word}, aligned"),
        (true, false) => format!("{word}, not aligned"),
    }
}

fn spf_tone(result: SpfResult) -> Tone {
    match result {
        SpfResult::Pass => Tone::Good,
        SpfResult::Fail | SpfResult::PermError => Tone::Bad,
        SpfResult::SoftFail | SpfResult::Neutral | SpfResult::None => Tone::Warn,
        SpfResult::TempError => Tone::Unknown,
    }
}

fn dkim_state(dkim: DkimPrediction, is_aligned: bool) -> (Tone, String) {
    match dkim {
        DkimPrediction::Pass => (Tone::Good, aligned("pass", true, is_aligned)),
        DkimPrediction::Fail => (Tone::Bad, "fail".to_owned()),
        DkimPrediction::None => (Tone::Warn, "not signed".to_owned()),
        DkimPrediction::Unknown => (Tone::Unknown, "not known".to_owned()),
    }
}

fn dmarc_state(dmarc: DmarcPrediction) -> (Tone, String) {
    let (tone, word) = match dmarc {
        DmarcPrediction::Pass => (Tone::Good, "pass"),
        DmarcPrediction::Fail => (Tone::Bad, "fail"),
        DmarcPrediction::None => (Tone::Warn, "no policy"),
        DmarcPrediction::Unknown => (Tone::Unknown, "not known"),
    };
    (tone, word.to_owned())
}

fn fate_state(fate: Fate) -> (Tone, String) {
    let (tone, word) = match fate {
        Fate::Accepted => (Tone::Good, "accepted"),
        Fate::Doubtful => (Tone::Warn, "may be hidden"),
        Fate::Refused => (Tone::Bad, "refused or hidden"),
        Fate::Unknown => (Tone::Unknown, "not known"),
    };
    (tone, word.to_owned())
}
