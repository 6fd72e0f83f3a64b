//! Whether mail that cannot go out is in the way of mail that can: a tarpit among ten domains, and 100,000 messages for a
//! domain whose server is dead.

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::figure::{TURNS, middle};
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

/// `bench tarpit`: nine domains, alone and beside a tenth whose server takes connections and never says a word.
pub fn tarpit(database: &Database) -> Result<()> {
    let pit = Ipv4Addr::from(0x7f00_0b01);
    let (world, _dns) = World::start("tarpit", database, &[("pit.test".to_owned(), pit)])?;
    let listener = TcpListener::bind((pit, world.sinks[0].port))?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || (&stream).read(&mut [0]));
        }
    });
    world.paced(DOMAINS - 1, None)?;
    // One after the other and not in turns: the tarpit holds its connections for long.
    let several = |tarpit: Option<&str>| {
        let found = (0..TURNS).map(|_| Ok(world.paced(DOMAINS - 1, tarpit)?.as_secs_f64()));
        Ok::<_, anyhow::Error>(Duration::from_secs_f64(middle(found.collect::<Result<_>>()?)))
    };
    let (alone, beside) = (several(None)?, several(Some("pit.test"))?);
    let slower = 100.0 * (beside.as_secs_f64() / alone.as_secs_f64() - 1.0);
    println!(
        "95 of 100 messages of nine domains came within {alone:.2?}; beside a tarpit within {beside:.2?} ({slower:+.0} %)"
    );
    Ok(())
}

/// `bench backlog`: memory and new mail beside 100,000 messages for a dead domain, and a start with them.
pub fn backlog(database: &Database) -> Result<()> {
    let dead = ("dead.test".to_owned(), Ipv4Addr::from(0x7f00_0c01));
    let (mut world, _dns) = World::start("backlog", database, &[dead])?;
    let without = world.new_mail()?;
    let before = world.relay.resident()?;
    let began = Instant::now();
    in_programs(|_| send(world.relay.port, "someone@dead.test", BACKLOG / 20))?;
    progress::note(&format!("{BACKLOG} for the dead domain accepted in {:.1?}", began.elapsed()));
    let memory = world.relay.resident()?;
    let put_off = world.relay.put_off()?;
    let with = world.new_mail()?;
    let put_off = world.relay.put_off()? - put_off;
    println!("waiting: {}", world.relay.queued()?);
    println!("resident: {:.0} MB before, {:.0} MB with {BACKLOG} waiting", before as f64 / MB, memory as f64 / MB);
    println!(
        "new mail a second: {without:.0} before, {with:.0} with {BACKLOG} waiting, of which {put_off} were put off"
    );
    world.relay.kill()?;
    let began = Instant::now();
    world.relay.start()?;
    let started = began.elapsed();
    let seen = world.sinks[0].count();
    send(world.relay.port, "someone@d0.test", 1)?;
    until("mail after the start", || Ok(world.sinks[0].count() > seen))?;
    println!("killed and started: takes mail after {started:.2?}, has delivered it after {:.2?}", began.elapsed());
    Ok(())
}

impl World {
    /// Messages a second, the middle of some measurements.
    fn new_mail(&self) -> Result<f64> {
        Ok(middle((0..TURNS).map(|_| self.new_mail_once()).collect::<Result<_>>()?))
    }

    fn new_mail_once(&self) -> Result<f64> {
        let (before, began) = (self.count(), Instant::now());
        in_programs(|program| send(self.relay.port, &format!("someone@{}", domain(program % DOMAINS)), NEW / 20))?;
        until("all new mail at the sinks", || Ok(self.count() >= before + NEW))?;
        Ok(NEW as f64 / began.elapsed().as_secs_f64())
    }

    fn count(&self) -> usize {
        self.sinks.iter().map(Sink::count).sum()
    }
}

/// So many messages of 5 KB, as many on a connection as a session may carry.
fn send(port: u16, to: &str, messages: usize) -> Result<()> {
    let body = [&[b'x'; 990][..], b"\r\n"].concat().repeat(5);
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
