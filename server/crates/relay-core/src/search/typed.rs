//! What a person types into a search field, as a condition both databases understand alike.

use relay_types::Timestamp;
use sea_orm::{
    ColumnTrait, IntoSimpleExpr,
    sea_query::{Expr, ExprTrait, Func, LikeExpr},
};
use uuid::Uuid;

/// The text to look for; none when nothing is left of it. No address, subject or name holds a control character, and
/// PostgreSQL takes no NUL in a text.
pub(crate) fn words(typed: Option<&str>) -> Option<String> {
    let words: String = typed?.chars().filter(|c| !c.is_control()).collect();
    Some(words.trim().to_owned()).filter(|words| !words.is_empty())
}

/// `LIKE` for texts (in lower case) that contain this one; `%` and `_` stand for themselves.
pub(crate) fn containing(text: &str) -> LikeExpr {
    LikeExpr::new(format!("%{}%", escaped(&text.to_lowercase()))).escape('\\')
}

/// The column in lower case.
pub(crate) fn lower(column: impl ColumnTrait) -> Expr {
    Expr::expr(Func::lower(column.into_simple_expr()))
}

/// The column contains the text, in any case.
pub(crate) fn contains(column: impl ColumnTrait, text: &str) -> Expr {
    lower(column).like(containing(text))
}

/// The column begins with the text, as it is written.
pub(crate) fn begins(column: impl ColumnTrait, text: &str) -> Expr {
    column.into_simple_expr().like(LikeExpr::new(format!("{}%", escaped(text))).escape('\\'))
}

/// The smallest identifier of a moment (RFC 9562 §5.7: it begins with 48 bits of milliseconds).
pub(crate) fn first_of(at: Timestamp) -> Uuid {
    Uuid::from_u128(u128::from(u64::try_from(at.0).unwrap_or(0)) << 80)
}

fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| escape(c).into_iter().flatten()).collect()
}

fn escape(c: char) -> [Option<char>; 2] {
    [matches!(c, '%' | '_' | '\\').then_some('\\'), Some(c)]
}
