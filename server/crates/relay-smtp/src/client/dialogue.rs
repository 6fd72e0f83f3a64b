//! What was said, for the message's page: secrets and content left out, bounded.

use relay_types::{message::DialogueLine, reply::Reply};

/// Characters of a line, and lines of a transaction, that are kept.
const KEPT_CHARACTERS: usize = 1000;
const KEPT_LINES: usize = 600;

/// Gathers lines.
#[derive(Debug, Default)]
pub struct Dialogue {
    lines: Vec<DialogueLine>,
    left_out: usize,
}

impl Dialogue {
    /// A line of ours, without its line end. Never pass a secret.
    pub fn ours(&mut self, line: &str) {
        self.add(true, line);
    }

    /// A reply of theirs, each line with its codes.
    pub fn theirs(&mut self, reply: &Reply) {
        let enhanced = reply.enhanced.map(|code| format!("{code} ")).unwrap_or_default();
        let last = reply.lines.len().saturating_sub(1);
        for (at, line) in reply.lines.iter().enumerate() {
            let separator = if at == last { ' ' } else { '-' };
            self.add(false, &format!("{}{separator}{enhanced}{line}", reply.code));
        }
    }

    /// The size of content we sent, in its stead.
    pub fn content(&mut self, octets: u64) {
        self.add(true, &format!("({} octets)", grouped(octets)));
    }

    /// Everything so far; begins anew.
    pub fn take(&mut self) -> Vec<DialogueLine> {
        let left_out = std::mem::take(&mut self.left_out);
        let mut lines = std::mem::take(&mut self.lines);
        if left_out > 0 {
            lines.push(DialogueLine { ours: true, text: format!("({left_out} more lines)") });
        }
        lines
    }

    fn add(&mut self, ours: bool, line: &str) {
        if self.lines.len() >= KEPT_LINES {
            self.left_out += 1;
            return;
        }
        self.lines.push(DialogueLine { ours, text: line.trim_end().chars().take(KEPT_CHARACTERS).collect() });
    }
}

/// `4310` as `4,310`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (4310, "4,310"), (52_428_800, "52,428,800")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn a_long_dialogue_says_how_much_it_leaves_out() {
        let mut dialogue = Dialogue::default();
        for _ in 0..KEPT_LINES + 5 {
            dialogue.ours("NOOP");
        }
        let lines = dialogue.take();
        assert_eq!(lines.last().map(|line| line.text.as_str()), Some("(5 more lines)"));
        assert!(dialogue.take().is_empty());
    }
}
