//! What the pages must never contain, because leptos 0.8 writes it unescaped or the content policy blocks it; and what
//! they may only name when it is there: classes of the style sheet.

use std::{collections::BTreeSet, fs, path::Path};

/// Text, the one file that may have it, and why nobody else may. `…` stands for anything on the line.
const FORBIDDEN: [(&str, &str, &str); 12] = [
    ("<textarea", "components/raw_text.rs", "its content is not escaped on the server; use TextareaField"),
    ("<Title", "components/raw_text.rs", "its text is not escaped on the server; use PageHeader or SafeTitle"),
    ("inner_html", "", "it is not escaped at all"),
    ("innerHTML", "", "it is not escaped at all"),
    ("outerHTML", "", "it is not escaped at all"),
    ("<script", "components/boot.rs", "only the boot script has the nonce"),
    ("<style", "", "the content policy blocks it; write a file in style/"),
    ("<Style", "", "the content policy blocks it, and it breaks hydration; write a file in style/"),
    (" style=\"", "", "the content policy blocks style attributes; use a class"),
    (" style=move", "", "the content policy blocks style attributes; use a class"),
    (" style=format!", "", "the content policy blocks style attributes; use a class"),
    ("href={", "", "an address is made of our own paths before it is drawn, never of what somebody typed"),
];

/// Why a line of `name` may not be; none when it may.
fn wrong(name: &str, line: &str) -> Option<String> {
    let found = FORBIDDEN.iter().find(|(what, allowed, _)| line.contains(what) && name != *allowed);
    if let Some((what, _, why)) = found {
        return Some(format!("{what}: {why}"));
    }
    typed_address(line).map(|value| format!("href={value}: link only to paths of ours, not to what somebody typed"))
}

/// The value of an `href` that is data rather than an address made for it: a field or a method of a row. `Go`, `Jump`
/// and `Place` are ours.
fn typed_address(line: &str) -> Option<&str> {
    let value = line.split(" href=").nth(1)?.split([' ', '>', '/']).next()?;
    let (of, field) = value.split_once('.')?;
    let ours = field == "href" && ["link", "go", "leave", "crumb", "jump", "place"].contains(&of);
    (!ours && !value.starts_with(['"', '&']) && !value.contains('!')).then_some(value)
}

#[test]
fn pages_use_the_guarded_elements() {
    let mut found = Vec::new();
    sources(&mut |name, code| {
        for (number, line) in code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            found.extend(wrong(name, line).map(|why| format!("{name}:{}: {why}", number + 1)));
        }
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn each_kind_of_line_that_must_not_be_is_found() {
    for line in [
        r#"<textarea name="x">{typed}</textarea>"#,
        r#"<Title text=subject/>"#,
        r#"<div inner_html=text/>"#,
        r#"<div prop:innerHTML=text/>"#,
        r#"<div prop:outerHTML=text/>"#,
        r#"<script>{code}</script>"#,
        r#"<style>{rules}</style>"#,
        r#"<Style>"p {}"</Style>"#,
        r#"<p style="color: red">"#,
        r#"<p style=move || color.get()>"#,
        r#"<p style=format!("color: {color}")>"#,
        r#"<a href={row.site}>"#,
        r#"<a class="row" href=row.site>{row.name}</a>"#,
        r#"<a href=message.link.clone()>"#,
    ] {
        assert!(wrong("pages/planted.rs", line).is_some(), "{line}");
    }
    for line in [r#"<a href=link.href>{link.text}</a>"#, r#"<a href=format!("/p/{slug}.{id}")>"#, r#"<a href="/x.y">"#]
    {
        assert_eq!(wrong("pages/planted.rs", line), None);
    }
}

#[test]
fn every_class_has_a_rule() {
    let style = Path::new(env!("CARGO_MANIFEST_DIR")).join("../style");
    let mut rules = String::new();
    for file in fs::read_dir(style).expect("the style sheet").flatten() {
        rules.push_str(&fs::read_to_string(file.path()).expect("a file of the style sheet"));
    }
    let known: BTreeSet<&str> = rules.split('.').skip(1).map(name_at_start).collect();
    let mut missing = Vec::new();
    sources(&mut |name, code| {
        for class in code.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(classes) {
            if !known.contains(class) {
                missing.push(format!("{name}: {class}"));
            }
        }
    });
    assert!(missing.is_empty(), "no rule in style/ for\n{}", missing.join("\n"));
}

/// The classes a line of a view names in full.
fn classes(line: &str) -> Vec<&str> {
    let quoted = ["class=\"", "class=format!(\""]
        .into_iter()
        .flat_map(|start| line.split(start).skip(1))
        .flat_map(|rest| rest.split('"').next().unwrap_or_default().split_whitespace())
        .filter(|class| !class.contains('{'));
    let switched = line.split(" class:").skip(1).map(name_at_start);
    quoted.chain(switched).filter(|class| !class.is_empty()).collect()
}

fn name_at_start(text: &str) -> &str {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).next().unwrap_or_default()
}

/// Each source file by its name below `src`, without its tests.
fn sources(each: &mut impl FnMut(&str, &str)) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    walk(&source, &mut |path, text| {
        let name = path.strip_prefix(&source).expect("below the source").to_string_lossy().replace('\\', "/");
        each(
            &name,
            text.split("#[cfg(test)]").next().and_then(|text| text.split("#[cfg(all(test").next()).unwrap_or_default(),
        );
    });
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
