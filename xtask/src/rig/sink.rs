//! Where the load ends: a mail server that takes everything, counts, and notes the numbers of numbered messages.

use std::collections::HashMap;
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
    /// How often each number of a field `X-Number` came.
    numbers: Mutex<HashMap<u64, u32>>,
    /// How long messages with a field `X-Sent` (microseconds since the sink began) took.
    took: Mutex<Vec<Duration>>,
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
        self.seen.count.load(Ordering::Relaxed)
    }

    /// The value of a field `X-Sent` for a message that is sent now.
    pub fn now(&self) -> u128 {
        self.began.elapsed().as_micros()
    }

    /// How long messages with a field `X-Sent` took to come.
    pub fn took(&self) -> Vec<Duration> {
        self.seen.took.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The numbers that came, and how often.
    pub fn numbers(&self) -> HashMap<u64, u32> {
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
                let (mut number, mut sent) = (None, None);
                while line != b".\r\n" {
                    line.clear();
                    if reader.read_until(b'\n', &mut line)? == 0 {
                        return Ok(());
                    }
                    if let Some(value) = line.strip_prefix(b"X-Number: ") {
                        number = std::str::from_utf8(value).ok().and_then(|value| value.trim().parse().ok());
                    }
                    if let Some(value) = line.strip_prefix(b"X-Sent: ") {
                        sent = std::str::from_utf8(value).ok().and_then(|value| value.trim().parse().ok());
                    }
                }
                if let Some(number) = number {
                    *seen.numbers.lock().unwrap_or_else(PoisonError::into_inner).entry(number).or_default() += 1;
                }
                if let Some(sent) = sent {
                    let took = began.elapsed().saturating_sub(Duration::from_micros(sent));
                    seen.took.lock().unwrap_or_else(PoisonError::into_inner).push(took);
                }
                seen.count.fetch_add(1, Ordering::Relaxed);
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
