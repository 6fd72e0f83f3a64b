//! Limits of the platform that are nearly used up, on each page where an operator begins.

use super::prelude::*;
use leptos::prelude::*;
use relay_types::limit::NearLimit;

const REACHED: &str = "A limit of the platform is reached; programs are told to wait.";
const NEAR: &str = "A limit of the platform is nearly reached.";

/// Limits of the platform of which four fifths are used, or all: where they are set, and where operators land.
#[component]
pub fn NearPlatformLimits(
    /// Those limits.
    near: Vec<NearLimit>,
    /// The page where they are set, when that is another one.
    #[prop(optional)]
    set_at: Option<&'static str>,
) -> impl IntoView {
    if near.is_empty() {
        return ().into_any();
    }
    let (tone, title) = match near.iter().any(|near| near.level() == 100) {
        true => (Tone::Bad, REACHED),
        false => (Tone::Warn, NEAR),
    };
    let used = near.iter().map(|near| format!("{}% of the {} are used.", near.level(), near.period.words()));
    let used = used.collect::<Vec<_>>().join(" ");
    match set_at {
        Some(page) => view! { <Notice tone title link=(page, "See limits")>{used}</Notice> }.into_any(),
        None => view! { <Notice tone title>{used}</Notice> }.into_any(),
    }
}
