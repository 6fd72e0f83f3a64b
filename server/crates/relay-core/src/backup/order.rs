//! In which order tables are written, so that each row's parents are there before it.

use std::collections::{BTreeMap, BTreeSet};

/// Tables behind those they point to. A table that points to itself does not wait; of tables in a ring (there are none)
/// the first by name goes first.
pub(super) fn of(tables: Vec<String>, pointing: &[(String, String)]) -> Vec<String> {
    let mut waiting: BTreeMap<String, BTreeSet<&str>> = tables
        .into_iter()
        .map(|table| {
            let parents = pointing.iter().filter(|(from, to)| *from == table && from != to);
            let parents = parents.map(|(_, to)| to.as_str()).collect();
            (table, parents)
        })
        .collect();
    let mut order = Vec::new();
    while let Some(first) = waiting.keys().next().cloned() {
        let free = |parents: &BTreeSet<&str>| !parents.iter().any(|parent| waiting.contains_key(*parent));
        let next = waiting.iter().find(|(_, parents)| free(parents)).map_or(first, |(table, _)| table.clone());
        waiting.remove(&next);
        order.push(next);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_come_first() {
        let tables = ["event", "message", "project", "recipient"].map(str::to_owned).to_vec();
        let pointing = [("event", "message"), ("recipient", "message"), ("message", "project"), ("message", "message")];
        let pointing = pointing.map(|(from, to)| (from.to_owned(), to.to_owned()));
        assert_eq!(of(tables, &pointing), ["project", "message", "event", "recipient"]);
    }
}
