//! What integration tests stand on: the real binary on fresh data, a real DNS server, a scripted sink, real clients.

pub mod cable;
pub mod clients;
pub mod dns;
pub mod html;
pub mod portal;
pub mod postfix;
pub mod postgres;
pub mod process;
pub mod relaykeep;
pub mod session;
pub mod sink;
pub mod stream;

pub use cable::Cable;
pub use dns::Dns;
pub use portal::{Page, Portal};
pub use postfix::Postfix;
pub use relaykeep::{Issued, Relaykeep, fresh_database};
pub use session::Session;
pub use sink::{Received, Sink};
pub use stream::Stream;

pub use crate::reverse_dns::process::free_port;

use std::time::{Duration, Instant};

/// How long anything may take on a busy machine before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Asks again until there is an answer; fails with `what` after [`PATIENCE`].
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
