//! How a measurement is told: in words as it goes, or with `--json` as one array at the end, an object for each row.

use serde_json::Value;

/// What a measurement found so far.
pub(super) struct Figures {
    json: bool,
    rows: Vec<Value>,
}

impl Figures {
    pub(super) fn new(json: bool) -> Self {
        Self { json, rows: Vec::new() }
    }

    /// Words that are no row. With `--json` words go to standard error.
    pub(super) fn say(&self, words: &str) {
        if self.json { eprintln!("{words}") } else { println!("{words}") }
    }

    /// A row in words, and as an object whose keys name quantity and unit.
    pub(super) fn tell(&mut self, words: &str, row: Value) {
        self.say(words);
        self.rows.push(row);
    }

    /// Nothing more is measured.
    pub(super) fn end(self) {
        if self.json {
            println!("{}", Value::from(self.rows));
        }
    }
}
