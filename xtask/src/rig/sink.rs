//! Where the load ends: a mail server that takes everything, counts, and notes the numbers of numbered messages and which
//! algorithms messages are signed with. It verifies no signature.

use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

/// Listens until the process ends.
pub struct Sink {
    /// Its port on its address.
    pub port: u16,
    seen: Arc<Seen>,
    began: Instant,
}

#[derive(Default)]
struct Seen {
    count: AtomicUsize,
    /// Rounds in which each number of a field `X-Number` came.
    numbers: Mutex<HashMap<u64, Vec<usize>>>,
    round: AtomicUsize,
    /// How long messages with a field `X-Sent` (microseconds since the sink began) took.
    took: Mutex<Vec<Duration>>,
    /// How many messages have a DKIM signature by each algorithm.
    signed: Mutex<HashMap<String, usize>>,
}

impl Sink {
    /// Starts on a free port of 127.0.0.1.
    pub fn start() -> Result<Self> {
        Self::start_at(Ipv4Addr::LOCALHOST, 0, Instant::now())
    }

    /// Starts on a port of an address of this machine; times are counted from `began`.
    pub fn start_at(address: Ipv4Addr, port: u16, began: Instant) -> Result<Self> {
        let listener = TcpListener::bind((address, port))?;
        let port = listener.local_addr()?.port();
        let seen = Arc::new(Seen::default());
        let all = seen.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = all.clone();
                thread::spawn(move || serve(&stream, &seen, began));
            }
        });
        Ok(Self { port, seen, began })
    }

    /// Messages taken so far.
    pub fn count(&self) -> usize {
        self.seen.count.load(Ordering::Acquire)
    }

    /// Messages taken so far that have a DKIM signature by this algorithm (`a=`, RFC 6376 §3.5).
    pub fn signed_by(&self, algorithm: &str) -> usize {
        self.seen.signed.lock().unwrap_or_else(PoisonError::into_inner).get(algorithm).copied().unwrap_or(0)
    }

    /// The value of a field `X-Sent` for a message that is sent now.
    pub fn now(&self) -> u128 {
        self.began.elapsed().as_micros()
    }

    /// How long messages with a field `X-Sent` took to come.
    pub fn took(&self) -> Vec<Duration> {
        self.seen.took.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What comes from now on comes in the next round.
    pub fn next_round(&self) {
        self.seen.round.fetch_add(1, Ordering::Relaxed);
    }

    /// The numbers that came, and in which rounds.
    pub fn numbers(&self) -> HashMap<u64, Vec<usize>> {
        self.seen.numbers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(stream: &TcpStream, seen: &Seen, began: Instant) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = (BufReader::with_capacity(65536, stream), stream);
    writer.write_all(b"220 sink.test ESMTP\r\n")?;
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let reply: &[u8] = match line.get(..4).map(<[u8]>::to_ascii_uppercase).as_deref() {
            Some(b"EHLO") => b"250-sink.test\r\n250-PIPELINING\r\n250-SIZE 60000000\r\n250 8BITMIME\r\n",
            Some(b"DATA") => {
                writer.write_all(b"354 Go on\r\n")?;
                let (mut number, mut sent, round) = (None, None, seen.round.load(Ordering::Relaxed));
                let (mut header, mut in_header) = (Vec::new(), true);
                while line != b".\r\n" {
                    line.clear();
                    if reader.read_until(b'\n', &mut line)? == 0 {
                        return Ok(());
                    }
                    in_header &= line != b"\r\n";
                    if in_header {
                        header.extend_from_slice(&line);
                    }
                    if let Some(value) = line.strip_prefix(b"X-Number: ") {
                        number = std::str::from_utf8(value).ok().and_then(|value| value.trim().parse().ok());
                    }
                    if let Some(value) = line.strip_prefix(b"X-Sent: ") {
                        sent = std::str::from_utf8(value).ok().and_then(|value| value.trim().parse().ok());
                    }
                }
                if let Some(number) = number {
                    let mut numbers = seen.numbers.lock().unwrap_or_else(PoisonError::into_inner);
                    numbers.entry(number).or_default().push(round);
                }
                if let Some(sent) = sent {
                    let took = began.elapsed().saturating_sub(Duration::from_micros(sent));
                    seen.took.lock().unwrap_or_else(PoisonError::into_inner).push(took);
                }
                for algorithm in algorithms(&String::from_utf8_lossy(&header)) {
                    *seen.signed.lock().unwrap_or_else(PoisonError::into_inner).entry(algorithm).or_default() += 1;
                }
                // Last, so that of what is counted everything else is known.
                seen.count.fetch_add(1, Ordering::Release);
                b"250 2.0.0 Ok\r\n"
            }
            Some(b"QUIT") => {
                writer.write_all(b"221 2.0.0 Bye\r\n")?;
                return Ok(());
            }
            _ => b"250 2.0.0 Ok\r\n",
        };
        writer.write_all(reply)?;
    }
}

/// The algorithms of a header's DKIM signatures.
fn algorithms(header: &str) -> BTreeSet<String> {
    let unfolded = header.replace("\r\n\t", " ").replace("\r\n ", " ");
    let signatures = unfolded.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("DKIM-Signature").then_some(value)
    });
    let tags = signatures.flat_map(|value| value.split(';'));
    tags.filter_map(|tag| Some(tag.trim().strip_prefix("a=")?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_counts_by_its_algorithm_wherever_the_field_is_folded() {
        let of = |header: &str| algorithms(header).into_iter().collect::<Vec<_>>();
        let rsa = "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=domain.test;\r\n\ts=bench; b=a=b\r\n";
        let ed25519 = "dkim-signature: v=1;\r\n a=ed25519-sha256; d=domain.test\r\n";
        assert_eq!(
            of(&format!("Received: from a; a=no\r\n{rsa}From: a@b.test\r\n{ed25519}")),
            ["ed25519-sha256", "rsa-sha256"]
        );
        assert_eq!(of(&format!("{rsa}{rsa}")), ["rsa-sha256"]);
        assert!(of("From: a@b.test\r\nX-DKIM-Signature: a=rsa-sha256\r\n").is_empty());
    }
}
