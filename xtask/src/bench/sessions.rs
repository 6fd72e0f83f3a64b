//! What sessions cost: signing in, attackers who guess, ten thousand that are idle, one that sends 50 MB.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::Options;
use super::figure;
use super::mail::{Mail, lines};
use crate::progress;
use crate::rig::{Client, Lines, Relay, Sink, until};

/// Programs at a time.
pub const PROGRAMS: usize = 20;
/// Connections that sign in, one after another in each program.
const SIGN_INS: usize = 5_000;
const ATTACKERS: usize = 200;
/// An attacker guesses so often.
const GUESS: Duration = Duration::from_millis(500);
/// How long mail is counted in a turn, and how often without attackers and with them: a machine that others use changes
/// within seconds, so turns are short and all mail is summed.
const COUNTED: Duration = Duration::from_secs(5);
const TURNS: usize = 6;
const IDLE: usize = 10_000;
const LARGE: usize = 50_000_000;
const MB: f64 = 1_000_000.0;
/// Sessions are many here on purpose.
const MANY: &str = "[smtp]\nsessions = 30000\nsessions_per_address = 30000\n";

/// `bench auth`: connections a second that sign in, and mail a second with and without 200 attackers.
pub fn auth(options: &Options) -> Result<()> {
    let (database, sink) = (options.database()?, Sink::start()?);
    let mut relay = Relay::prepare("auth", &database, &sink, &Lines { others: MANY, ..Lines::default() })?;
    relay.start()?;
    sign_in(&relay)?;
    let began = Instant::now();
    in_programs(|_| (0..SIGN_INS / PROGRAMS).try_for_each(|_| sign_in(&relay)))?;
    let rate = SIGN_INS as f64 / began.elapsed().as_secs_f64();
    let guesses = AtomicUsize::new(0);
    let (mut alone, mut beside) = (Mail::default(), Mail::default());
    for turn in 0..TURNS {
        progress::note(&format!("turn {} of {TURNS}", turn + 1));
        alone.add(mail(&relay, &sink)?);
        beside.add(beside_attackers(&relay, &guesses, || mail(&relay, &sink))?);
    }
    let guesses = guesses.load(Ordering::Relaxed);
    let no_mail = beside_attackers(&relay, &AtomicUsize::new(0), || processor_share(&relay))?;
    let slower = 100.0 * (1.0 - beside.a_second() / alone.a_second());
    let words = format!(
        "AUTH, a connection each, {PROGRAMS} at a time: {rate:.0} a second\n\
         mail a second: {:.0} alone, {:.0} beside {ATTACKERS} attackers who guessed {guesses} times: slower by {slower:.1} %\n\
         the relay's processor time with these attackers and no mail: {:.0} ms a second",
        alone.a_second(),
        beside.a_second(),
        no_mail * 1_000.0,
    );
    let value = serde_json::json!({
        "sign_ins_per_second": rate.round(),
        "mail_per_second_alone": alone.a_second().round(),
        "mail_per_second_beside_attackers": beside.a_second().round(),
        "attackers": ATTACKERS,
        "guesses": guesses,
        "slower_percent": slower,
        "processor_ms_per_second_attackers_alone": (no_mail * 1_000.0).round(),
    });
    figure::tell(options.json, &words, &value);
    Ok(())
}

/// `bench idle`: memory of 10,000 idle sessions, and of a message of 50 MB.
pub fn idle(options: &Options) -> Result<()> {
    let (database, sink) = (options.database()?, Sink::start()?);
    let mut relay = Relay::prepare("idle", &database, &sink, &Lines { others: MANY, ..Lines::default() })?;
    relay.start()?;
    // Pools and caches are filled first.
    in_programs(|_| (0..100).try_for_each(|_| send_one(&relay)))?;
    let before = relay.resident()?;
    let mut open = Vec::with_capacity(IDLE);
    for number in 0..IDLE {
        open.push(Client::open(relay.port).with_context(|| format!("session {number}"))?);
    }
    let with = relay.resident()?;
    drop(open);
    let large = Large::measure(&mut relay, &sink)?;
    let words = format!(
        "{IDLE} idle sessions: {:.0} MB resident, {:.0} MB before ({:.1} KB each)\n{}",
        with as f64 / MB,
        before as f64 / MB,
        with.saturating_sub(before) as f64 / IDLE as f64 / 1_000.0,
        large.words(),
    );
    let value = serde_json::json!({
        "idle_sessions": IDLE,
        "octets_before": before,
        "octets_with_idle_sessions": with,
        "large_message_octets": large.octets,
        "large_message_more_octets": large.more,
        "large_message_accepted_ms": large.accepted.as_millis(),
        "large_message_delivered_ms": large.delivered.as_millis(),
    });
    figure::tell(options.json, &words, &value);
    Ok(())
}

/// What a message of 50 MB cost.
struct Large {
    octets: usize,
    /// Memory at idle, and what there was more at the most; octets.
    idle: u64,
    more: u64,
    accepted: Duration,
    delivered: Duration,
}

impl Large {
    /// On a relay that has just been started and has sent some mail.
    fn measure(relay: &mut Relay, sink: &Sink) -> Result<Self> {
        relay.kill()?;
        relay.start()?;
        in_programs(|_| (0..100).try_for_each(|_| send_one(relay)))?;
        until("an empty queue", || Ok(relay.queued()? == 0))?;
        relay.forget_peak()?;
        let (idle, seen, began) = (relay.resident()?, sink.count(), Instant::now());
        let body = "0123456789012345678901234567890123456789012345678901234567890123456789\r\n".repeat(LARGE / 72);
        Client::open(relay.port)?.send("someone@sink.test", "", body.as_bytes())?;
        let accepted = began.elapsed();
        until("the large message at the sink", || Ok(sink.count() > seen))?;
        let delivered = began.elapsed();
        Ok(Self { octets: body.len(), idle, more: relay.peak()?.saturating_sub(idle), accepted, delivered })
    }

    fn words(&self) -> String {
        format!(
            "a message of {:.0} MB: {:.1} MB more than idle at the most ({:.0} MB), accepted in {:.2?}, delivered in {:.2?}",
            self.octets as f64 / MB,
            self.more as f64 / MB,
            self.idle as f64 / MB,
            self.accepted,
            self.delivered,
        )
    }
}

/// Does it while the attackers guess.
fn beside_attackers<T>(relay: &Relay, guesses: &AtomicUsize, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for attacker in 0..ATTACKERS {
            let over = &over;
            scope.spawn(move || attack(relay, attacker, over, guesses));
        }
        let done = work();
        over.store(true, Ordering::Relaxed);
        done
    })
}

/// Processor seconds of the relay in a second, measured for a turn.
fn processor_share(relay: &Relay) -> Result<f64> {
    let (began, before) = (Instant::now(), relay.processor_time()?);
    thread::sleep(COUNTED);
    Ok((relay.processor_time()? - before).as_secs_f64() / began.elapsed().as_secs_f64())
}

fn sign_in(relay: &Relay) -> Result<()> {
    let mut client = Client::open(relay.auth)?;
    let (name, secret) = &relay.account;
    client.say(&format!("AUTH PLAIN {}\r\n", STANDARD.encode(format!("\0{name}\0{secret}"))), &["235"])?;
    client.quit()
}

fn send_one(relay: &Relay) -> Result<()> {
    let mut client = Client::open(relay.port)?;
    client.send("someone@sink.test", "", &[b'x'; 900])?;
    client.quit()
}

/// Guesses from an address of its own: every second one the account's secret, the others those of names at random.
fn attack(relay: &Relay, attacker: usize, over: &AtomicBool, guesses: &AtomicUsize) {
    let address = Ipv4Addr::from(0x7f01_0000 + attacker as u32 + 1);
    while !over.load(Ordering::Relaxed) {
        let guess = || -> Result<()> {
            let mut client = Client::open_from(address, relay.auth)?;
            let guess = guesses.load(Ordering::Relaxed);
            let name =
                if attacker.is_multiple_of(2) { relay.account.0.clone() } else { format!("sa-{attacker}-{guess}") };
            let wrong = format!("\0{name}\0guess-{guess}");
            client.say(&format!("AUTH PLAIN {}\r\n", STANDARD.encode(wrong)), &[])?;
            client.reply()?;
            Ok(())
        };
        // Refused, put off or cut off: an attacker tries again.
        let _ = guess();
        guesses.fetch_add(1, Ordering::Relaxed);
        thread::park_timeout(GUESS);
    }
}

/// Mail of 5 KB, a connection each, for a turn: how much is accepted and delivered.
fn mail(relay: &Relay, sink: &Sink) -> Result<Mail> {
    let lines = lines();
    let (before, began, worked) = (sink.count(), Instant::now(), relay.processor_time()?);
    let sent = AtomicUsize::new(0);
    in_programs(|_| {
        while began.elapsed() < COUNTED {
            let mut client = Client::open(relay.port)?;
            client.send("someone@sink.test", "", &lines)?;
            client.quit()?;
            sent.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    })?;
    let sent = sent.into_inner();
    until("all mail at the sink", || Ok(sink.count() >= before + sent))?;
    let counted = Mail { messages: sent, took: began.elapsed(), worked: relay.processor_time()? - worked };
    progress::note(&format!("{sent} messages, {:.0} a second", counted.a_second()));
    Ok(counted)
}

/// Does it in each of the programs at the same time.
pub fn in_programs(work: impl Fn(usize) -> Result<()> + Sync) -> Result<()> {
    thread::scope(|scope| {
        let programs: Vec<_> = (0..PROGRAMS)
            .map(|program| {
                let work = &work;
                scope.spawn(move || work(program))
            })
            .collect();
        for program in programs {
            let ended = program.join();
            ensure!(ended.is_ok(), "a program has panicked");
            ended.unwrap_or(Ok(()))?;
        }
        Ok(())
    })
}
