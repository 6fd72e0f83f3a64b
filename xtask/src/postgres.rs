//! A PostgreSQL cluster of our own for one test run: made, started, stopped and removed by us.
//!
//! Durability is left as PostgreSQL ships it, so that tests see what an installation would. Listens on 127.0.0.1 only,
//! with a password made for the run. PostgreSQL refuses to run as root, so as root it runs as `postgres` or `nobody`.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::workspace::{on_path, output};

/// How long a cluster may take to answer, or to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running cluster; dropping it stops it and removes its folder.
pub struct Cluster {
    binaries: PathBuf,
    folder: PathBuf,
    owner: Option<Owner>,
    server: Child,
    url: String,
}

/// The account the cluster runs as when we are root.
#[derive(Clone, Copy)]
struct Owner {
    uid: u32,
    gid: u32,
}

impl Cluster {
    /// Makes and starts a cluster and waits until it takes connections.
    pub fn start() -> Result<Cluster> {
        let binaries = binaries().context("PostgreSQL's initdb and postgres are not on this machine")?;
        let owner = if is_root()? { Some(Owner::find()?) } else { None };
        let folder = private_folder(owner)?;
        let password = random_hex()?;
        let port = free_port()?;
        let mut started = start_in(&binaries, &folder, owner, &password, port);
        if let Err(error) = &mut started {
            let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
            let _ = fs::remove_dir_all(&folder);
            bail!("PostgreSQL did not start: {error:#}\n{log}");
        }
        let url = format!("postgres://relaykeep:{password}@127.0.0.1:{port}/postgres");
        Ok(Cluster { binaries, folder, owner, server: started?, url })
    }

    /// Where it is, for a superuser who may make databases: `postgres://relaykeep:…@127.0.0.1:PORT/postgres`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The process whose children serve the connections.
    pub fn id(&self) -> u32 {
        self.server.id()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = as_owner(&self.binaries.join("pg_ctl"), &self.folder, self.owner);
        stop.args(["stop", "--silent", "--mode=immediate", "--pgdata"]).arg(self.folder.join("data"));
        // Nothing in the cluster is wanted any more; a cluster that does not stop is killed.
        if output(&mut stop).is_err() {
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The folder of PostgreSQL's server programs: from `PATH`, else the newest version Debian's packages installed.
pub fn binaries() -> Option<PathBuf> {
    if let Some(folder) = on_path("initdb").as_deref().and_then(Path::parent) {
        return Some(folder.to_path_buf());
    }
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let numbered = versions.filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())));
    let newest = numbered.filter(|(_, path)| path.join("bin/initdb").is_file()).max()?;
    Some(newest.1.join("bin"))
}

/// Whether this process runs as root.
pub fn is_root() -> Result<bool> {
    Ok(fs::metadata("/proc/self").context("cannot tell who runs this")?.uid() == 0)
}

impl Owner {
    fn find() -> Result<Owner> {
        let accounts = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
        let named = |name| accounts.lines().find_map(|line| Owner::parse(line, name));
        named("postgres")
            .or_else(|| named("nobody"))
            .context("PostgreSQL does not run as root, and neither postgres nor nobody exists here")
    }

    fn parse(line: &str, name: &str) -> Option<Owner> {
        let mut fields = line.split(':');
        if fields.next()? != name {
            return None;
        }
        Some(Owner { uid: fields.nth(1)?.parse().ok()?, gid: fields.next()?.parse().ok()? })
    }
}

fn start_in(binaries: &Path, folder: &Path, owner: Option<Owner>, password: &str, port: u16) -> Result<Child> {
    let secret = folder.join("password");
    owned_file(&secret, owner)?.write_all(password.as_bytes())?;
    let mut initdb = as_owner(&binaries.join("initdb"), folder, owner);
    initdb.args(["--username=relaykeep", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256"]);
    initdb.arg(format!("--pwfile={}", secret.display())).arg("--pgdata").arg(folder.join("data"));
    output(&mut initdb)?;

    let log = owned_file(&folder.join("log"), owner)?;
    let mut postgres = as_owner(&binaries.join("postgres"), folder, owner);
    postgres.arg("-D").arg(folder.join("data"));
    let settings = [
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={port}"),
        "unix_socket_directories=".to_owned(),
        // Tests run side by side, each with a pool on a database of its own.
        "max_connections=400".to_owned(),
    ];
    for setting in settings {
        postgres.args(["-c", &setting]);
    }
    postgres.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    let mut server = postgres.spawn().context("cannot start postgres")?;
    wait_until_ready(&mut server, &folder.join("log"))?;
    Ok(server)
}

/// PostgreSQL says in its log when it takes connections; its programs for asking may not be installed.
fn wait_until_ready(server: &mut Child, log: &Path) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Some(status) = server.try_wait()? {
            bail!("it ended with {status}");
        }
        if fs::read_to_string(log)?.contains("ready to accept connections") {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let _ = server.kill();
    bail!("it was not ready within {} s", PATIENCE.as_secs());
}

fn as_owner(program: &Path, folder: &Path, owner: Option<Owner>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env("LC_ALL", "C");
    if let Some(owner) = owner {
        command.uid(owner.uid).gid(owner.gid);
    }
    command
}

/// A new folder only the cluster's owner may enter. Under the system's folder for temporary files, because the target
/// folder may lie where that owner cannot go.
fn private_folder(owner: Option<Owner>) -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("relaykeep-postgres-{}", random_hex()?));
    fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
    if let Some(owner) = owner {
        chown(&folder, Some(owner.uid), Some(owner.gid))?;
    }
    Ok(folder)
}

fn owned_file(path: &Path, owner: Option<Owner>) -> Result<File> {
    let file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    if let Some(owner) = owner {
        chown(path, Some(owner.uid), Some(owner.gid))?;
    }
    Ok(file)
}

fn random_hex() -> Result<String> {
    let mut bytes = [0; 12];
    File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes)).context("no /dev/urandom")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn free_port() -> Result<u16> {
    match TcpListener::bind("127.0.0.1:0") {
        Ok(listener) => Ok(listener.local_addr()?.port()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => bail!("no free port on 127.0.0.1"),
        Err(error) => Err(error.into()),
    }
}
