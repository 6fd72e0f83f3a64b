//! What an import of addresses costs: eight lines of ten are single IPv4 addresses in no order, one is an IPv6 prefix,
//! one an address in an earlier prefix.

use super::{Bench, Outcome, figures::Figures};
use relay_core::{Actor, addresses, jobs, ranges};
use relay_types::range::RangeInput;
use serde_json::json;
use std::{fmt::Write, net::Ipv4Addr, time::Instant};

pub(super) async fn measure(bench: &Bench, count: u32, figures: &mut Figures) -> Outcome<()> {
    for (label, block) in [("four", "10.0.0.0/8"), ("six", "2001:db8::/32")] {
        let (label, block) = (label.to_owned(), block.to_owned());
        let input = RangeInput { label, block, ..Default::default() };
        ranges::add(&bench.core, &Actor::System, &input).await?;
    }
    for (round, what) in ["new", "known already"].into_iter().enumerate() {
        let begin = Instant::now();
        let id = addresses::import(&bench.core, &Actor::System, None, file(count, &bench.project.to_string())?).await?;
        jobs::run_due(&bench.core, &Actor::System).await?;
        let took = begin.elapsed();
        let job = jobs::get(&bench.core, &Actor::System, id).await?;
        let rate = (f64::from(count) / took.as_secs_f64()).round();
        let (round, state) = (round + 1, job.state.as_str());
        let words = [
            format!("{} lines, {what}: {took:.1?}, {rate} lines/s", job.done),
            format!("round {round}: changed {}, refused {}, {state}", job.changed, job.refused_count),
        ];
        let row = json!({
            "round": round,
            "addresses": what,
            "lines": job.done,
            "seconds": took.as_secs_f64(),
            "lines_per_second": rate,
            "changed": job.changed,
            "refused": job.refused_count,
            "state": state,
        });
        figures.tell(&words.join("\n"), row);
    }
    Ok(())
}

fn file(count: u32, project: &str) -> Outcome<String> {
    let mut csv = "address,project,note,egress\r\n".to_owned();
    let prefix = |number: u32| format!("2001:db8:{:x}:{:x}", number >> 16, number & 0xffff);
    for number in 0..count {
        let place = number / 10;
        match (number % 10, place.checked_sub(1)) {
            (9, _) => write!(csv, "{}::/64,{project},,\r\n", prefix(place))?,
            (8, Some(before)) => write!(csv, "{}::7,{project},host {number},\r\n", prefix(before))?,
            _ => {
                // An odd factor: each place in the /8 once, in no order.
                let host = number.wrapping_mul(0x9E37_79B1) & 0x00ff_ffff;
                write!(csv, "{},{project},host {number},no\r\n", Ipv4Addr::from(0x0a00_0000 | host))?;
            }
        }
    }
    Ok(csv)
}
