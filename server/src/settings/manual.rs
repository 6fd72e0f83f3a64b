//! `relaykeep config`: all keys with meaning and default, as a configuration file to start from.

use super::{KEYS, environment, listener::LISTENER_KEYS};
use std::fmt::Write;

/// The manual. It is itself a valid configuration file: every key is a comment with its default.
pub fn print() -> String {
    let mut text = String::from(
        "# All settings of Relaykeep with their defaults. Each key is also a flag (--portal-listen)\n\
         # and an environment variable (RELAYKEEP_PORTAL_LISTEN); a flag wins over the environment,\n\
         # the environment over this file.\n",
    );
    let mut section = "";
    for key in KEYS {
        let (place, name) = key.name.split_once('.').unwrap_or(("", key.name));
        if place != section {
            section = place;
            let _ = write!(text, "\n[{section}]\n");
        }
        let _ = write!(
            text,
            "\n# {}\n# ({})\n# {name} = {}\n",
            key.meaning,
            environment::name_of(key.name),
            literal(key.default)
        );
    }
    text.push_str("\n# Listeners are a list; with none given, three on 127.0.0.1 are opened for a trial:\n# 2587 (STARTTLS, service accounts), 2465 (implicit TLS, service accounts), 2525 (trusted networks).\n# As a flag: --listener name=submission,listen=127.0.0.1:2587,tls=starttls,auth=required\n# In the environment: RELAYKEEP_LISTENER, several between semicolons.\n# [[listener]]\n");
    for (name, default, meaning) in LISTENER_KEYS {
        let _ = write!(text, "# {meaning}\n# {name} = {}\n", literal(default));
    }
    text
}

fn literal(default: &str) -> String {
    if default == "true" || default == "false" || (!default.is_empty() && default.bytes().all(|b| b.is_ascii_digit())) {
        return default.to_owned();
    }
    format!("\"{default}\"")
}
