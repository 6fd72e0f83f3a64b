//! A relay under load, as `bench` and `crash` use it: the release build with an installation of its own, and a mail server
//! behind it. Everything is on 127.0.0.1, in a folder below the target folder, and ends by itself.

mod client;
mod dns;
mod processor;
mod relay;
mod sink;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::packages;
use crate::postgres::Cluster;
use crate::workspace;

pub use client::Client;
pub use dns::Dns;
pub use processor::of_process as processor_time;
pub use relay::{Lines, Relay};
pub use sink::Sink;

/// What has not happened by then has failed.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// Where a relay keeps what it has.
pub enum Database {
    /// In its folder.
    Sqlite,
    /// In a cluster of its own.
    Postgres(Cluster),
}

impl Database {
    /// As named on the command line.
    pub fn start(name: &str) -> Result<Self> {
        Ok(match name {
            "sqlite" => Self::Sqlite,
            "postgres" => {
                packages::for_postgres()?;
                Self::Postgres(Cluster::start()?)
            }
            other => bail!("--database is sqlite or postgres, not {other}"),
        })
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    /// Processor time of its own processes so far. SQLite has none: it runs within the relay's.
    pub fn processor_time(&self) -> Result<Duration> {
        match self {
            Self::Sqlite => Ok(Duration::ZERO),
            Self::Postgres(cluster) => processor::of_tree(cluster.id()),
        }
    }
}

/// A fresh folder below the target folder, on the disk that is measured.
pub fn scratch(name: &str) -> Result<PathBuf> {
    let folder = workspace::target_dir()?.join("bench").join(format!("{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// A port that was free a moment ago.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Waits until something listens.
pub fn wait_for(port: u16) -> Result<()> {
    until(&format!("something to listen on port {port}"), || {
        Ok(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok())
    })
}

/// The body of a page of the portal.
fn http_get(port: u16, path: &str) -> Result<String> {
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no answer")?;
    ensure!(head.starts_with("HTTP/1.1 200 "), "{path}: {}", head.lines().next().unwrap_or_default());
    Ok(body.to_owned())
}

/// Waits until it is so.
pub fn until(what: &str, is_so: impl Fn() -> Result<bool>) -> Result<()> {
    let began = Instant::now();
    while !is_so()? {
        ensure!(began.elapsed() < PATIENCE, "waited {} s for {what}", PATIENCE.as_secs());
        std::thread::park_timeout(Duration::from_millis(5));
    }
    Ok(())
}
