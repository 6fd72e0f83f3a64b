//! The load that every relay gets: Postfix's `smtp-source`, a connection for each message. What was sent has come when the
//! sink has counted it.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::figure::Figure;
use crate::packages;
use crate::progress;
use crate::rig::{PATIENCE, Sink};

/// Sessions at a time, on all ports together.
pub const SESSIONS: usize = 20;
/// Octets of a small message.
pub const SMALL: usize = 5_120;
/// Messages of a run that is not counted.
const WARM_UP: usize = 200;

/// How much is sent.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Messages in all.
    pub messages: usize,
    /// Octets of each without its header.
    pub octets: usize,
}

impl Load {
    /// A first run that is not counted warms caches on both sides.
    pub fn warm_up(self, relay: &str, ports: &[u16], sink: &Sink) -> Result<()> {
        Load { messages: WARM_UP, ..self }.send(&format!("{relay}, warm-up"), ports, sink)?;
        Ok(())
    }

    /// Sends as much to each port of a relay, and waits for all of it at the sink.
    pub fn send(self, relay: &str, ports: &[u16], sink: &Sink) -> Result<Figure> {
        let each = self.messages / ports.len();
        let (before, messages) = (sink.count(), each * ports.len());
        let began = Instant::now();
        let sources = ports.iter().map(|&port| self.source(port, each, SESSIONS / ports.len()));
        let mut sources = sources.collect::<Result<Vec<Child>>>()?;
        // All end before one is judged.
        let ends = sources.iter_mut().map(Child::wait).collect::<Vec<_>>();
        for end in ends {
            ensure!(end?.success(), "smtp-source was refused by {relay}");
        }
        let accepted = began.elapsed();
        while sink.count() < before + messages {
            ensure!(began.elapsed() < PATIENCE, "{relay}: only {} of {messages} arrived", sink.count() - before);
            std::thread::park_timeout(Duration::from_millis(2));
        }
        let delivered = began.elapsed();
        progress::note(&format!("{relay}: {messages} accepted in {accepted:.2?}, delivered in {delivered:.2?}"));
        let load = Load { messages, ..self };
        Ok(Figure { relay: relay.to_owned(), load, accepted, delivered })
    }

    fn source(self, port: u16, messages: usize, sessions: usize) -> Result<Child> {
        let program = packages::find("smtp-source").context("smtp-source is missing (Debian: postfix)")?;
        let mut source = Command::new(program);
        source
            .args(["-s", &sessions.to_string(), "-l", &self.octets.to_string(), "-m", &messages.to_string()])
            .args(["-f", "bench@domain.test", "-t", "someone@sink.test", "-M", "client.test"])
            .arg(format!("127.0.0.1:{port}"));
        source.spawn().context("cannot start smtp-source")
    }
}
