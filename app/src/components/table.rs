//! Tables. Under 600 pixels every row becomes a card, and each cell shows its column's name: that is what `label` of
//! `Cell` is for.
//!
//! ```ignore
//! <Table label="Messages" columns=vec![Column::new("State"), Column::new("Subject").sorted_by("subject"), Column::new("Accepted").right()]>
//!     {rows.into_iter().map(|row| view! {
//!         <tr>
//!             <Cell label="State"><Status state=message_state(row.state)/></Cell>
//!             <Cell label="Subject"><a class="row" href=url>{row.subject}</a><small class="mono">{row.from}</small></Cell>
//!             <Cell label="Accepted" right=true><Time at=row.accepted_at/></Cell>
//!         </tr>
//!     }).views()}
//! </Table>
//! ```

use crate::components::{
    icon::{Glyph, Icon},
    query::{SORT, query},
    views::Views,
};
use leptos::prelude::*;
use relay_types::Timestamp;
use std::cmp::Reverse;

/// The head of a column.
#[derive(Debug, Clone)]
pub struct Column {
    name: &'static str,
    sort: Option<&'static str>,
    first: bool,
    right: bool,
    unseen: bool,
}

impl Column {
    /// A column called `name`.
    pub fn new(name: &'static str) -> Self {
        Self { name, sort: None, first: false, right: false, unseen: false }
    }

    /// Its head is a link that sorts: `?sort=word`, then `?sort=-word`.
    pub fn sorted_by(mut self, word: &'static str) -> Self {
        self.sort = Some(word);
        self
    }

    /// The list is sorted by this column, rising, when the URL names none.
    pub fn at_first(mut self) -> Self {
        self.first = true;
        self
    }

    /// Numbers and times stand at the right.
    pub fn right(mut self) -> Self {
        self.right = true;
        self
    }

    /// Its name is only for screen readers: the column of buttons.
    pub fn unseen(mut self) -> Self {
        self.unseen = true;
        self
    }
}

/// A table in a card. Children are `<tr>`s.
#[component]
pub fn Table(
    /// What the rows are, for screen readers.
    #[prop(into)]
    label: String,
    /// The heads.
    columns: Vec<Column>,
    /// Rows.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="table">
            <table aria-label=label>
                <thead>
                    <tr>{columns.into_iter().map(|column| view! { <Head column/> }).views()}</tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
}

#[component]
fn Head(column: Column) -> impl IntoView {
    let Column { name, sort, first, right, unseen } = column;
    let content = match sort {
        None => view! { <span class:unseen=unseen>{name}</span> }.into_any(),
        Some(word) => {
            let href = move || {
                let query = query();
                let falling = format!("-{word}");
                let rising = query.get(SORT).map_or(first, |now| now == word);
                query.with(SORT, Some(if rising { &falling } else { word }))
            };
            view! { <a class="sort" href=href>{name} <Glyph icon=Icon::Sorted/></a> }.into_any()
        }
    };
    let order = move || {
        let word = sort?;
        let query = query();
        let Some(now) = query.get(SORT) else { return first.then_some("ascending") };
        if now == word { Some("ascending") } else { (now.strip_prefix('-') == Some(word)).then_some("descending") }
    };
    view! {
        <th scope="col" class:right=right class:sorts=sort.is_some() aria-sort=order>
            {content}
        </th>
    }
}

/// What a row is sorted by. What is not there comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// Nothing: never used, no such column.
    None,
    /// Numbers and moments.
    Number(i64),
    /// Texts, in any case of letters.
    Text(String),
}

impl Key {
    /// A text.
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::Text(text.as_ref().to_lowercase())
    }

    /// A number.
    pub fn number(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// A moment, when there was one.
    pub fn time(at: impl Into<Option<Timestamp>>) -> Self {
        at.into().map_or(Self::None, |at| Self::Number(at.0))
    }
}

/// Sorts the rows of a list that is shown whole as the URL says: by the word of a `Column::sorted_by`. Rows with equal
/// keys, and all rows when the word is no column, stay as they came.
pub fn sort<T>(rows: &mut [T], order: Option<&str>, key: impl Fn(&T, &str) -> Key) {
    let Some(order) = order else { return };
    match order.strip_prefix('-') {
        None => rows.sort_by_cached_key(|row| key(row, order)),
        Some(word) => rows.sort_by_cached_key(|row| Reverse(key(row, word))),
    }
}

/// A cell that knows its column's name.
#[component]
pub fn Cell(
    /// The column's name.
    label: &'static str,
    /// Numbers and times stand at the right.
    #[prop(optional)]
    right: bool,
    /// Set in monospace.
    #[prop(optional)]
    mono: bool,
    /// Content.
    children: Children,
) -> impl IntoView {
    view! {
        <td data-label=label class:right=right class:mono=mono>
            {children()}
        </td>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_as_the_url_says() {
        let sorted = |order: Option<&str>| {
            let mut rows = [("b", Some(2)), ("A", None), ("c", Some(1)), ("a", Some(2))];
            sort(&mut rows, order, |row, word| match word {
                "name" => Key::text(row.0),
                "used" => Key::time(row.1.map(Timestamp)),
                _ => Key::None,
            });
            rows.map(|row| row.0)
        };
        assert_eq!(sorted(None), ["b", "A", "c", "a"]);
        assert_eq!(sorted(Some("name")), ["A", "a", "b", "c"]);
        assert_eq!(sorted(Some("-name")), ["c", "b", "A", "a"]);
        assert_eq!(sorted(Some("used")), ["A", "c", "b", "a"]);
        assert_eq!(sorted(Some("-used")), ["b", "a", "c", "A"]);
        for unknown in ["size", "-size", "-", ""] {
            assert_eq!(sorted(Some(unknown)), ["b", "A", "c", "a"], "{unknown:?}");
        }
    }
}
