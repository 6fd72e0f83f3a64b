//! Programs that end with their test, and waiting for them.

use std::{
    net::{TcpListener, UdpSocket},
    path::Path,
    process::{Child, Command},
    sync::atomic::{AtomicU16, Ordering},
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

/// A port of TCP and UDP that was free a moment ago, below those the kernel gives to what goes out: a question to DNS may
/// take one of those at any moment.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = std::process::id() % 20_000;
    loop {
        let turn = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(10_000 + (begin + turn * 7) % 20_000).unwrap();
        let here = ("127.0.0.1", port);
        if TcpListener::bind(here).is_ok() && UdpSocket::bind(here).is_ok() {
            return port;
        }
    }
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
