//! Whether mail that cannot go out is in the way of mail that can: a tarpit among ten domains, and 100,000 messages for a
//! domain whose server is dead.

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::Options;
use super::figure::{self, in_turns, middle};
use super::mail::lines;
use super::sessions::in_programs;
use crate::progress;
use crate::rig::{Client, Database, Dns, Lines, Relay, Sink, until};

const DOMAINS: usize = 10;
/// Messages for each domain, one every so often.
const EACH: usize = 400;
const PACE: Duration = Duration::from_millis(25);
/// Waiting for the dead domain.
const BACKLOG: usize = 100_000;
/// Transactions of a session; the relay ends it after a thousand.
const A_SESSION: usize = 500;
/// New mail beside it.
const NEW: usize = 10_000;
/// A start with the backlog takes no longer.
const START: Duration = Duration::from_secs(5);
const MB: f64 = 1_000_000.0;

/// Mail servers on addresses of their own, all on one port, and the DNS that names them.
struct World {
    relay: Relay,
    sinks: Vec<Sink>,
}

impl World {
    /// `others` are domains with the address of their server, which is not ours to start.
    fn start(name: &str, database: &Database, others: &[(String, Ipv4Addr)]) -> Result<(Self, Dns)> {
        let began = Instant::now();
        let first = Sink::start_at(address(0), 0, began)?;
        let port = first.port;
        let mut sinks = vec![first];
        for place in 1..DOMAINS {
            sinks.push(Sink::start_at(address(place), port, began)?);
        }
        let mut domains: Vec<_> = (0..DOMAINS).map(|place| (domain(place), address(place))).collect();
        domains.extend_from_slice(others);
        let dns = Dns::start(&domains)?;
        let delivery = format!("route = \"mx\"\nlocal_mx = true\nport = {port}\n");
        let lines = Lines { delivery: &delivery, others: &dns.settings() };
        let mut relay = Relay::prepare(name, database, &sinks[0], &lines)?;
        relay.start()?;
        Ok((Self { relay, sinks }, dns))
    }

    /// Sends to the first domains side by side, and gives the 95th percentile of the time from MAIL to the sink.
    fn paced(&self, domains: usize, tarpit: Option<&str>) -> Result<Duration> {
        thread::scope(|scope| {
            let mut programs = Vec::new();
            for place in 0..domains {
                let sink = &self.sinks[place];
                programs.push(scope.spawn(move || {
                    pace(self.relay.port, &format!("someone@{}", domain(place)), || {
                        format!("X-Sent: {}\r\n", sink.now())
                    })
                }));
            }
            if let Some(tarpit) = tarpit {
                let to = format!("someone@{tarpit}");
                programs.push(scope.spawn(move || pace(self.relay.port, &to, String::new)));
            }
            for program in programs {
                let ended = program.join();
                ensure!(ended.is_ok(), "a program has panicked");
                ended.unwrap_or(Ok(()))?;
            }
            Ok(())
        })?;
        until("all mail at the sinks", || {
            Ok(self.sinks[..domains].iter().all(|sink| sink.took().len() % EACH == 0 && !sink.took().is_empty()))
        })?;
        let mut took: Vec<Duration> =
            self.sinks[..domains].iter().flat_map(|sink| sink.took().split_off(sink.took().len() - EACH)).collect();
        took.sort_unstable();
        Ok(took[took.len() * 95 / 100])
    }
}

fn domain(place: usize) -> String {
    format!("d{place}.test")
}

fn address(place: usize) -> Ipv4Addr {
    Ipv4Addr::from(0x7f00_0a01 + place as u32)
}

fn pace(port: u16, to: &str, fields: impl Fn() -> String) -> Result<()> {
    let mut client = Client::open(port)?;
    let began = Instant::now();
    for number in 0..EACH as u32 {
        thread::park_timeout((PACE * number).saturating_sub(began.elapsed()));
        client.send(to, &fields(), &[b'x'; 900])?;
    }
    client.quit()
}

/// `bench tarpit`: nine domains, alone and beside a tenth whose server takes connections and never says a word. Two relays
/// in turns, because the tarpit holds its connections for long.
pub fn tarpit(options: &Options) -> Result<()> {
    let (database, other_database) = (options.database()?, options.database()?);
    let pit = Ipv4Addr::from(0x7f00_0b01);
    let (alone, _dns) = World::start("alone", &database, &[])?;
    let (beside, _other_dns) = World::start("tarpit", &other_database, &[("pit.test".to_owned(), pit)])?;
    let listener = TcpListener::bind((pit, beside.sinks[0].port))?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || (&stream).read(&mut [0]));
        }
    });
    alone.paced(DOMAINS - 1, None)?;
    beside.paced(DOMAINS - 1, None)?;
    let [alone, beside] = in_turns(|turn| {
        let (world, tarpit) = if turn == 0 { (&alone, None) } else { (&beside, Some("pit.test")) };
        let took = world.paced(DOMAINS - 1, tarpit)?;
        progress::note(&format!("{}: {took:.2?}", tarpit.unwrap_or("alone")));
        Ok(took.as_secs_f64())
    })?;
    let slower = 100.0 * (beside / alone - 1.0);
    let words = format!(
        "95 of 100 messages of nine domains came within {:.2?}; beside a tarpit within {:.2?} ({slower:+.0} %)",
        Duration::from_secs_f64(alone),
        Duration::from_secs_f64(beside),
    );
    let value =
        serde_json::json!({ "p95_ms_alone": 1e3 * alone, "p95_ms_beside": 1e3 * beside, "slower_percent": slower });
    figure::tell(options.json, &words, &value);
    Ok(())
}

/// `bench backlog`: memory and new mail beside 100,000 messages for a dead domain, and a start with them. A relay with an
/// empty queue is measured in turns with it.
pub fn backlog(options: &Options) -> Result<()> {
    let (database, other_database) = (options.database()?, options.database()?);
    let dead = ("dead.test".to_owned(), Ipv4Addr::from(0x7f00_0c01));
    let (empty, _dns) = World::start("empty", &database, &[])?;
    let (mut full, _other_dns) = World::start("backlog", &other_database, &[dead])?;
    for world in [&empty, &full] {
        world.new_mail()?;
    }
    let before = full.relay.resident()?;
    let began = Instant::now();
    in_programs(|_| send(full.relay.port, "someone@dead.test", BACKLOG / 20))?;
    progress::note(&format!("{BACKLOG} for the dead domain accepted in {:.1?}", began.elapsed()));
    let memory = full.relay.resident()?;
    let put_off = full.relay.put_off()?;
    let mut processor = [Vec::new(), Vec::new()];
    let [without, with] = in_turns(|turn| {
        let (rate, cost) = [&empty, &full][turn].new_mail()?;
        progress::note(&format!("{}: {rate:.0} a second, {cost:.3} ms of processor each", ["empty", "full"][turn]));
        processor[turn].push(cost);
        Ok(rate)
    })?;
    let [cost_without, cost_with] = processor.map(middle);
    let put_off = full.relay.put_off()? - put_off;
    let waiting = full.relay.queued()?;
    full.relay.kill()?;
    let began = Instant::now();
    full.relay.start()?;
    let started = began.elapsed();
    let seen = full.sinks[0].count();
    send(full.relay.port, "someone@d0.test", 1)?;
    until("mail after the start", || Ok(full.sinks[0].count() > seen))?;
    let served = began.elapsed();
    let words = format!(
        "waiting: {waiting}\n\
         resident: {:.0} MB before, {:.0} MB with {BACKLOG} waiting\n\
         new mail a second: {without:.0} with an empty queue, {with:.0} with {BACKLOG} waiting, of which {put_off} were put \
         off\n\
         processor for each: {cost_without:.3} ms, {cost_with:.3} ms with what is put off\n\
         killed and started: takes mail after {started:.2?}, has delivered it after {served:.2?}",
        before as f64 / MB,
        memory as f64 / MB,
    );
    let value = serde_json::json!({
        "waiting": waiting,
        "octets_before": before,
        "octets_with_backlog": memory,
        "per_second_empty": without.round(),
        "per_second_with_backlog": with.round(),
        "put_off": put_off,
        "processor_ms_empty": cost_without,
        "processor_ms_with_backlog": cost_with,
        "start_ms": started.as_millis(),
    });
    figure::tell(options.json, &words, &value);
    ensure!(started < START, "a start took {started:.1?}");
    Ok(())
}

impl World {
    /// Messages a second, and milliseconds of processor time of the relay for each.
    fn new_mail(&self) -> Result<(f64, f64)> {
        let (before, began, worked) = (self.count(), Instant::now(), self.relay.processor_time()?);
        in_programs(|program| send(self.relay.port, &format!("someone@{}", domain(program % DOMAINS)), NEW / 20))?;
        until("all new mail at the sinks", || Ok(self.count() >= before + NEW))?;
        let (took, worked) = (began.elapsed().as_secs_f64(), self.relay.processor_time()? - worked);
        Ok((NEW as f64 / took, 1e3 * worked.as_secs_f64() / NEW as f64))
    }

    fn count(&self) -> usize {
        self.sinks.iter().map(Sink::count).sum()
    }
}

/// So many messages of 5 KB, as many on a connection as a session may carry.
fn send(port: u16, to: &str, messages: usize) -> Result<()> {
    let body = lines();
    let mut left = messages;
    while left > 0 {
        let mut client = Client::open(port)?;
        let now = left.min(A_SESSION);
        (0..now).try_for_each(|_| client.send(to, "", &body))?;
        client.quit()?;
        left -= now;
    }
    Ok(())
}
