//! Mail that a rig sends by itself, and what it cost the relay.

use std::time::Duration;

/// The body of a message of 5 KB.
pub fn lines() -> Vec<u8> {
    [&[b'x'; 990][..], b"\r\n"].concat().repeat(5)
}

/// Mail of some turns, accepted and delivered.
#[derive(Default)]
pub struct Mail {
    /// How much.
    pub messages: usize,
    /// From the first connection to the last message at the sink.
    pub took: Duration,
    /// Processor time of the relay meanwhile.
    pub worked: Duration,
}

impl Mail {
    /// Adds another turn.
    pub fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.took += other.took;
        self.worked += other.worked;
    }

    /// Messages a second.
    pub fn a_second(&self) -> f64 {
        self.messages as f64 / self.took.as_secs_f64()
    }

    /// Milliseconds of processor time a message.
    pub fn each(&self) -> f64 {
        1e3 * self.worked.as_secs_f64() / self.messages as f64
    }
}
