//! Programs that end with their test, and waiting for them.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command},
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(20);

/// Killed when dropped, by its own id.
pub struct Process(pub Child);

impl Process {
    pub fn start(command: &mut Command) -> Self {
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asks until there is an answer.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "waited {PATIENCE:?} for: {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Where Debian keeps a program for the system, which is not on everyone's `PATH`.
pub fn system_program(name: &str) -> String {
    let found = ["/usr/sbin", "/usr/bin"].into_iter().map(|folder| format!("{folder}/{name}"));
    found.into_iter().find(|path| Path::new(path).exists()).unwrap_or_else(|| panic!("{name} is not installed"))
}

/// What dig prints with `+short`, sorted: asked of one server, without recursion.
pub fn dig(address: &str, port: u16, arguments: &[&str]) -> Vec<String> {
    let output = Command::new("dig")
        .args([&format!("@{address}"), "-p", &port.to_string(), "+short", "+norecurse", "+tries=2", "+time=2"])
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut lines: Vec<String> = text.lines().filter(|line| !line.starts_with(";;")).map(str::to_owned).collect();
    lines.sort();
    lines
}
