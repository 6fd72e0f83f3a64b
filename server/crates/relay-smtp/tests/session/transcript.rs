//! Runs transcripts against the session. See `transcripts/README.md` for their lines.

use crate::describe::describe;
use relay_smtp::{AuthRule, Output, Session, SessionConfig, TlsFacts, TlsOffer, Verdict, reply_wire};
use relay_types::{
    Timestamp,
    reply::{EnhancedCode, Reply},
};
use std::{collections::VecDeque, path::Path};

/// Runs every section of `transcripts/{area}.txt`; fails with the name and line of each section that does not hold.
pub fn check(area: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts").join(format!("{area}.txt"));
    let text = std::fs::read_to_string(&path).expect("the transcript file exists");
    let mut failures = Vec::new();
    let mut name = String::new();
    let mut lines = Vec::new();
    let mut sections = 0;
    for (at, line) in text.lines().chain(["== end"]).enumerate() {
        if let Some(next) = line.strip_prefix("== ") {
            if !lines.is_empty() {
                sections += 1;
                if let Err(why) = run(&lines) {
                    failures.push(format!("{area}.txt: {name}\n    {why}"));
                }
            }
            name = next.to_owned();
            lines.clear();
        } else if !line.is_empty() && !line.starts_with('#') {
            lines.push((at + 1, line));
        }
    }
    assert!(sections > 0, "{area}.txt has no section");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn run(lines: &[(usize, &str)]) -> Result<(), String> {
    let mut config = SessionConfig::new("relay.example");
    let mut script: &[(usize, &str)] = lines;
    while let Some(((_, line), rest)) = script.split_first() {
        let Some(settings) = line.strip_prefix("config: ") else { break };
        settings.split(' ').for_each(|setting| configure(&mut config, setting));
        script = rest;
    }
    let mut play = Play::new(config);
    for (number, line) in script {
        play.line(line).map_err(|why| format!("line {number}: {line}\n    {why}"))?;
    }
    play.nothing_left().map_err(|why| format!("at the end: {why}"))
}

fn configure(config: &mut SessionConfig, setting: &str) {
    let (key, value) = setting.split_once('=').expect("key=value");
    let number = || value.parse().expect("a number");
    match (key, value) {
        ("tls", "none") => config.tls = TlsOffer::None,
        ("tls", "starttls") => config.tls = TlsOffer::StartTls,
        ("tls", "implicit") => config.tls = TlsOffer::Implicit,
        ("auth", "required") => config.auth = AuthRule::Required,
        ("auth", "networks") => config.auth = AuthRule::Networks,
        ("auth", "either") => config.auth = AuthRule::Either,
        ("plaintext_auth", _) => config.plaintext_auth = value == "yes",
        ("size", _) => config.size_limit = number() as u64,
        ("recipients", _) => config.recipients_limit = number(),
        ("errors", _) => config.errors_limit = number(),
        // To the end of the year in which the tests are at home.
        ("hold", _) => config.hold_limit = Some((number() as u64, Timestamp(1_798_761_599_999))),
        ("transactions", _) => config.transactions_limit = number(),
        _ => panic!("no such setting: {setting}"),
    }
}

/// What the session gave out, one wire line or one other thing at a time.
#[derive(Debug)]
enum Seen {
    Line(String),
    Question(String),
    Other(&'static str),
}

struct Play {
    session: Session,
    seen: VecDeque<Seen>,
    content: Vec<u8>,
}

impl Play {
    fn new(config: SessionConfig) -> Self {
        Self { session: Session::new(config), seen: VecDeque::new(), content: Vec::new() }
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        let (mark, rest) = line.split_at_checked(2).ok_or("a line begins with a mark")?;
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        match mark {
            "C:" => self.send(format!("{rest}\r\n").as_bytes()),
            "C!" => self.send(&unescape(rest)),
            "E:" => self.event(rest),
            "S:" => self.expect(|seen| matches!(seen, Seen::Line(line) if line == rest)),
            "O:" => self.expect(|seen| matches!(seen, Seen::Other(other) if *other == rest)),
            "=:" => {
                self.pull();
                let content = std::mem::take(&mut self.content);
                let expected = unescape(rest);
                if content == expected {
                    Ok(())
                } else {
                    Err(format!("the content is {:?}", String::from_utf8_lossy(&content)))
                }
            }
            "?:" => {
                let (question, verdict) = rest.split_once(" => ").ok_or("?: question => verdict")?;
                self.expect(|seen| matches!(seen, Seen::Question(asked) if asked == question))?;
                self.session.answer(parse_verdict(verdict));
                Ok(())
            }
            _ => match line.strip_prefix("given: ") {
                Some(state) => self.given(state),
                None => Err("unknown mark".into()),
            },
        }
    }

    /// Brings a new session to a usual state by its usual commands, whose replies other sections show.
    fn given(&mut self, state: &str) -> Result<(), String> {
        const GREETED: &[&str] = &["E: greet", "*", "C: EHLO client.example", "*"];
        const SECURE: &[&str] = &["C: STARTTLS", "*", "E: tls", "C: EHLO client.example", "*"];
        const AUTHENTICATED: &[&str] =
            &["C: AUTH PLAIN AGFwcEBjbG91ZAB3b3Jk", "?: authenticate PLAIN app@cloud word => accept", "*"];
        const SENDER: &[&str] = &["C: MAIL FROM:<a@b.example>", "?: mail <a@b.example> => accept", "*"];
        const RECIPIENT: &[&str] = &["C: RCPT TO:<c@d.example>", "?: rcpt c@d.example => accept", "*"];
        const DATA: &[&str] = &["C: DATA", "?: data => accept", "*"];
        let steps: &[&[&str]] = &[GREETED, SECURE, AUTHENTICATED, SENDER, RECIPIENT, DATA];
        let names = ["greeted", "secure", "authenticated", "sender", "recipient", "data"];
        let trusted: &[&[&str]] = &[GREETED, SENDER, RECIPIENT, DATA];
        let (steps, upto) = match state.strip_prefix("trusted ") {
            Some(state) => (trusted, ["greeted", "sender", "recipient", "data"].iter().position(|n| *n == state)),
            None => (steps, names.iter().position(|n| *n == state)),
        };
        let upto = upto.ok_or("no such state")?;
        for line in steps[..=upto].iter().copied().flatten() {
            if *line == "*" {
                self.pull();
                self.seen.clear();
            } else {
                self.line(line)?;
            }
        }
        Ok(())
    }

    fn event(&mut self, event: &str) -> Result<(), String> {
        self.nothing_left()?;
        match event {
            "greet" => self.session.greet(),
            "idle" => self.session.idle_timeout(),
            "shutdown" => self.session.shutdown(),
            "eof" => self.session.eof(),
            "tls" => self.session.tls_established(TlsFacts { version: "TLSv1.3".into(), cipher: "A".into() }),
            _ => return Err("no such event".into()),
        }
        Ok(())
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.nothing_left()?;
        self.session.receive(bytes);
        Ok(())
    }

    fn expect(&mut self, wanted: impl Fn(&Seen) -> bool) -> Result<(), String> {
        if self.seen.is_empty() {
            self.pull();
        }
        match self.seen.pop_front() {
            Some(seen) if wanted(&seen) => Ok(()),
            other => Err(format!("got {other:?}")),
        }
    }

    fn nothing_left(&mut self) -> Result<(), String> {
        self.pull();
        match self.seen.front() {
            None => Ok(()),
            Some(seen) => Err(format!("not expected: {seen:?}")),
        }
    }

    fn pull(&mut self) {
        while let Some(output) = self.session.poll() {
            match output {
                Output::Reply(reply) => {
                    let mut wire = Vec::new();
                    reply_wire::write(&reply, &mut wire);
                    let wire = String::from_utf8(wire).expect("replies are ASCII");
                    self.seen.extend(wire.split_terminator("\r\n").map(|line| Seen::Line(line.to_owned())));
                }
                Output::Ask(question) => self.seen.push_back(Seen::Question(describe(&question))),
                Output::Content(piece) => self.content.extend(piece),
                Output::DiscardContent => {
                    self.content.clear();
                    self.seen.push_back(Seen::Other("discard"));
                }
                Output::StartTls => self.seen.push_back(Seen::Other("starttls")),
                Output::Close => self.seen.push_back(Seen::Other("close")),
            }
        }
    }
}

fn parse_verdict(text: &str) -> Verdict {
    let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
    let reply = || {
        let mut words = rest.splitn(3, ' ');
        let code = words.next().and_then(|w| w.parse().ok()).expect("a code");
        let enhanced = words.next().and_then(EnhancedCode::parse).expect("an enhanced code");
        Reply { code, enhanced: Some(enhanced), lines: vec![words.next().expect("a text").to_owned()] }
    };
    match verb {
        "accept" => Verdict::Accept,
        "queued" => Verdict::Queued(rest.to_owned()),
        "refuse" => Verdict::Refuse(reply()),
        "close" => Verdict::Close(reply()),
        _ => panic!("no such verdict: {text}"),
    }
}

/// Undoes `\r`, `\n`, `\0`, `\\`, `\xHH`, and `{text*count}`.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c == '{' {
            let (repeated, tail) = rest.split_once('}').expect("{text*count}");
            let (what, count) = repeated.rsplit_once('*').expect("{text*count}");
            bytes.extend(unescape(what).repeat(count.parse().expect("a count")));
            rest = tail;
        } else if c == '\\' {
            let kind = rest.chars().next().expect("an escape");
            rest = &rest[kind.len_utf8()..];
            match kind {
                'r' => bytes.push(b'\r'),
                'n' => bytes.push(b'\n'),
                '0' => bytes.push(0),
                '\\' => bytes.push(b'\\'),
                'x' => {
                    bytes.push(u8::from_str_radix(&rest[..2], 16).expect("two hexadecimal digits"));
                    rest = &rest[2..];
                }
                _ => panic!("no such escape: {kind}"),
            }
        } else {
            bytes.extend(c.to_string().bytes());
        }
    }
    bytes
}
