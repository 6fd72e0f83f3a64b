//! "Something changed here": the words a live page listens for. They say where, never what.

use serde::{Deserialize, Serialize};

/// What a live page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Topic {
    /// The project's messages and numbers; for the operator's console the portal's own mail.
    Messages,
    /// The one message that is watched.
    Message,
    /// Refusals of the project; for the operator's console those without a project.
    Refusals,
    /// The queue of all projects.
    Queue,
    /// Listeners of this node.
    Listeners,
    /// The nodes, with their load.
    Nodes,
    /// Addresses, tickets, changes of names; for the desk of all projects, and its long work.
    Names,
}

impl Topic {
    /// All topics.
    pub const ALL: [Self; 7] =
        [Self::Messages, Self::Message, Self::Refusals, Self::Queue, Self::Listeners, Self::Nodes, Self::Names];

    /// The word in the stream.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Message => "message",
            Self::Refusals => "refusals",
            Self::Queue => "queue",
            Self::Listeners => "listeners",
            Self::Nodes => "nodes",
            Self::Names => "names",
        }
    }

    /// The topic of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == word)
    }
}
