//! Debian's Postfix: an instance of its own in a fresh folder, relaying to the sink.
//!
//! Its queue is on the same disk, and it writes durably as it always does. It has to be started as root.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{
    packages,
    rig::{Sink, free_port, scratch, wait_for},
    workspace::run,
};

/// Stopped by its own command and removed when dropped.
pub struct Postfix {
    /// Where it takes mail of this machine.
    pub port: u16,
    program: PathBuf,
    folder: PathBuf,
}

impl Postfix {
    /// Starts one that relays to the sink, with further lines of `main.cf`.
    pub fn start(sink: &Sink, lines: &str) -> Result<Self> {
        let program = packages::find("postfix").context("postfix is missing")?;
        let postfix = Self { port: free_port()?, program, folder: scratch("postfix")? };
        configure(&postfix.folder, &postfix.config(), postfix.port, sink.port, lines)?;
        run(Command::new(&postfix.program).arg("-c").arg(postfix.config()).arg("start"))?;
        wait_for(postfix.port)?;
        Ok(postfix)
    }

    fn config(&self) -> PathBuf {
        self.folder.join("etc")
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let _ = Command::new(&self.program).arg("-c").arg(self.config()).arg("stop").output();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn configure(folder: &Path, config: &Path, port: u16, sink: u16, lines: &str) -> Result<()> {
    let (queue, data) = (folder.join("queue"), folder.join("data"));
    for made in [config, &queue, &data] {
        fs::create_dir_all(made)?;
    }
    // The queue manager runs as the user postfix and must be able to reach its folders.
    run(Command::new("chown").arg("postfix").arg(&data))?;
    let mail_owner_reads = "compatibility_level = 3.6\nmaillog_file = /dev/null\nmaillog_file_prefixes = /dev\n";
    let main = format!(
        "{mail_owner_reads}queue_directory = {}\ndata_directory = {}\nmyhostname = relay.test\nmydestination =\n\
         inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmynetworks = 127.0.0.0/8\n\
         relayhost = [127.0.0.1]:{sink}\nsmtp_tls_security_level = none\nsmtpd_tls_security_level = none\n\
         smtpd_relay_restrictions = permit_mynetworks, reject\nsmtpd_client_connection_count_limit = 0\n\
         alias_maps =\nalias_database =\nlocal_recipient_maps =\ndefault_destination_concurrency_limit = 20\n{lines}",
        queue.display(),
        data.display()
    );
    fs::write(config.join("main.cf"), main)?;
    let system = fs::read_to_string("/etc/postfix/master.cf")
        .or_else(|_| fs::read_to_string("/usr/share/postfix/master.cf.dist"))
        .context("postfix has no master.cf")?;
    fs::write(config.join("master.cf"), master(&system, port))?;
    let set_up = Command::new("postfix").arg("-c").arg(config).arg("check").output()?;
    ensure!(set_up.status.success(), "postfix check: {}", String::from_utf8_lossy(&set_up.stderr));
    Ok(())
}

/// The distribution's services with smtpd on our port and nothing in a chroot.
fn master(system: &str, port: u16) -> String {
    let mut lines = Vec::new();
    let mut keep = true;
    for line in system.lines().filter(|line| !line.starts_with('#')) {
        if !line.starts_with([' ', '\t']) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            keep = fields.get(1) != Some(&"inet") && fields.len() >= 8;
            if keep {
                let mut fields = fields;
                fields[4] = "n";
                lines.push(fields.join(" "));
                continue;
            }
        }
        if keep {
            lines.push(line.to_owned());
        }
    }
    lines.push(format!("127.0.0.1:{port} inet n - n - - smtpd"));
    lines.join("\n") + "\n"
}
