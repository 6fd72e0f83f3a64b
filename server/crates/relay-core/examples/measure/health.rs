//! What it costs to check many domains by the clock: Knot DNS on this machine has what each of them needs.

use super::{
    Bench, Outcome,
    figures::Figures,
    knot::{Knot, memory},
};
use relay_core::{Actor, domains, egress};
use relay_dns::Resolver;
use relay_types::{DomainName, domain::DkimKey};
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::{fmt::Write, fs, time::Instant};

/// The relay's address.
const EGRESS: &str = "192.0.2.10";

pub(super) async fn measure(count: u32, figures: &mut Figures) -> Outcome<()> {
    // Two real keys, which all domains share: making so many would take longer than checking them.
    let maker = Bench::with(Resolver::fixed(Default::default())).await?;
    let one = domains::mark_verified(&maker.core, &Actor::System, &maker.project, DomainName::parse("one.example")?);
    let keys = domains::get(&maker.core, &Actor::System, &maker.project, one.await?).await?.keys;
    let folder = tempfile::tempdir()?;
    let knot = Knot::start(folder.path(), &[("bench.example.", &zone(count, &keys)?)])?;
    let resolver = Resolver::new(&[([127, 0, 0, 1], knot.port).into()])?.with_authoritative_port(knot.port);
    let bench = Bench::with(resolver).await?;
    egress::add(&bench.core, &Actor::System, EGRESS, "").await?;
    let database = sea_orm::Database::connect(&bench.url).await?;
    for sql in fill(count, &keys) {
        database.execute_unprepared(&sql).await?;
    }
    for round in ["first reports", "checked again"] {
        database.execute_unprepared("UPDATE domain SET next_check_at = 0").await?;
        let before = knot.queries()?;
        let begin = Instant::now();
        let checked = domains::check_due(&bench.core, &Actor::System).await?;
        let took = begin.elapsed();
        let queries = knot.queries()? - before;
        let rate = (checked as f64 / took.as_secs_f64()).round();
        let each = queries as f64 / f64::from(count);
        let words = [
            format!("{round}: {checked} domains in {took:.1?}: {rate} domains/s"),
            format!("{queries} queries: {each:.1} a domain"),
        ];
        let row = json!({
            "round": round,
            "domains": checked,
            "seconds": took.as_secs_f64(),
            "domains_per_second": rate,
            "queries": queries,
            "queries_per_domain": each,
        });
        figures.tell(&words.join("\n"), row);
    }
    let list = domains::list(&bench.core, &Actor::System, &bench.project).await?;
    let bad = list.iter().filter(|domain| domain.to_mend > 0).count();
    let file = bench.url.trim_start_matches("sqlite://");
    let (octets, most) = (fs::metadata(file)?.len(), memory()?);
    let words = format!("to be mended {bad}; database {} MB; most memory {most} kB", octets / 1_000_000);
    let row = json!({ "to_be_mended": bad, "database_octets": octets, "most_memory_octets": most * 1_024 });
    figures.tell(&words, row);
    Ok(())
}

/// A domain that lacks nothing, so often.
fn zone(count: u32, keys: &[DkimKey]) -> Outcome<String> {
    let mut zone =
        format!("_spf TXT \"v=spf1 ip4:{EGRESS} -all\"\nmx A 192.0.2.25\n_dmarc TXT \"v=DMARC1; p=reject\"\n");
    for number in 0..count {
        writeln!(zone, "d{number} MX 10 mx")?;
        writeln!(zone, "d{number} TXT \"v=spf1 include:_spf.bench.example -all\"")?;
        writeln!(zone, "_dmarc.d{number} TXT \"v=DMARC1; p=quarantine\"")?;
        writeln!(zone, "_relaykeep-challenge.d{number} TXT \"relaykeep-challenge=c{number}\"")?;
        for key in keys {
            let pieces: Vec<String> = key.record.value.as_bytes().chunks(255).map(quoted).collect();
            writeln!(zone, "{}._domainkey.d{number} TXT {}", key.selector, pieces.join(" "))?;
        }
    }
    Ok(zone)
}

fn quoted(piece: &[u8]) -> String {
    format!("\"{}\"", String::from_utf8_lossy(piece))
}

/// The domains, verified long ago and all due, and their keys.
fn fill(count: u32, keys: &[DkimKey]) -> Vec<String> {
    // Identifiers are not in the order of names, as those of a real installation.
    let id = |number: u32| u128::from(number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    let mut all = Vec::new();
    for begin in (0..count).step_by(500) {
        let numbers = begin..count.min(begin + 500);
        let domains = numbers.clone().map(|number| {
            format!(
                "(x'{:032x}', (SELECT id FROM project), 'd{number}.bench.example', 'verified', 'c{number}', 0, 0, 0)",
                id(number)
            )
        });
        let domains: Vec<String> = domains.collect();
        all.push(format!(
            "INSERT INTO domain (id, project_id, name, state, challenge, verified_at, next_check_at, created_at) \
             VALUES {}",
            domains.join(",")
        ));
        let of_domain = |number: u32| {
            keys.iter().enumerate().map(move |(place, key)| {
                format!(
                    "(x'{:032x}', x'{:032x}', '{}', '{}', x'00', '{}', 'active', 0)",
                    id(number).wrapping_add(place as u128 + 1),
                    id(number),
                    key.selector,
                    key.algorithm.as_str(),
                    key.record.value
                )
            })
        };
        let keys: Vec<String> = numbers.flat_map(of_domain).collect();
        all.push(format!(
            "INSERT INTO dkim_key (id, domain_id, selector, algorithm, private_sealed, record_value, state, created_at) \
             VALUES {}",
            keys.join(",")
        ));
    }
    all
}
