//! Numbers over time and the steps to the first message. Owns nothing; asks the contexts that do.

use crate::{
    Access, Actor, Core, Result, domains, limits, messages, networks, projects, refusals, senders, service_accounts,
    sweep,
};
use relay_types::{
    Timestamp,
    overview::{Bar, Counts, Overview, Period, Readiness},
    project::{ProjectId, Slug},
    refusal::RefusalFilter,
    sender::Verification,
};
use std::time::Duration;

/// Refusals on the page.
const REFUSALS: usize = 5;

/// A project's overview. Any member.
pub async fn get(core: &Core, actor: &Actor, project: &Slug, period: Period) -> Result<Overview> {
    let id = projects::authorize(core, actor, project, Access::View).await?;
    let begin = begin(core.now(), period);
    let bars = bars(begin, period, &limits::hours(core, id.uuid(), begin).await?);
    let mut totals = Counts::default();
    bars.iter().for_each(|bar| totals += bar.counts);
    let mut refusals = refusals::list(core, actor, project, &RefusalFilter::default()).await?.items;
    refusals.truncate(REFUSALS);
    let readiness = readiness(core, actor, project, id).await?;
    let names_in_question = sweep::in_question(core, id).await?;
    let domains_to_mend = domains::to_mend(core, id).await?;
    let near_limits = limits::near(core, id).await?;
    Ok(Overview { near_limits, period, bars, totals, readiness, refusals, names_in_question, domains_to_mend })
}

async fn readiness(core: &Core, actor: &Actor, slug: &Slug, id: ProjectId) -> Result<Readiness> {
    let domains = domains::list(core, actor, slug).await?;
    let verified: Vec<_> = domains.iter().filter(|domain| domain.state == Verification::Verified).collect();
    let way_in = !service_accounts::list(core, actor, slug).await?.is_empty()
        || !networks::list(core, actor, slug).await?.is_empty();
    let verified_sender = !verified.is_empty()
        || senders::list(core, actor, slug).await?.iter().any(|sender| sender.state == Verification::Verified);
    Ok(Readiness {
        way_in,
        verified_sender,
        signed_domain: verified.iter().any(|domain| domain.signed),
        first_message: messages::any(core, id).await?,
        live: !projects::standing(core, id).await?.sandbox,
    })
}

/// When the first bar begins: bars of a day end with the running UTC day, bars of an hour with the running hour.
fn begin(now: Timestamp, period: Period) -> Timestamp {
    let (bars, hours) = period.bars();
    let bar = i64::from(hours) * 3_600_000;
    let running = now.0 - now.0.rem_euclid(bar);
    Timestamp(running - bar * i64::from(bars - 1))
}

fn bars(begin: Timestamp, period: Period, hours: &[(Timestamp, Counts)]) -> Vec<Bar> {
    let (count, length) = period.bars();
    let length = Duration::from_secs(u64::from(length) * 3_600);
    (0..count)
        .map(|place| {
            let from = begin.plus(length * place);
            let within = hours.iter().filter(|(at, _)| *at >= from && *at < from.plus(length));
            let mut counts = Counts::default();
            within.for_each(|(_, more)| counts += *more);
            Bar { from, counts }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    #[test]
    fn bars_end_with_the_running_hour_or_day() {
        // 2026-11-21 13:46:40 UTC.
        let now = Timestamp(1_795_268_800_000);
        for (period, count, first, last) in [
            (Period::Day, 24, "2026-11-20T14:00:00Z", "2026-11-21T13:00:00Z"),
            (Period::Week, 7, "2026-11-15T00:00:00Z", "2026-11-21T00:00:00Z"),
            (Period::Month, 30, "2026-10-23T00:00:00Z", "2026-11-21T00:00:00Z"),
        ] {
            let bars = bars(begin(now, period), period, &[]);
            assert_eq!(bars.len(), count);
            assert_eq!(bars.first().map(|bar| bar.from.rfc3339()), Some(first.to_owned()));
            assert_eq!(bars.last().map(|bar| bar.from.rfc3339()), Some(last.to_owned()));
        }
    }

    #[test]
    fn hours_fall_into_their_bars() {
        let begin = Timestamp(0);
        let one = Counts { accepted: 1, ..Counts::default() };
        let hours: Vec<_> = [0, 1, 23, 24, 167].map(|hour| (Timestamp(hour * HOUR), one)).to_vec();
        let bars = bars(begin, Period::Week, &hours);
        assert_eq!(bars.iter().map(|bar| bar.counts.accepted).collect::<Vec<_>>(), [3, 1, 0, 0, 0, 0, 1]);
    }
}
