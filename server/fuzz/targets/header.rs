//! The header section of a message. The file itself is compiled here, so that the fuzzer need not build the use cases.

#![no_main]

#[path = "../../crates/relay-core/src/submission/header.rs"]
#[expect(dead_code, reason = "the use cases need more of it")]
mod header;

use header::HeaderSection;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|message: &[u8]| {
    let spoiled = header::is_spoiled(message);
    let lines = header::are_lines(message);
    assert!(!lines || (!spoiled && message.ends_with(b"\n")));
    assert!(message.starts_with(header::of_binary(message)));
    header::is_too_large(message);
    let Ok(section) = HeaderSection::scan(message) else { return };
    let mut at = 0;
    for field in &section.fields {
        assert_eq!(field.place.start, at, "fields follow each other");
        assert!(!field.name.is_empty() && field.name.bytes().all(|b| b.is_ascii_graphic() && b != b':'));
        at = field.place.end;
    }
    assert_eq!(section.end, at);
    assert!(section.end <= section.body && section.body <= message.len());
    if !spoiled && section.body > section.end {
        assert_eq!(HeaderSection::body_of(message), Some(section.body), "both ways to find the body agree");
    }
});
