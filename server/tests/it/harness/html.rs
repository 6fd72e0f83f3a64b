//! Just enough of HTML to read the portal's own pages: tags, attributes, text. It trusts that they are well made.

/// Every tag of this name: its attributes as written, and what follows it.
pub fn tags<'a>(html: &'a str, name: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let open = format!("<{name}");
    html.match_indices(&open.clone())
        .filter_map(move |(at, _)| {
            let (tag, rest) = html[at + open.len()..].split_once('>')?;
            (tag.is_empty() || tag.starts_with([' ', '/'])).then_some((tag, rest))
        })
        .collect::<Vec<_>>()
        .into_iter()
}

/// The value of an attribute.
pub fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(unescaped(rest.split('"').next()?))
}

/// What stands between every opening and closing tag of this name.
pub fn contents(html: &str, name: &str) -> Vec<String> {
    let close = format!("</{name}>");
    tags(html, name).filter_map(|(_, rest)| Some(text(rest.split_once(&close)?.0))).collect()
}

/// The text without tags and comments.
pub fn text(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    unescaped(&(text + rest))
}

fn unescaped(text: &str) -> String {
    let mut text = text.to_owned();
    for (code, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#39;", "'")] {
        text = text.replace(code, character);
    }
    text.replace("&amp;", "&")
}
