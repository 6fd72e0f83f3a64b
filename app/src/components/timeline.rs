//! What happened, in order; and what was said to a mail server.

use crate::components::{
    status::Tone,
    time::{Time, TimeStyle, date},
    views::Views,
};
use leptos::prelude::*;
use relay_types::{Timestamp, message::DialogueLine};

/// A list of things that happened; holds `Moment`s.
#[component]
pub fn Timeline(children: Children) -> impl IntoView {
    view! { <ol class="timeline">{children()}</ol> }
}

/// One thing that happened. Children (a `Dialogue`, small text) stand below it.
#[component]
pub fn Moment(
    /// Its dot.
    tone: Tone,
    /// When.
    at: Timestamp,
    /// How the moment is written.
    #[prop(default = TimeStyle::Clock)]
    style: TimeStyle,
    /// What happened: `view! { … }.into_any()`.
    title: AnyView,
    /// Details on one line.
    #[prop(optional, into)]
    note: Option<String>,
    /// More.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <li class=tone.class()>
            <div class="head">
                <div>{title}</div>
                <Time at style/>
            </div>
            {note.map(|note| view! { <small>{note}</small> })}
            {children.map(|children| children())}
        </li>
    }
    .into_any()
}

/// The day (UTC) on which what follows in a `Timeline` happened.
#[component]
pub fn Day(
    /// Any moment of it.
    at: Timestamp,
) -> impl IntoView {
    view! { <li class="day">{date(at)}</li> }
}

/// Where a new day (UTC) begins in a row of moments: at the first, and whenever the date changes.
pub fn new_days(moments: &[Timestamp]) -> Vec<bool> {
    let day = |at: &Timestamp| at.utc().date();
    moments.iter().enumerate().map(|(i, at)| i == 0 || day(at) != day(&moments[i - 1])).collect()
}

/// Who says a line of a dialogue. What begins with a reply's code on our side is no command: it is what the relay found
/// itself, such as a connection that was refused.
fn speaker(line: &DialogueLine) -> (&'static str, bool) {
    let reply = line.text.starts_with(|c: char| c.is_ascii_digit());
    let failed = reply && line.text.starts_with(['4', '5']);
    match (line.ours, reply) {
        (true, true) => ("R ", failed),
        (true, false) => ("C ", false),
        (false, _) => ("S ", failed),
    }
}

/// The SMTP dialogue of an attempt. `S` is the next hop, `C` is us, `R` is what the relay found without it; failures stand
/// out.
#[component]
pub fn Dialogue(
    /// What was said, in order.
    lines: Vec<DialogueLine>,
) -> impl IntoView {
    view! {
        <pre class="dialogue" tabindex="0" role="region" aria-label="SMTP dialogue">
            {lines
                .into_iter()
                .map(|line| {
                    let (who, failed) = speaker(&line);
                    view! { <span class:failed=failed><i>{who}</i>{line.text}"\n"</span> }
                })
                .views()}
        </pre>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_over_several_days_says_where_each_begins() {
        let hours = [0, 1, 23, 24, 49].map(|hour| Timestamp(hour * 3_600_000));
        assert_eq!(new_days(&hours), [true, false, false, true, true]);
        assert!(new_days(&[]).is_empty());
    }

    #[test]
    fn what_the_relay_found_itself_is_not_put_into_anybodys_mouth() {
        for (ours, text, who, failed) in [
            (true, "MAIL FROM:<a@b.example>", "C ", false),
            (false, "250 2.1.0 Ok", "S ", false),
            (false, "550 5.1.1 No such user", "S ", true),
            (true, "451 4.4.1 192.0.2.1 refused the connection", "R ", true),
        ] {
            assert_eq!(speaker(&DialogueLine { ours, text: text.to_owned() }), (who, failed), "{text}");
        }
    }
}
