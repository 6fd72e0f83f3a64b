//! The real binary, on a fresh data folder and database.

use super::{free_port, portal::Portal, process::Process, until};
use serde::Deserialize;
use std::{
    fmt::Write as _,
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};
use tempfile::TempDir;

/// Names of browser files, none of which is there.
const STAND_IN: &str = r#"{"css":"a.css","project":{"js":"a.js","wasm":"a.wasm"},"rules":{"js":"a.js","wasm":"a.wasm"},
    "names":{"js":"a.js","wasm":"a.wasm"},"platform":{"js":"a.js","wasm":"a.wasm"},"person":{"js":"a.js","wasm":"a.wasm"}}"#;

/// How many databases this run has made.
static DATABASES: AtomicUsize = AtomicUsize::new(0);

/// A secret that `relaykeep apply` issued.
#[derive(Debug, Clone, Deserialize)]
pub struct Issued {
    pub project: String,
    pub label: String,
    pub username: String,
    pub secret: String,
}

#[derive(Deserialize)]
struct Report {
    issued: Vec<Issued>,
    changed: usize,
}

/// One relay. Its address is 127.0.0.1 for all ports.
pub struct Relaykeep {
    folder: TempDir,
    database: String,
    settings: String,
    running: Option<Process>,
    /// What the shell that starts it does with the command.
    shell: Option<String>,
    pub portal_port: u16,
    /// STARTTLS, service accounts.
    pub submission: u16,
    /// Implicit TLS, service accounts.
    pub submissions: u16,
    /// No TLS, trusted networks.
    pub networks: u16,
}

impl Relaykeep {
    /// Prepares a relay whose configuration file has these further lines (top-level keys and sections).
    pub fn prepare(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = fresh_database(folder.path());
        let relay = Self {
            folder,
            database,
            settings: settings.to_owned(),
            running: None,
            shell: None,
            portal_port: free_port(),
            submission: free_port(),
            submissions: free_port(),
            networks: free_port(),
        };
        relay.write_config();
        relay
    }

    /// Another node on the same PostgreSQL, by this port of 127.0.0.1 when one is given.
    pub fn beside(&self, settings: &str, port: Option<u16>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(self.path("secret.key"), folder.path().join("secret.key")).unwrap();
        let database = match port {
            Some(port) => self.database.replace(&format!(":{}/", self.database_port()), &format!(":{port}/")),
            None => self.database.clone(),
        };
        let node = Self {
            folder,
            database,
            settings: settings.to_owned(),
            running: None,
            shell: None,
            portal_port: free_port(),
            submission: free_port(),
            submissions: free_port(),
            networks: free_port(),
        };
        node.write_config();
        node
    }

    /// Carries out a statement on its database, beside it.
    pub fn sql(&self, statement: &str) {
        let output = match self.database.strip_prefix("sqlite://") {
            Some(file) => {
                let program = "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1]) as c: c.execute(sys.argv[2])";
                Command::new("python3").args(["-c", program, file, statement]).output().unwrap()
            }
            None => {
                Command::new("psql").args([&self.database, "-v", "ON_ERROR_STOP=1", "-qc", statement]).output().unwrap()
            }
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// The port of its PostgreSQL.
    pub fn database_port(&self) -> u16 {
        let (_, place) = self.database.rsplit_once('@').expect("a PostgreSQL");
        place.split(['/', ':']).nth(1).and_then(|port| port.parse().ok()).expect("a port")
    }

    /// Prepares and starts.
    pub fn start(settings: &str) -> Self {
        let mut relay = Self::prepare(settings);
        relay.run();
        relay
    }

    fn write_config(&self) {
        // The site is a stand-in unless a real one was built: these tests ask the portal without a browser.
        let site = self.path("site");
        std::fs::create_dir_all(site.join("pkg")).unwrap();
        std::fs::write(site.join("pkg/manifest.json"), STAND_IN).unwrap();
        let mut text = format!(
            "data_dir = {:?}\nhostname = \"relay.test\"\n{}\n",
            self.folder.path().display().to_string(),
            self.settings
        );
        let listeners = [
            ("submission", self.submission, "starttls", "required"),
            ("submissions", self.submissions, "implicit", "required"),
            ("networks", self.networks, "none", "networks"),
        ];
        for (name, port, tls, auth) in listeners {
            let _ = write!(
                text,
                "[[listener]]\nname = \"{name}\"\nlisten = \"127.0.0.1:{port}\"\ntls = \"{tls}\"\nauth = \"{auth}\"\n"
            );
        }
        std::fs::write(self.path("relaykeep.toml"), text).unwrap();
    }

    /// A path in the data folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_relaykeep"));
        if let Some(shell) = &self.shell {
            command = Command::new("bash");
            command.args(["-c", shell, env!("CARGO_BIN_EXE_relaykeep")]);
        }
        command
            .args(arguments)
            .arg("--config")
            .arg(self.path("relaykeep.toml"))
            .env("RELAYKEEP_DATABASE_URL", &self.database)
            .env("RELAYKEEP_PORTAL_LISTEN", format!("127.0.0.1:{}", self.portal_port))
            .env("RELAYKEEP_PORTAL_SITE_DIR", self.path("site"));
        command
    }

    /// Starts the server and waits until it is ready.
    pub fn run(&mut self) {
        self.run_with(&[]);
    }

    /// As [`Self::run`], with these further flags.
    pub fn run_with(&mut self, flags: &[&str]) {
        let log = File::options().create(true).append(true).open(self.path("log")).unwrap();
        let mut command = self.command(&["serve"]);
        command.args(flags);
        command.stdout(log.try_clone().unwrap()).stderr(log).stdin(Stdio::null());
        self.running = Some(Process::start(&mut command));
        let url = format!("{}/readyz", self.url());
        until("/readyz", || {
            if let Some(status) = self.running.as_mut().and_then(|process| process.0.try_wait().unwrap()) {
                panic!("relaykeep ended with {status}\n{}", self.log());
            }
            let answer = Command::new("curl").args(["-fsS", "-m", "5", &url]).output().unwrap();
            answer.status.success().then_some(())
        });
    }

    /// As [`Self::run`], on a disk where no file may grow beyond so many KiB.
    pub fn run_on_a_disk_of(&mut self, kib: u32) {
        // Writing beyond the limit is then an error and not a signal.
        self.run_by(&format!("trap '' XFSZ; ulimit -f {kib}; exec \"$0\" \"$@\""));
    }

    /// As [`Self::run`], by a shell that does this with the command, which is `"$0" "$@"`.
    pub fn run_by(&mut self, shell: &str) {
        self.shell = Some(shell.to_owned());
        self.run();
        self.shell = None;
    }

    /// Another database from the next start on.
    pub fn use_database(&mut self, url: &str) {
        url.clone_into(&mut self.database);
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        drop(self.running.take());
    }

    /// Waits until it has ended by itself, and says how.
    pub fn wait_for_the_end(&mut self) -> std::process::ExitStatus {
        let mut process = self.running.take().expect("it runs");
        until("the end of the process", || process.0.try_wait().unwrap())
    }

    /// The process, for signals.
    pub fn process(&self) -> &Process {
        self.running.as_ref().expect("it runs")
    }

    /// The certificate it made for itself.
    pub fn certificate(&self) -> PathBuf {
        self.path("relay.test.crt")
    }

    /// A number of /metrics; 0 when it has none of this name (with its labels).
    pub fn metric(&self, name: &str) -> f64 {
        let url = format!("{}/metrics", self.url());
        let answer = Command::new("curl").args(["-fsS", "-m", "30", &url]).output().unwrap();
        let text = String::from_utf8_lossy(&answer.stdout).into_owned();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|number| number.parse().ok()).unwrap_or(0.0)
    }

    /// Waits until nothing is due or in flight: every recipient has met its fate, or is held.
    pub fn wait_until_queue_is_empty(&self) {
        let waiting = || self.metric("relaykeep_queue_due") + self.metric("relaykeep_queue_in_flight");
        until("an empty queue", || (waiting() == 0.0).then_some(()));
    }

    /// What it has printed and logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Base of the portal.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.portal_port)
    }

    /// Runs another subcommand on the same data, with this on its standard input.
    pub fn subcommand(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Begins another subcommand on the same data, whose standard output goes to this file of the data folder.
    pub fn begin(&self, arguments: &[&str], output: &str) -> Process {
        let output = File::create(self.path(output)).unwrap();
        Process::start(self.command(arguments).stdin(Stdio::null()).stdout(output))
    }

    /// Runs the binary with these arguments alone: none of this relay's settings reach it.
    pub fn bare(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_relaykeep")).args(arguments).stdin(Stdio::null()).output().unwrap()
    }

    /// Applies YAML; returns what was issued.
    pub fn apply(&self, yaml: &str) -> Vec<Issued> {
        self.apply_counted(yaml).0
    }

    /// Applies YAML; returns what was issued and how much was changed.
    pub fn apply_counted(&self, yaml: &str) -> (Vec<Issued>, usize) {
        let file = self.path("apply.yaml");
        std::fs::write(&file, yaml).unwrap();
        let output = self.subcommand(&["apply", &file.display().to_string()], "");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let report: Report = serde_json::from_slice(&output.stdout).unwrap();
        (report.issued, report.changed)
    }

    /// A browser that nobody has signed in with.
    pub fn stranger(&self) -> Portal {
        Portal::new(&self.url(), &self.path(&format!("{}.cookies", free_port())))
    }

    /// Makes an operator and signs in as them.
    pub fn operator(&self) -> Portal {
        let (email, password) = ("operator@relay.test", "correct horse battery");
        let output = self.subcommand(&["operator", "create", "--email", email, "--password-stdin"], password);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let portal = Portal::new(&self.url(), &self.path("operator.cookies"));
        portal.sign_in(email, password);
        portal
    }
}

/// `sqlite://` in the folder, or a new database on the PostgreSQL that the run was given.
pub fn fresh_database(folder: &Path) -> String {
    match std::env::var("RELAYKEEP_TEST_DATABASE").as_deref() {
        Ok("postgres") => {
            let server = std::env::var("RELAYKEEP_TEST_POSTGRES").expect("RELAYKEEP_TEST_POSTGRES names a PostgreSQL");
            let name = format!("it_{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
            let sql = format!("CREATE DATABASE {name}");
            let made = Command::new("psql").args([&server, "-v", "ON_ERROR_STOP=1", "-qc", &sql]).output().unwrap();
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            let (base, _) = server.rsplit_once('/').expect("a URL with a database");
            format!("{base}/{name}")
        }
        _ => format!("sqlite://{}", folder.join("relaykeep.sqlite").display()),
    }
}
