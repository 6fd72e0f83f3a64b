//! A program that sends: one SMTP session, command by command.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use socket2::{Domain, Socket, Type};

/// A relay that does not answer for so long hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// An open session, past EHLO.
pub struct Client {
    /// One handle for both ways: many sessions are open at a time.
    stream: BufReader<TcpStream>,
}

impl Client {
    /// To a port of 127.0.0.1.
    pub fn open(port: u16) -> Result<Self> {
        Self::begin_session(TcpStream::connect((Ipv4Addr::LOCALHOST, port))?)
    }

    /// As [`Self::open`], from another address of this machine.
    pub fn open_from(source: Ipv4Addr, port: u16) -> Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((source, 0)).into())?;
        socket.connect(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
        Self::begin_session(socket.into())
    }

    fn begin_session(stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut client = Self { stream: BufReader::with_capacity(1_024, stream) };
        client.expect("220")?;
        client.say("EHLO client.test\r\n", &["250"])?;
        Ok(client)
    }

    /// Sends commands in one segment; each must be answered with its code.
    pub fn say(&mut self, commands: &str, codes: &[&str]) -> Result<()> {
        self.stream.get_mut().write_all(commands.as_bytes())?;
        codes.iter().try_for_each(|code| self.expect(code))
    }

    /// Begins a transaction with one recipient, up to the `354`.
    pub fn begin(&mut self, recipient: &str) -> Result<()> {
        let commands = format!("MAIL FROM:<bench@domain.test>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n");
        self.say(&commands, &["250", "250", "354"])
    }

    /// A whole transaction. `fields` are header fields with their line ends.
    pub fn send(&mut self, recipient: &str, fields: &str, body: &[u8]) -> Result<()> {
        self.begin(recipient)?;
        self.content(fields, body)
    }

    /// The rest of a transaction that was begun.
    pub fn content(&mut self, fields: &str, body: &[u8]) -> Result<()> {
        let mut content = format!("From: bench@domain.test\r\n{fields}\r\n").into_bytes();
        content.extend_from_slice(body);
        content.extend_from_slice(b"\r\n.\r\n");
        self.stream.get_mut().write_all(&content)?;
        self.expect("250")
    }

    /// Says goodbye.
    pub fn quit(mut self) -> Result<()> {
        self.say("QUIT\r\n", &["221"])
    }

    /// Reads one reply, which must have this code.
    pub fn expect(&mut self, code: &str) -> Result<()> {
        let reply = self.reply()?;
        ensure!(reply.starts_with(code), "{code} was expected, not {reply}");
        Ok(())
    }

    /// The last line of the next reply.
    pub fn reply(&mut self) -> Result<String> {
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).context("no reply")? == 0 {
                bail!("the connection ended");
            }
            if line.as_bytes().get(3) == Some(&b' ') {
                return Ok(line.trim_end().to_owned());
            }
        }
    }
}
