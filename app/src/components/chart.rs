//! Counts over time as stacked bars: an SVG drawn on the server, with the same numbers in a table below it.

use crate::components::{
    text,
    time::{Time, TimeStyle, date},
    views::Views,
};
use leptos::prelude::*;
use relay_types::{
    Timestamp,
    overview::{Bar, Counts},
};

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 190.0;
/// Room for the numbers above the highest bar and for the times below.
const TOP: f64 = 18.0;
const BOTTOM: f64 = 20.0;
/// Room for the numbers of the lines, right of the bars.
const RIGHT: f64 = 40.0;

/// What is stacked: its class and its count.
type Series = (&'static str, fn(&Counts) -> u64);

/// From the bottom.
const SERIES: [Series; 4] = [
    ("delivered", |c| c.delivered),
    ("deferred", |c| c.deferred),
    ("bounced", |c| c.bounced),
    ("refused", |c| c.refused),
];

/// Stacked bars of delivered, deferred (attempts), bounced and refused (at the door). Bars of 24 hours show dates, others times.
#[component]
pub fn Chart(
    /// Oldest first.
    bars: Vec<Bar>,
    /// What it shows and of which period.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    let days = bars.windows(2).next().is_some_and(|pair| pair[1].from.since(pair[0].from).as_secs() >= 86_400);
    let highest = bars.iter().map(|bar| SERIES.iter().map(|(_, of)| of(&bar.counts)).sum::<u64>()).max().unwrap_or(0);
    let step = step(highest);
    let top = step * 4;
    let y = move |value: u64| HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value as f64 / top as f64;
    let width = (WIDTH - RIGHT) / bars.len().max(1) as f64;
    let every = bars.len().div_ceil(6).max(1);
    let lines = (1..=4)
        .map(|n| {
            let at = y(step * n);
            view! {
                <line x1="0" x2=WIDTH y1=at y2=at></line>
                <text x=WIDTH y=at - 4.0 class="end">
                    {text::number(step * n)}
                </text>
            }
        })
        .views();
    let columns = bars
        .iter()
        .enumerate()
        .map(|(i, bar)| {
            let x = i as f64 * width;
            let label = (i % every == every / 2).then(|| {
                view! {
                    <text x=round(x + width / 2.0) y=HEIGHT - 4.0 class="middle">
                        {short(bar.from, days)}
                    </text>
                }
            });
            view! {
                <g>
                    <title>{spoken(bar, days)}</title>
                    <rect class="reach" x=round(x) y=0 width=round(width) height=HEIGHT - BOTTOM></rect>
                    {stack(&bar.counts, x, width, &y)}
                </g>
                {label}
            }
        })
        .views();
    view! {
        <figure class="chart">
            <figcaption class="legend">
                {SERIES.map(|(name, _)| view! { <span class=name>{name}</span> }).views()}
            </figcaption>
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=label>
                {lines}
                {columns}
            </svg>
            <details>
                <summary>"The same as a table"</summary>
                <Numbers bars days/>
            </details>
        </figure>
    }
}

fn stack(counts: &Counts, x: f64, width: f64, y: &dyn Fn(u64) -> f64) -> impl IntoView + use<> {
    let mut below = 0;
    let gap = (width * 0.1).min(2.0);
    SERIES
        .iter()
        .filter_map(|(name, of)| {
            let value = of(counts);
            let (from, to) = (y(below), y(below + value));
            below += value;
            (value > 0).then(|| {
                view! {
                    <rect
                        class=*name
                        x=round(x + gap)
                        y=round(to)
                        width=round(width - 2.0 * gap)
                        height=round((from - to - 1.0).max(1.0))
                        rx="1.5"
                    ></rect>
                }
            })
        })
        .views()
}

#[component]
fn Numbers(bars: Vec<Bar>, days: bool) -> impl IntoView {
    let style = if days { TimeStyle::Relative } else { TimeStyle::Full };
    view! {
        <table>
            <thead>
                <tr>
                    <th scope="col">"From"</th>
                    <th scope="col" class="right">"Accepted"</th>
                    {SERIES.map(|(name, _)| view! { <th scope="col" class="right">{name}</th> }).views()}
                </tr>
            </thead>
            <tbody>
                {bars
                    .into_iter()
                    .map(|bar| {
                        view! {
                            <tr>
                                <td><Time at=bar.from style/></td>
                                <td class="right">{text::number(bar.counts.accepted)}</td>
                                {SERIES
                                    .map(|(_, of)| view! { <td class="right">{text::number(of(&bar.counts))}</td> })
                                    .views()}
                            </tr>
                        }
                    })
                    .views()}
            </tbody>
        </table>
    }
}

/// The distance of the four lines: 1, 2 or 5 times a power of ten, so that four of them reach `highest`.
fn step(highest: u64) -> u64 {
    let mut power = 1;
    loop {
        for factor in [1, 2, 5] {
            if factor * power * 4 >= highest {
                return factor * power;
            }
        }
        power *= 10;
    }
}

fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn short(at: Timestamp, days: bool) -> String {
    if days {
        date(at).rsplit_once(' ').map(|(day, _)| day.to_owned()).unwrap_or_default()
    } else {
        format!("{:02}:00", at.utc().hour())
    }
}

fn spoken(bar: &Bar, days: bool) -> String {
    let counts = SERIES.map(|(name, of)| format!("{} {name}", text::number(of(&bar.counts)))).join(", ");
    format!("{}: {} accepted, {counts}", short(bar.from, days), text::number(bar.counts.accepted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_lines_reach_the_highest_bar() {
        for (highest, expected) in [(0, 1), (4, 1), (5, 2), (150, 50), (201, 100), (9_999, 5_000)] {
            assert_eq!(step(highest), expected, "{highest}");
        }
    }

    #[test]
    fn hovering_gives_every_number() {
        let counts = Counts { accepted: 1_204, delivered: 1_180, deferred: 31, bounced: 9, refused: 2 };
        let bar = Bar { from: Timestamp(13 * 3_600_000), counts };
        assert_eq!(spoken(&bar, false), "13:00: 1,204 accepted, 1,180 delivered, 31 deferred, 9 bounced, 2 refused");
    }
}
