//! What the pages must never contain, because leptos 0.8 writes it unescaped or the content policy blocks it.

use std::{fs, path::Path};

/// Text, the one file that may have it, and why nobody else may.
const FORBIDDEN: [(&str, &str, &str); 5] = [
    ("<textarea", "components/raw_text.rs", "its content is not escaped on the server; use TextareaField"),
    ("<Title", "components/raw_text.rs", "its text is not escaped on the server; use PageHeader or SafeTitle"),
    ("inner_html", "", "it is not escaped at all"),
    ("<script", "components/boot.rs", "only the boot script has the nonce"),
    (" style=\"", "", "the content policy blocks style attributes; use a class"),
];

#[test]
fn pages_use_the_guarded_elements() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&source, &mut |path, text| {
        let name = path.strip_prefix(&source).expect("below the source").to_string_lossy().replace('\\', "/");
        let code = text.split("#[cfg(all(test").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for (what, allowed, why) in FORBIDDEN {
                if line.contains(what) && name != allowed {
                    found.push(format!("{name}:{}: {what}: {why}", number + 1));
                }
            }
        }
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn walk(folder: &Path, each: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).expect("a folder of sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, each);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            each(&path, &fs::read_to_string(&path).expect("a source file"));
        }
    }
}
