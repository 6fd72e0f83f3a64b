//! Where the load ends: a mail server that takes everything, counts, and notes the numbers of numbered messages.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Result;

/// Listens until the process ends.
pub struct Sink {
    /// Its port on 127.0.0.1.
    pub port: u16,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    count: AtomicUsize,
    /// How often each number of a field `X-Number` came.
    numbers: Mutex<HashMap<u64, u32>>,
}

impl Sink {
    /// Starts on a free port.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let seen = Arc::new(Seen::default());
        let all = seen.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = all.clone();
                thread::spawn(move || serve(&stream, &seen));
            }
        });
        Ok(Self { port, seen })
    }

    /// Messages taken so far.
    pub fn count(&self) -> usize {
        self.seen.count.load(Ordering::Relaxed)
    }

    /// The numbers that came, and how often.
    pub fn numbers(&self) -> HashMap<u64, u32> {
        self.seen.numbers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(stream: &TcpStream, seen: &Seen) -> std::io::Result<()> {
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
                let mut number = None;
                while line != b".\r\n" {
                    line.clear();
                    if reader.read_until(b'\n', &mut line)? == 0 {
                        return Ok(());
                    }
                    if let Some(value) = line.strip_prefix(b"X-Number: ") {
                        number = std::str::from_utf8(value).ok().and_then(|value| value.trim().parse().ok());
                    }
                }
                if let Some(number) = number {
                    *seen.numbers.lock().unwrap_or_else(PoisonError::into_inner).entry(number).or_default() += 1;
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
