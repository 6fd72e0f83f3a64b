//! A PostgreSQL of a test's own, to be stopped under a relay. Its durability is as PostgreSQL ships it.

use super::free_port;
use std::{
    fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// Stopped and removed when dropped.
pub struct Cluster {
    folder: TempDir,
    port: u16,
}

/// The newest of Debian's, or what is on `PATH`.
fn binaries() -> PathBuf {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    versions.sort();
    versions.into_iter().rfind(|folder| folder.join("initdb").is_file()).unwrap_or_default()
}

impl Cluster {
    /// Makes and starts one.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        if let Some((user, group)) = other_user() {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let cluster = Self { folder, port: free_port() };
        let data = cluster.data();
        cluster.run_program(
            "initdb",
            &["--username=relaykeep", "--auth=trust", "--encoding=UTF8", "--locale=C", "-D", &data],
        );
        cluster.run();
        cluster
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("postgres://relaykeep@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts it again.
    pub fn run(&self) {
        let options = format!("-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories=", self.port);
        let log = self.folder.path().join("log").display().to_string();
        self.run_program("pg_ctl", &["start", "-w", "-s", "-D", &self.data(), "-l", &log, "-o", &options]);
    }

    /// Sets a parameter for the next starts.
    pub fn set(&self, line: &str) {
        let file = Path::new(&self.data()).join("postgresql.conf");
        let mut settings = fs::read_to_string(&file).unwrap();
        settings.push_str(&format!("\n{line}\n"));
        fs::write(&file, settings).unwrap();
    }

    /// Stops it: `immediate` as a crash, `fast` with its connections cut.
    pub fn stop(&mut self, mode: &str) {
        self.run_program("pg_ctl", &["stop", "-w", "-s", "-m", mode, "-D", &self.data()]);
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn run_program(&self, program: &str, arguments: &[&str]) {
        let output = self.command(program).args(arguments).output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(binaries().join(program));
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        if let Some((user, group)) = other_user() {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let data = self.data();
        let _ = self.command("pg_ctl").args(["stop", "-w", "-s", "-m", "immediate", "-D", &data]).output();
    }
}

/// PostgreSQL refuses to run as root: then it runs as `postgres`, else as `nobody`.
fn other_user() -> Option<(u32, u32)> {
    let me = std::os::unix::fs::MetadataExt::uid(&fs::metadata(Path::new("/proc/self")).unwrap());
    if me != 0 {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").unwrap();
    let of = |name: &str| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map(|field| field.parse().unwrap());
        Some((numbers.next()?, numbers.next()?))
    };
    of("postgres").or_else(|| of("nobody"))
}
