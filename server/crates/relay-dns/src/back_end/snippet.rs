//! A change as lines of a zone file, for a person who edits it by hand.

use super::PtrChange;

/// Old records as comments to look for, the new record as a line to put in. Names are absolute.
pub(super) fn lines(change: &PtrChange) -> String {
    let mut text = format!("; zone {}\n", change.zone);
    for name in &change.before {
        text += &format!("; remove: {}. IN PTR {name}.\n", change.owner);
    }
    if let Some(name) = &change.after {
        text += &format!("{}. {} IN PTR {name}.\n", change.owner, change.ttl);
    }
    text += "; then raise the serial number of the zone's SOA record and reload it\n";
    text
}
