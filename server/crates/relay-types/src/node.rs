//! Nodes: the processes that serve one database.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, time::Duration};

/// What a node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The portal and the HTTP API.
    Web,
    /// SMTP listeners.
    Submission,
    /// Workers that empty the queue.
    Delivery,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Web, Self::Submission, Self::Delivery];

    /// As in the configuration and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Submission => "submission",
            Self::Delivery => "delivery",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| format!("a role is web, submission or delivery, not {text}"))
    }
}

/// How much a node has to do, and how fast its database takes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeLoad {
    /// Recipients on their way now: deliveries that run.
    pub deliveries: u64,
    /// Open SMTP sessions.
    pub sessions: u64,
    /// Octets of memory in use (resident).
    pub memory: u64,
    /// Commits in a second, since the last sign of life but one.
    pub commits: f64,
    /// Milliseconds of a round of commits, from its begin to its fsync, on average; none when there was none.
    pub commit_ms: Option<f64>,
    /// Milliseconds of its COMMIT alone, which is the fsync, on average; none when there was none.
    pub fsync_ms: Option<f64>,
    /// Jobs of a commit on average.
    pub batch: Option<f64>,
    /// Recipients made due again that gone processes had, or whose leases ran out, since the start.
    pub recovered: u64,
    /// Milliseconds by which its clock is ahead of the database's; behind when below 0.
    pub ahead_ms: i64,
    /// The warning of each of its listeners that takes secrets in clear (the legacy profile), in words.
    pub plaintext_auth: Vec<String>,
}

/// How a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeState {
    /// It gives signs of life.
    Running,
    /// It was stopped in order.
    Stopped,
    /// It gave none for longer than may be: it died, or is cut off from the database.
    Missing,
}

/// A node as the operator sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeStatus {
    /// Name in addresses: its identifier.
    pub id: String,
    /// The machine's name.
    pub host: String,
    /// Version of the program.
    pub version: String,
    /// What it does.
    pub roles: Vec<Role>,
    /// When the process started.
    pub started_at: Timestamp,
    /// Its last sign of life.
    pub seen_at: Timestamp,
    /// How it stands.
    pub state: NodeState,
    /// Whether it carries out what one node does for all.
    pub leader: bool,
    /// Whether it answered this question.
    pub here: bool,
    /// What it has to do.
    pub load: NodeLoad,
}

/// All nodes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Nodes {
    /// Those that run first, then by host.
    pub nodes: Vec<NodeStatus>,
}

impl Nodes {
    fn running(&self) -> impl Iterator<Item = &NodeStatus> {
        self.nodes.iter().filter(|node| node.state == NodeState::Running)
    }

    /// Whether running nodes have different versions.
    pub fn versions_differ(&self) -> bool {
        let mut versions = self.running().map(|node| &node.version);
        let first = versions.next();
        versions.any(|version| Some(version) != first)
    }

    /// Hosts of nodes that are missing.
    pub fn missing(&self) -> Vec<&NodeStatus> {
        self.nodes.iter().filter(|node| node.state == NodeState::Missing).collect()
    }

    /// Running nodes whose clocks are wrong, if the database's is right.
    pub fn clocks_wrong(&self) -> Vec<&NodeStatus> {
        self.running().filter(|node| node.load.ahead_ms.unsigned_abs() > CLOCKS_APART.as_millis() as u64).collect()
    }

    /// What running nodes warn of because listeners of theirs take secrets in clear. Nodes may say the same.
    pub fn plaintext_auth(&self) -> impl Iterator<Item = &String> {
        self.running().flat_map(|node| &node.load.plaintext_auth)
    }

    /// Roles that no running node has: mail waits, or nobody can sign in.
    pub fn roles_of_nobody(&self) -> Vec<Role> {
        Role::ALL.into_iter().filter(|role| !self.running().any(|node| node.roles.contains(role))).collect()
    }
}

/// Clocks that are further apart are to be set: retries, expiry and what pages show go by the clock of each node.
pub const CLOCKS_APART: Duration = Duration::from_secs(5);

/// After so long without a sign of life a node is missing, and what it had is due again.
pub const MISSING_AFTER: Duration = Duration::from_secs(30);
