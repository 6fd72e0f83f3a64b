//! Debian's opendkim, which signs what Postfix takes: a milter on a port of 127.0.0.1.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use crate::packages;
use crate::rig::{free_port, scratch, wait_for};
use crate::workspace::run;

/// Ended and removed when dropped.
pub struct OpenDkim {
    port: u16,
    server: Child,
    folder: PathBuf,
}

impl OpenDkim {
    /// Makes a key of 2048 bits and starts a signer for this domain. As the relay does, it signs From once more than it is
    /// there, and in relaxed form; it writes no log.
    pub fn start(domain: &str) -> Result<Self> {
        let (port, folder) = (free_port()?, scratch("opendkim")?);
        let generator = packages::find("opendkim-genkey").context("opendkim-genkey is missing (opendkim-tools)")?;
        run(Command::new(generator).args(["-b", "2048", "-s", "bench", "-d", domain, "-D"]).arg(&folder))?;
        let config = folder.join("opendkim.conf");
        let text = format!(
            "Mode s\nDomain {domain}\nSelector bench\nKeyFile {}\nCanonicalization relaxed/relaxed\n\
             SignatureAlgorithm rsa-sha256\nOversignHeaders From\nInternalHosts 127.0.0.1\nSocket inet:{port}@127.0.0.1\n\
             Background no\nAutoRestart no\nRequireSafeKeys no\nSyslog no\n",
            folder.join("bench.private").display()
        );
        fs::write(&config, text)?;
        let program = packages::find("opendkim").context("opendkim is missing")?;
        let server = Command::new(program).args(["-f", "-x"]).arg(&config).stdin(Stdio::null()).spawn()?;
        let opendkim = Self { port, server, folder };
        wait_for(port)?;
        Ok(opendkim)
    }

    /// The lines of Postfix's `main.cf` that let it sign. Mail that it cannot sign is refused for now.
    pub fn main_cf(&self) -> String {
        format!("smtpd_milters = inet:127.0.0.1:{}\nmilter_default_action = tempfail\n", self.port)
    }
}

impl Drop for OpenDkim {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
