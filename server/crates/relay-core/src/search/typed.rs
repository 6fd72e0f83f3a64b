//! What a person types into a search field, as a condition both databases understand alike.

use sea_orm::sea_query::LikeExpr;

/// The text to look for; none when nothing is left of it. No address, subject or name holds a control character, and
/// PostgreSQL takes no NUL in a text.
pub(crate) fn words(typed: Option<&str>) -> Option<String> {
    let words: String = typed?.chars().filter(|c| !c.is_control()).collect();
    Some(words.trim().to_owned()).filter(|words| !words.is_empty())
}

/// `LIKE` for texts (in lower case) that contain this one; `%` and `_` stand for themselves.
pub(crate) fn containing(text: &str) -> LikeExpr {
    let escaped: String = text.to_lowercase().chars().flat_map(|c| escape(c).into_iter().flatten()).collect();
    LikeExpr::new(format!("%{escaped}%")).escape('\\')
}

fn escape(c: char) -> [Option<char>; 2] {
    [matches!(c, '%' | '_' | '\\').then_some('\\'), Some(c)]
}
