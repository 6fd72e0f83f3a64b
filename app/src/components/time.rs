//! Moments: relative for the eye, absolute in UTC for screen readers and on hover, local time added in the browser.
//!
//! The server and the browser must render the same words at first. So "now" is the moment the page was made: the server
//! writes it into `<html data-now>`, and the browser reads it back from there while it hydrates.

use leptos::prelude::*;
use relay_types::Timestamp;

/// When this page was made. Provided by `ssr` on the server.
#[derive(Debug, Clone, Copy)]
pub struct Now(pub Timestamp);

/// The moment that relative times on this page are counted from.
pub fn now() -> Timestamp {
    if let Some(Now(at)) = use_context::<Now>() {
        return at;
    }
    if cfg!(feature = "ssr") {
        return Timestamp(0);
    }
    let root = document().document_element();
    let hydrated = root.as_ref().is_some_and(|root| root.has_attribute("data-hydrated"));
    let written = root.and_then(|root| root.get_attribute("data-now")).and_then(|text| text.parse().ok());
    match written {
        Some(at) if !hydrated => Timestamp(at),
        _ => Timestamp(js_sys::Date::now() as i64),
    }
}

/// `5 min ago`, `in 2 h`, `just now`; a date when it is more than 30 days away.
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    let (seconds, past) = if at <= now { (now.since(at).as_secs(), true) } else { (at.since(now).as_secs(), false) };
    let length = match seconds {
        0..45 => return if past { "just now".to_owned() } else { "in a moment".to_owned() },
        45..3_570 => format!("{} min", (seconds + 30) / 60),
        3_570..84_600 => format!("{} h", (seconds + 1_800) / 3_600),
        84_600..2_592_000 => match (seconds + 43_200) / 86_400 {
            1 => "1 day".to_owned(),
            days => format!("{days} days"),
        },
        _ => return date(at),
    };
    if past { format!("{length} ago") } else { format!("in {length}") }
}

/// `21 Nov 2026`
pub fn date(at: Timestamp) -> String {
    let utc = at.utc();
    let month = utc.month().to_string();
    format!("{} {} {}", utc.day(), month.get(..3).unwrap_or(&month), utc.year())
}

/// How a moment is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeStyle {
    /// `5 min ago`.
    #[default]
    Relative,
    /// `13:58:02.114`, in timelines that say UTC.
    Clock,
    /// `2026-11-21 13:58:02 UTC`.
    Full,
}

/// A moment: `<Time at=row.accepted_at/>`.
#[component]
pub fn Time(
    /// When.
    at: Timestamp,
    /// How it is written; relative unless said.
    #[prop(optional)]
    style: TimeStyle,
) -> impl IntoView {
    let text = match style {
        TimeStyle::Relative => relative(at, now()),
        TimeStyle::Clock => at.clock_text(),
        TimeStyle::Full => at.text(),
    };
    let title = RwSignal::new(at.text());
    Effect::new(move || title.set(format!("{} · {} here", at.text(), local(at))));
    // What hovering shows is for screen readers too.
    let spoken = (style != TimeStyle::Full).then(|| view! { <span class="unseen">" (" {title} ")"</span> });
    view! { <time datetime=at.rfc3339() title=title>{text} {spoken}</time> }
}

/// In the browser's own zone and language.
fn local(at: Timestamp) -> String {
    js_sys::Date::new(&(at.0 as f64).into()).to_locale_string("default", &js_sys::Object::new()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_times_round_to_what_people_say() {
        let now = Timestamp(100 * 86_400_000);
        for (seconds, text) in [
            (0, "just now"),
            (44, "just now"),
            (60, "1 min ago"),
            (41 * 60, "41 min ago"),
            (3_590, "1 h ago"),
            (2 * 3_600, "2 h ago"),
            (86_400, "1 day ago"),
            (74 * 86_400, "27 Jan 1970"),
            (-240, "in 4 min"),
        ] {
            assert_eq!(relative(Timestamp(now.0 - seconds * 1_000), now), text);
        }
    }
}
