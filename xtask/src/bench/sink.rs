//! Where the load ends: a mail server that takes everything and counts.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Result;

/// Listens until the process ends.
pub struct Sink {
    /// Its port on 127.0.0.1.
    pub port: u16,
    count: Arc<AtomicUsize>,
}

impl Sink {
    /// Starts on a free port.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let count = Arc::new(AtomicUsize::new(0));
        let counter = count.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counter = counter.clone();
                thread::spawn(move || serve(&stream, &counter));
            }
        });
        Ok(Self { port, count })
    }

    /// Messages taken so far.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}

fn serve(stream: &TcpStream, counter: &AtomicUsize) -> std::io::Result<()> {
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
                while line != b".\r\n" {
                    line.clear();
                    if reader.read_until(b'\n', &mut line)? == 0 {
                        return Ok(());
                    }
                }
                counter.fetch_add(1, Ordering::Relaxed);
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
