//! A real Postfix on a free port of this machine, with a configuration and a queue of its own.
//!
//! Postfix runs for root alone. Where the tests are run by someone else there is none, and what needs it says so.

use super::{free_port, until};
use std::{
    fs,
    net::TcpStream,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// The server; it stops with the test.
pub struct Postfix {
    folder: TempDir,
    /// Where it takes mail from this machine.
    pub port: u16,
}

/// Services of a Postfix that takes mail by SMTP and sends it on, none of them in a chroot.
const SERVICES: &str = "pickup unix n - n 60 1 pickup\n\
    cleanup unix n - n - 0 cleanup\n\
    qmgr unix n - n 300 1 qmgr\n\
    tlsmgr unix - - n 1000? 1 tlsmgr\n\
    rewrite unix - - n - - trivial-rewrite\n\
    bounce unix - - n - 0 bounce\n\
    defer unix - - n - 0 bounce\n\
    trace unix - - n - 0 bounce\n\
    verify unix - - n - 1 verify\n\
    proxymap unix - - n - - proxymap\n\
    smtp unix - - n - - smtp\n\
    relay unix - - n - - smtp\n\
    error unix - - n - - error\n\
    retry unix - - n - - error\n\
    discard unix - - n - - discard\n\
    anvil unix - - n - 1 anvil\n\
    scache unix - - n - 1 scache\n\
    postlog unix-dgram n - n - 1 postlogd\n";

impl Postfix {
    /// Whether it can run here.
    pub fn can_run() -> bool {
        let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
        if !root {
            eprintln!("Postfix runs only for root: this was not tested");
        }
        root
    }

    /// Starts with these lines at the end of `main.cf`. In them and in `files` (name and text), `/etc/postfix/` is the
    /// folder of this instance.
    pub fn start(lines: &str, files: &[(&str, &str)]) -> Self {
        let postfix = Self { folder: tempfile::tempdir().unwrap(), port: free_port() };
        let here = postfix.folder.path();
        // Its daemons run as another user.
        fs::set_permissions(here, fs::Permissions::from_mode(0o755)).unwrap();
        for folder in ["config", "queue", "data"] {
            fs::create_dir(here.join(folder)).unwrap();
        }
        let (user, group) = (id("-u"), id("-g"));
        chown(here.join("data"), Some(user), Some(group)).unwrap();
        let main = format!(
            "compatibility_level = 3.6\nqueue_directory = {0}/queue\ndata_directory = {0}/data\n\
             myhostname = client.test\nmydestination =\nmynetworks = 127.0.0.0/8\nalias_maps =\n\
             inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\ndisable_dns_lookups = yes\nsmtp_host_lookup = native\n\
             maillog_file = {0}/log\nmaillog_file_prefixes = {0}\n\
             smtpd_relay_restrictions = permit_mynetworks, reject\n",
            here.display()
        );
        let services = format!("127.0.0.1:{} inet n - n - - smtpd\n{SERVICES}", postfix.port);
        postfix.write("main.cf", &(main + lines));
        postfix.write("master.cf", &services);
        for (name, text) in files {
            postfix.write(name, text);
        }
        postfix.command("start");
        until("Postfix", || TcpStream::connect(("127.0.0.1", postfix.port)).ok());
        postfix
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    fn write(&self, name: &str, text: &str) {
        let name = Path::new(name).file_name().unwrap();
        let text = text.replace("/etc/postfix/", &format!("{}/", self.config().display()));
        fs::write(self.config().join(name), text).unwrap();
    }

    fn command(&self, what: &str) {
        let output = Command::new("postfix").arg("-c").arg(self.config()).arg(what).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "postfix {what}: {said}\n{}", self.log());
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("Postfix logged:\n{}", self.log());
        }
        let _ = Command::new("postfix").arg("-c").arg(self.config()).arg("stop").output();
    }
}

fn id(which: &str) -> u32 {
    let output = Command::new("id").args([which, "postfix"]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("there is a user postfix")
}
