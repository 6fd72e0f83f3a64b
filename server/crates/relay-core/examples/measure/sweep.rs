//! What a sweep of all names costs: Knot DNS on this machine holds a forward and a reverse record for each.

use super::{Bench, Outcome};
use relay_core::{Actor, jobs, sweep};
use relay_dns::Resolver;
use sea_orm::ConnectionTrait;
use std::{
    fmt::Write,
    fs,
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

pub(super) async fn measure(count: u32) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let knot = Knot::start(folder.path(), count)?;
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
    println!("{} of {} names in {took:.1?}: {} names/s", job.done, job.total, rate(f64::from(count)));
    println!("{queries} queries: {} queries/s to one server", rate(queries as f64));
    println!("changed {}, refused {}, state {}", job.changed, job.refused_count, job.state.as_str());
    println!("most memory {}", memory()?);
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

/// The most this process held at a time.
fn memory() -> Outcome<String> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().to_owned())
}

/// The server; ended when it is dropped.
struct Knot {
    server: Child,
    port: u16,
    config: String,
}

impl Knot {
    fn start(folder: &Path, count: u32) -> Outcome<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let here = folder.display();
        let (mut hosts, mut reverse) = (String::new(), String::new());
        for number in 0..count {
            let [_, b, c, d] = address(number).octets();
            writeln!(hosts, "h{number} A 10.{b}.{c}.{d}")?;
            writeln!(reverse, "{d}.{c}.{b} PTR h{number}.bench.example.")?;
        }
        let mut zones = String::new();
        let all = [(".", "ns1.test. A 127.0.0.1\n"), ("bench.example.", &hosts), ("10.in-addr.arpa.", &reverse)];
        for (number, (origin, records)) in all.into_iter().enumerate() {
            let file = folder.join(format!("zone{number}"));
            let head = format!("$ORIGIN {origin}\n$TTL 60\n@ SOA ns1.test. h.test. 1 60 60 600 5\n@ NS ns1.test.\n");
            fs::write(&file, head + records)?;
            write!(zones, "  - domain: {origin}\n    file: {}\n", file.display())?;
        }
        fs::create_dir(folder.join("db"))?;
        let config = folder.join("knot.conf").display().to_string();
        let text = format!(
            "server:\n  listen: 127.0.0.1@{port}\n  rundir: {here}\n  udp-workers: 1\n  tcp-workers: 1\n  \
             background-workers: 1\nlog:\n  - target: stderr\n    any: error\ndatabase:\n  storage: {here}/db\n\
             template:\n  - id: default\n    zonefile-sync: -1\n    global-module: mod-stats\nzone:\n{zones}"
        );
        fs::write(&config, text)?;
        let server = Command::new("/usr/sbin/knotd").args(["-c", &config]).stdin(Stdio::null()).spawn()?;
        let knot = Self { server, port, config };
        let began = Instant::now();
        while knot.queries().is_err() || !knot.serves() {
            if began.elapsed() > Duration::from_secs(60) {
                return Err("knot does not answer".into());
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
        Ok(knot)
    }

    fn serves(&self) -> bool {
        let status = Command::new("knotc").args(["-c", &self.config, "zone-status", "10.in-addr.arpa."]).output();
        status.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("serial: 1"))
    }

    /// Queries so far.
    fn queries(&self) -> Outcome<u64> {
        let output = Command::new("knotc").args(["-c", &self.config, "stats"]).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let count = text.lines().find_map(|line| line.strip_prefix("mod-stats.server-operation[query] = "));
        if !output.status.success() {
            return Err("knot is not ready".into());
        }
        Ok(count.map_or(Ok(0), |count| count.trim().parse())?)
    }
}

impl Drop for Knot {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
