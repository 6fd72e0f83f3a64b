//! What a sweep of all names costs: Knot DNS on this machine holds a forward and a reverse record for each.

use super::{
    Bench, Outcome,
    figures::Figures,
    knot::{Knot, memory},
};
use relay_core::{Actor, jobs, sweep};
use relay_dns::Resolver;
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::{fmt::Write, net::Ipv4Addr, time::Instant};

pub(super) async fn measure(count: u32, figures: &mut Figures) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (mut hosts, mut reverse) = (String::new(), String::new());
    for number in 0..count {
        let [_, b, c, d] = address(number).octets();
        writeln!(hosts, "h{number} A 10.{b}.{c}.{d}")?;
        writeln!(reverse, "{d}.{c}.{b} PTR h{number}.bench.example.")?;
    }
    let knot = Knot::start(folder.path(), &[("bench.example.", &hosts), ("10.in-addr.arpa.", &reverse)])?;
    let resolver = Resolver::new(&[([127, 0, 0, 1], knot.port).into()])?.with_authoritative_port(knot.port);
    let bench = Bench::with(resolver).await?;
    let database = sea_orm::Database::connect(&bench.url).await?;
    for sql in fill(count) {
        database.execute_unprepared(&sql).await?;
    }
    let before = knot.queries()?;
    let begin = Instant::now();
    let id = sweep::start(&bench.core, &Actor::System).await?;
    jobs::run_due(&bench.core, &Actor::System).await?;
    let took = begin.elapsed();
    let queries = knot.queries()? - before;
    let job = jobs::get(&bench.core, &Actor::System, id).await?;
    let rate = |count: f64| (count / took.as_secs_f64()).round();
    let (names_rate, queries_rate) = (rate(f64::from(count)), rate(queries as f64));
    let (state, most) = (job.state.as_str(), memory()?);
    let words = [
        format!("{} of {} names in {took:.1?}: {names_rate} names/s", job.done, job.total),
        format!("{queries} queries: {queries_rate} queries/s to one server"),
        format!("changed {}, refused {}, state {state}", job.changed, job.refused_count),
        format!("most memory {most} kB"),
    ];
    let row = json!({
        "names": job.total,
        "done": job.done,
        "seconds": took.as_secs_f64(),
        "names_per_second": names_rate,
        "queries": queries,
        "queries_per_second": queries_rate,
        "changed": job.changed,
        "refused": job.refused_count,
        "state": state,
        "most_memory_octets": most * 1_024,
    });
    figures.tell(&words.join("\n"), row);
    Ok(())
}

fn address(number: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 0, 0, 0)) + number)
}

/// A range, and an address with a name for each.
fn fill(count: u32) -> Vec<String> {
    let blob = |address: Ipv4Addr| format!("x'04{}{:08x}'", "0".repeat(24), u32::from(address));
    let (first, last) = (blob(Ipv4Addr::new(10, 0, 0, 0)), blob(Ipv4Addr::new(10, 255, 255, 255)));
    let range = "11".repeat(16);
    let mut all = vec![format!(
        "INSERT INTO address_range (id, label, block, first, last, site, zone, ttl, created_at) \
         VALUES (x'{range}', 'bench', '10.0.0.0/8', {first}, {last}, '', '10.in-addr.arpa', 60, 0)"
    )];
    for begin in (0..count).step_by(500) {
        let rows = (begin..count.min(begin + 500)).map(|number| {
            let (ip, key) = (address(number), blob(address(number)));
            // Identifiers are not in the order of addresses, as those of a real inventory.
            let id = u128::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
            format!(
                "(x'{id:032x}', x'{range}', (SELECT id FROM project), '{ip}', false, {key}, {key}, '', \
                 'h{number}.bench.example', false, 0)"
            )
        });
        let rows: Vec<String> = rows.collect();
        all.push(format!(
            "INSERT INTO address (id, range_id, project_id, text, prefix, first, last, note, wanted, kept, \
             created_at) VALUES {}",
            rows.join(",")
        ));
    }
    all
}
