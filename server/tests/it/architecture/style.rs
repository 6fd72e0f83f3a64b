//! The style sheets: every length and colour has its name in `style/tokens.css`.

use super::repository::{files, read};

/// What a literal colour begins with.
const FUNCTIONS: [&str; 9] = ["rgb(", "rgba(", "hsl(", "hsla(", "hwb(", "lab(", "lch(", "oklch(", "light-dark("];
/// Colours that CSS has a word for. Not `transparent` and `currentColor`: those name no colour.
const NAMED: [&str; 12] =
    ["white", "black", "red", "green", "blue", "grey", "gray", "yellow", "orange", "purple", "silver", "canvas"];
/// Units of fixed size. What is measured by the window or by the letters (`vw`, `em`, `ch`) has no better name.
const UNITS: [&str; 8] = ["px", "rem", "pt", "pc", "cm", "mm", "in", "q"];

/// The declarations of a sheet with the lines on which they end, comments taken out. What stands before a `{` is a
/// selector, or an `@media`, which takes no custom properties.
fn declarations(sheet: &str) -> Vec<(usize, String)> {
    let code = without_comments(sheet);
    let (mut found, mut line) = (Vec::new(), 1);
    for piece in code.split_inclusive([';', '{', '}']) {
        line += piece.matches('\n').count();
        let declaration = piece.trim();
        if declaration.contains(':') && !declaration.ends_with('{') && !declaration.starts_with('@') {
            found.push((line, declaration.to_owned()));
        }
    }
    found
}

/// The line breaks stay.
fn without_comments(sheet: &str) -> String {
    let (mut code, mut rest) = (String::new(), sheet);
    while let Some((before, behind)) = rest.split_once("/*") {
        let (comment, after) = behind.split_once("*/").unwrap_or((behind, ""));
        code.push_str(before);
        code.extend(comment.matches('\n'));
        rest = after;
    }
    code + rest
}

/// What stands literally in a value, if anything does.
fn literal(declaration: &str) -> Option<String> {
    let (_, value) = declaration.split_once(':')?;
    if let Some(colour) = FUNCTIONS.iter().find(|function| value.contains(**function)) {
        return Some((*colour).to_owned());
    }
    let words = value.split(|letter: char| !(letter.is_alphanumeric() || "#.%-_".contains(letter)));
    words.filter(|word| !word.starts_with("--")).find(|word| is_literal(word)).map(str::to_owned)
}

fn is_literal(word: &str) -> bool {
    if word.starts_with('#') || NAMED.contains(&word.to_lowercase().as_str()) {
        return true;
    }
    let number = word.trim_start_matches('-');
    let unit = number.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    let zero = number[..number.len() - unit.len()].parse() == Ok(0.0);
    unit.len() < number.len() && !zero && UNITS.contains(&unit.to_lowercase().as_str())
}

#[test]
fn lengths_and_colours_have_names() {
    let sheets = files().into_iter().filter(|path| path.starts_with("style/") && path.ends_with(".css"));
    let found: Vec<String> = sheets
        .filter(|path| path != "style/tokens.css")
        .flat_map(|path| {
            let declarations = declarations(&read(&path)).into_iter();
            let literals = declarations.filter_map(|(line, text)| Some((line, literal(&text)?)));
            literals.map(|(line, literal)| format!("{path}:{line}: {literal}")).collect::<Vec<_>>()
        })
        .collect();
    assert!(found.is_empty(), "give them a name in style/tokens.css:\n{}", found.join("\n"));
}

#[test]
fn a_literal_is_told_from_a_name() {
    for (declaration, expected) in [
        ("padding: 9px var(--s4);", Some("9px")),
        ("margin: 0 -1.5rem;", Some("-1.5rem")),
        ("color: #fff;", Some("#fff")),
        ("color: White;", Some("White")),
        ("background: rgb(0 0 0 / 0.5);", Some("rgb(")),
        ("padding: 0px var(--o9);", None),
        ("width: min(var(--page) * 0.62, calc(100vw - var(--s5)));", None),
        ("letter-spacing: -0.01em;", None),
        ("grid-template-columns: minmax(0, 1fr) auto;", None),
        ("background: color-mix(in oklab, var(--bad) 20%, transparent);", None),
        ("transition: color var(--motion);", None),
    ] {
        assert_eq!(literal(declaration).as_deref(), expected, "{declaration}");
    }
    let sheet = "a:hover { /* 1px;\n */ color: red }\n@media (max-width: 600px) {\n  b {\n    top:\n 1px;\n  }\n}\n";
    assert_eq!(declarations(sheet), [(2, "color: red }".to_owned()), (6, "top:\n 1px;".to_owned())]);
}
