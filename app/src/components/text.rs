//! Numbers and sizes as people read them. The same on the server and in the browser.

use leptos::prelude::*;

/// `4,812`
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 message`, `4,812 messages`
pub fn count(value: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(value), if value == 1 { one } else { many })
}

/// `640 bytes`, `4.2 KB`, `12 MB`
pub fn size(octets: u64) -> String {
    let (unit, name) = match octets {
        0..1_000 => return count(octets, "byte", "bytes"),
        1_000..1_000_000 => (100, "KB"),
        1_000_000..1_000_000_000 => (100_000, "MB"),
        _ => (100_000_000, "GB"),
    };
    let tenths = octets / unit;
    if tenths < 100 { format!("{}.{} {name}", tenths / 10, tenths % 10) } else { format!("{} {name}", tenths / 10) }
}

/// `38 ms`, `1.4 s`, `41 min`, `3 h`, `12 days`
pub fn duration(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        60_000..3_600_000 => format!("{} min", milliseconds / 60_000),
        3_600_000..172_800_000 => format!("{} h", milliseconds / 3_600_000),
        _ => format!("{} days", milliseconds / 86_400_000),
    }
}

/// What a button is about, for screen readers: in a list each row has the same words in sight.
#[component]
pub fn Unseen(
    /// The row's name.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    view! { <span class="unseen">" " {text}</span> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([number(0), number(999), number(1_000), number(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [size(1), size(640), size(4_210), size(12_400_000), size(50_000_000)],
            ["1 byte", "640 bytes", "4.2 KB", "12 MB", "50 MB"]
        );
        assert_eq!([duration(38), duration(1_420), duration(2_460_000)], ["38 ms", "1.4 s", "41 min"]);
    }
}
