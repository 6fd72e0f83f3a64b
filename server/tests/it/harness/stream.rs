//! A stream of server-sent events, as curl writes it down.

use super::{free_port, process::Process, until};
use std::{
    cell::RefCell,
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// One open stream; it is closed when it is dropped.
pub struct Stream {
    curl: RefCell<Process>,
    head: PathBuf,
    body: PathBuf,
}

impl Stream {
    /// Opens the stream with the cookies of `jar`.
    pub fn open(url: &str, jar: &Path, fields: &[&str]) -> Self {
        let own = free_port();
        let (head, body) = (jar.with_extension(format!("{own}.head")), jar.with_extension(format!("{own}.body")));
        let mut command = Command::new("curl");
        command.args(["-sS", "-N", "-b"]).arg(jar).arg("-D").arg(&head);
        command.args(fields.iter().flat_map(|field| ["-H", *field])).arg(url);
        command.stdin(Stdio::null()).stdout(File::create(&body).unwrap());
        Self { curl: RefCell::new(Process::start(&mut command)), head, body }
    }

    /// The header fields of the answer, once it has come.
    pub fn head(&self) -> String {
        let head = std::fs::read_to_string(&self.head).unwrap_or_default();
        if head.ends_with("\r\n\r\n") { head } else { String::new() }
    }

    /// All it has heard.
    pub fn text(&self) -> String {
        std::fs::read_to_string(&self.body).unwrap_or_default()
    }

    /// Where it has come to.
    pub fn last_id(&self) -> String {
        let text = self.text();
        text.lines().rev().find_map(|line| line.strip_prefix("id: ")).expect("an id").to_owned()
    }

    /// Waits until it has heard this.
    pub fn wait_for(&self, text: &str) {
        until(text, || self.text().contains(text).then_some(()));
    }

    /// Waits until the server has ended it.
    pub fn wait_for_the_end(&self) {
        until("the end of the stream", || self.curl.borrow_mut().0.try_wait().unwrap());
    }
}
