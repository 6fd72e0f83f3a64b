//! How checks came out over the last 30 days: a bar a day, higher the worse it was, with a table behind it.

use crate::components::{
    card::Card,
    status::{Status, Tone, severity},
    time::{Time, TimeStyle, date, now},
    views::Views,
};
use leptos::prelude::*;
use relay_types::{
    Timestamp,
    finding::{History, HistoryChange, Severity},
};

const DAYS: usize = 30;
const DAY: i64 = 86_400_000;
/// Of one day, with the gap beside it.
const STEP: usize = 9;
const BAR: usize = 7;
const HEIGHT: usize = 36;

/// A card with the sparkline of all checks together. Nothing when there is no history.
#[component]
pub fn LastDays(histories: Vec<History>) -> impl IntoView {
    if histories.iter().all(|history| history.changes.is_empty()) {
        return ().into_any();
    }
    view! {
        <Card title="Last 30 days">
            <Sparkline histories/>
        </Card>
    }
    .into_any()
}

/// The worst of these checks, day by day.
#[component]
pub fn Sparkline(histories: Vec<History>) -> impl IntoView {
    let until = now();
    let bars = days(&histories, until);
    let sentence = sentence(&histories, until);
    let rects = bars
        .into_iter()
        .enumerate()
        .filter_map(|(day, worst)| Some((day, worst?)))
        .map(|(day, worst)| {
            let height = height(worst);
            let at = Timestamp(until.0 - (DAYS - 1 - day) as i64 * DAY);
            view! {
                <rect class=tone(worst).class() x=day * STEP y=HEIGHT - height width=BAR height=height rx="1.5">
                    <title>{format!("{}: {}", date(at), severity(worst).1)}</title>
                </rect>
            }
        })
        .views();
    view! {
        <figure class="spark">
            <svg viewBox=format!("0 0 {} {HEIGHT}", DAYS * STEP) role="img" aria-label=sentence.clone()>
                {rects}
            </svg>
            <figcaption>{sentence}</figcaption>
            {(!told(histories.clone()).is_empty())
                .then(|| {
                    view! {
                        <details>
                            <summary>"The same as a table"</summary>
                            <Rows histories/>
                        </details>
                    }
                })}
        </figure>
    }
    .into_any()
}

#[component]
fn Rows(histories: Vec<History>) -> impl IntoView {
    let mut rows = told(histories);
    rows.sort_by_key(|change| std::cmp::Reverse(change.at));
    view! {
        <table>
            <thead>
                <tr>
                    <th scope="col">"Since"</th>
                    <th scope="col">"What"</th>
                </tr>
            </thead>
            <tbody>
                {rows
                    .into_iter()
                    .map(|change| {
                        view! {
                            <tr>
                                <td>
                                    <Time at=change.at style=TimeStyle::Relative/>
                                </td>
                                <td>
                                    <Status state=severity(change.severity)/>
                                    <small>{change.title}</small>
                                </td>
                            </tr>
                        }
                    })
                    .views()}
            </tbody>
        </table>
    }
    .into_any()
}

/// What changed, and of each check that never did how it is when that is bad.
fn told(histories: Vec<History>) -> Vec<HistoryChange> {
    let changed = |history: &History| history.changes.len() > 1;
    histories
        .into_iter()
        .flat_map(|history| {
            let all = changed(&history);
            history.changes.into_iter().filter(move |change| all || change.severity.is_bad())
        })
        .collect()
}

/// A note is nothing to mend.
fn tone(worst: Severity) -> Tone {
    if worst == Severity::Note { Tone::Good } else { severity(worst).0 }
}

fn height(severity: Severity) -> usize {
    match severity {
        Severity::Good | Severity::Note => 16,
        Severity::Unknown => 10,
        Severity::Warning => 26,
        Severity::Error => HEIGHT,
    }
}

/// The worst of each day, the last of them the one that ends at `until`; none before anything is known.
fn days(histories: &[History], until: Timestamp) -> Vec<Option<Severity>> {
    (0..DAYS)
        .map(|day| {
            let end = until.0 - (DAYS - 1 - day) as i64 * DAY;
            let begin = end - DAY;
            histories.iter().filter_map(|history| worst_between(history, begin, end)).max()
        })
        .collect()
}

/// The worst that held between two moments.
fn worst_between(history: &History, begin: i64, end: i64) -> Option<Severity> {
    let held = history.changes.iter().rfind(|change| change.at.0 <= begin);
    let within = history.changes.iter().filter(|change| change.at.0 > begin && change.at.0 <= end);
    held.into_iter().chain(within).map(|change| change.severity).max()
}

/// Since when the worst of them is as it is.
fn sentence(histories: &[History], until: Timestamp) -> String {
    let now = histories.iter().filter_map(|history| history.changes.last()).max_by_key(|change| change.severity);
    let mended = histories
        .iter()
        .flat_map(|history| history.changes.windows(2))
        .filter(|pair| pair[0].severity.is_bad() && !pair[1].severity.is_bad())
        .filter(|pair| until.0 - pair[1].at.0 < DAYS as i64 * DAY)
        .max_by_key(|pair| pair[1].at);
    match (now, mended) {
        (None, _) => "Nothing is known yet".to_owned(),
        (Some(change), _) if change.severity.is_bad() => format!("{} since {}", change.title, date(change.at)),
        (_, Some([before, after])) => format!("Good since {}; before: {}", date(after.at), before.title),
        _ => "Nothing was to be mended".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNTIL: Timestamp = Timestamp(100 * DAY);

    fn history(changes: &[(i64, Severity)]) -> History {
        let change = |&(days_ago, severity): &(i64, Severity)| HistoryChange {
            at: Timestamp(UNTIL.0 - days_ago * DAY),
            severity,
            title: format!("{} now", severity.as_str()),
        };
        History { check: "spf.record".to_owned(), changes: changes.iter().map(change).collect() }
    }

    #[test]
    fn each_day_shows_the_worst_of_it() {
        let one = history(&[(40, Severity::Good), (3, Severity::Error), (2, Severity::Good)]);
        let bars = days(&[one], UNTIL);
        assert_eq!(bars.len(), DAYS);
        assert_eq!(bars[25], Some(Severity::Good));
        assert_eq!(bars[26], Some(Severity::Error), "the day in which it began");
        assert_eq!(bars[27], Some(Severity::Error), "the day in which it ended");
        assert_eq!(bars[29], Some(Severity::Good));
        let new = history(&[(2, Severity::Warning)]);
        assert_eq!(days(&[new], UNTIL)[..27], [None; 27], "before it was there nothing is known");
    }

    #[test]
    fn one_sentence_says_since_when() {
        let good = history(&[(40, Severity::Good)]);
        let bad = history(&[(40, Severity::Good), (3, Severity::Error)]);
        let mended = history(&[(9, Severity::Error), (3, Severity::Good)]);
        let long_ago = history(&[(50, Severity::Error), (40, Severity::Good)]);
        for (histories, said) in [
            (vec![], "Nothing is known yet"),
            (vec![good.clone()], "Nothing was to be mended"),
            (vec![long_ago], "Nothing was to be mended"),
            (vec![good.clone(), bad], "error now since 8 Apr 1970"),
            (vec![good, mended], "Good since 8 Apr 1970; before: error now"),
        ] {
            assert_eq!(sentence(&histories, UNTIL), said);
        }
    }
}
