//! A scripted mail server: takes what it is told to take, refuses what it is told to refuse, keeps every octet.

use super::until;
use std::{
    collections::{BTreeMap, HashMap},
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// A message as it arrived: content dot-unstuffed, with its CRLFs.
#[derive(Debug, Clone, Default)]
pub struct Received {
    pub helo: String,
    pub mail: String,
    pub rcpt: Vec<String>,
    /// The lines of MAIL, of each RCPT, and of BDAT.
    pub said: Vec<String>,
    pub content: Vec<u8>,
}

impl Received {
    /// The content as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.content).into_owned()
    }

    /// Values of the header fields of this name, unfolded.
    pub fn header(&self, name: &str) -> Vec<String> {
        let text = self.text();
        let head = text.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ").replace("\r\n\t", " ");
        let matching = head
            .split("\r\n")
            .filter_map(|line| line.split_once(':'))
            .filter(|(field, _)| field.eq_ignore_ascii_case(name));
        matching.map(|(_, value)| value.trim().to_owned()).collect()
    }

    /// What follows the first empty line.
    pub fn body(&self) -> Vec<u8> {
        let at = self.content.windows(4).position(|four| four == b"\r\n\r\n").map_or(self.content.len(), |at| at + 4);
        self.content[at..].to_vec()
    }
}

#[derive(Default)]
struct State {
    received: Vec<Received>,
    /// Replies at RCPT by address; the last one stays.
    rcpt_replies: HashMap<String, Vec<String>>,
    /// How often RCPT came for an address.
    asked: HashMap<String, usize>,
}

/// The server; it listens until the test process ends.
#[derive(Clone)]
pub struct Sink {
    pub port: u16,
    state: Arc<Mutex<State>>,
    /// Keywords offered beside the usual ones.
    offers: &'static str,
}

impl Sink {
    /// Starts on a free port of 127.0.0.1.
    pub fn start() -> Self {
        Self::offering("")
    }

    /// As [`Self::start`]; offers these keywords too, each behind `250-` and with its line end.
    pub fn offering(offers: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let sink = Self { port: listener.local_addr().unwrap().port(), state: Arc::default(), offers };
        let serving = sink.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let sink = serving.clone();
                thread::spawn(move || sink.serve(stream));
            }
        });
        sink
    }

    /// Answers RCPT for this address with these replies, one an attempt; the last one stays.
    pub fn answer_rcpt(&self, address: &str, replies: &[&str]) {
        let replies = replies.iter().map(|reply| (*reply).to_owned()).collect();
        self.state.lock().unwrap().rcpt_replies.insert(address.to_owned(), replies);
    }

    /// Everything that arrived so far.
    pub fn received(&self) -> Vec<Received> {
        self.state.lock().unwrap().received.clone()
    }

    /// How often each numbered message (a field `X-Number`) has arrived.
    pub fn numbers(&self) -> BTreeMap<usize, usize> {
        let mut numbers = BTreeMap::new();
        for received in self.received() {
            *numbers.entry(received.header("X-Number")[0].parse().unwrap()).or_default() += 1;
        }
        numbers
    }

    /// How often RCPT came for this address.
    pub fn asked(&self, address: &str) -> usize {
        self.state.lock().unwrap().asked.get(address).copied().unwrap_or(0)
    }

    /// Waits until `count` messages arrived.
    pub fn wait_for(&self, count: usize) -> Vec<Received> {
        until(&format!("{count} messages at the sink"), || {
            let received = self.received();
            (received.len() >= count).then_some(received)
        })
    }

    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut writer = stream;
        let mut current = Received::default();
        let mut say = |reply: &str| writer.write_all(format!("{reply}\r\n").as_bytes()).ok();
        say("220 sink.test ESMTP")?;
        loop {
            let mut line = Vec::new();
            if reader.read_until(b'\n', &mut line).ok()? == 0 {
                return None;
            }
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => {
                    current.helo = line[4..].trim().to_owned();
                    let offers = self.offers;
                    say(&format!(
                        "250-sink.test\r\n{offers}250-PIPELINING\r\n250-SIZE 60000000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES",
                    ))?;
                }
                "HELO" => {
                    say("250 sink.test")?;
                }
                "MAIL" => {
                    current = Received { helo: current.helo, mail: address_of(&line), ..Received::default() };
                    current.said.push(line);
                    say("250 2.1.0 Ok")?;
                }
                "RCPT" => {
                    let address = address_of(&line);
                    let reply = self.rcpt_reply(&address);
                    current.said.push(line);
                    if reply.starts_with('2') {
                        current.rcpt.push(address);
                    }
                    say(&reply)?;
                }
                "DATA" if current.rcpt.is_empty() => {
                    say("554 5.5.1 No valid recipients")?;
                }
                "DATA" => {
                    say("354 Go on")?;
                    current.content = content(&mut reader)?;
                    self.state.lock().unwrap().received.push(std::mem::take(&mut current));
                    say("250 2.0.0 Ok")?;
                }
                "BDAT" => {
                    let octets = line.split(' ').nth(1)?.parse().ok()?;
                    let mut chunk = vec![0; octets];
                    reader.read_exact(&mut chunk).ok()?;
                    current.content.extend(chunk);
                    if line.ends_with(" LAST") {
                        current.said.push(line);
                        self.state.lock().unwrap().received.push(std::mem::take(&mut current));
                    }
                    say("250 2.0.0 Ok")?;
                }
                "RSET" | "NOOP" => {
                    say("250 2.0.0 Ok")?;
                }
                "QUIT" => {
                    say("221 2.0.0 Bye")?;
                    return None;
                }
                _ => {
                    say("500 5.5.1 What")?;
                }
            }
        }
    }

    fn rcpt_reply(&self, address: &str) -> String {
        let mut state = self.state.lock().unwrap();
        *state.asked.entry(address.to_owned()).or_default() += 1;
        match state.rcpt_replies.get_mut(address) {
            Some(replies) if replies.len() > 1 => replies.remove(0),
            Some(replies) => replies[0].clone(),
            None => "250 2.1.5 Ok".to_owned(),
        }
    }
}

fn address_of(line: &str) -> String {
    line.split_once('<')
        .and_then(|(_, rest)| rest.rsplit_once('>'))
        .map(|(address, _)| address.to_owned())
        .unwrap_or_default()
}

/// Reads to the lone dot; every line must end in CRLF, or it is no mail.
fn content(reader: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line).ok()? == 0 {
            return None;
        }
        assert!(line.ends_with(b"\r\n"), "a bare LF came over the wire: {line:?}");
        if line == b".\r\n" {
            return Some(whole);
        }
        whole.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
