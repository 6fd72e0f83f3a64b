//! The environment: which variable a key has. A `RELAYKEEP_` variable that nothing reads is an error with the nearest
//! name, so that a misspelt one never leaves a default in force unseen.

use super::{KEYS, file::nearest};
use anyhow::{Result, bail};

/// Names the configuration file.
pub const CONFIG: &str = "RELAYKEEP_CONFIG";
/// Lists the listeners.
pub const LISTENER: &str = "RELAYKEEP_LISTENER";
/// What begins so belongs to those who test the program and says nothing to it.
const FOR_TESTS: &str = "RELAYKEEP_TEST_";

/// `portal.listen` → `RELAYKEEP_PORTAL_LISTEN`.
pub fn name_of(key: &str) -> String {
    format!("RELAYKEEP_{}", key.replace('.', "_").to_uppercase())
}

/// Refuses a variable that begins like ours and is none.
pub fn judge(variables: impl Iterator<Item = String>) -> Result<()> {
    let known: Vec<String> =
        KEYS.iter().map(|key| name_of(key.name)).chain([CONFIG.to_owned(), LISTENER.to_owned()]).collect();
    for name in variables.filter(|name| name.starts_with("RELAYKEEP_") && !name.starts_with(FOR_TESTS)) {
        if known.contains(&name) {
            continue;
        }
        match nearest(&name, known.iter().map(String::as_str)) {
            Some(nearest) => bail!("unknown environment variable {name}; did you mean {nearest}?"),
            None => bail!("unknown environment variable {name}"),
        }
    }
    Ok(())
}
