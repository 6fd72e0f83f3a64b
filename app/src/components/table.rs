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
//!     }).collect_view()}
//! </Table>
//! ```

use crate::components::{
    icon::{Glyph, Icon},
    query::{SORT, query},
};
use leptos::prelude::*;

/// The head of a column.
#[derive(Debug, Clone)]
pub struct Column {
    name: &'static str,
    sort: Option<&'static str>,
    right: bool,
    unseen: bool,
}

impl Column {
    /// A column called `name`.
    pub fn new(name: &'static str) -> Self {
        Self { name, sort: None, right: false, unseen: false }
    }

    /// Its head is a link that sorts: `?sort=word`, then `?sort=-word`.
    pub fn sorted_by(mut self, word: &'static str) -> Self {
        self.sort = Some(word);
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
                    <tr>{columns.into_iter().map(|column| view! { <Head column/> }).collect_view()}</tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
}

#[component]
fn Head(column: Column) -> impl IntoView {
    let Column { name, sort, right, unseen } = column;
    let content = match sort {
        None => view! { <span class:unseen=unseen>{name}</span> }.into_any(),
        Some(word) => {
            let href = move || {
                let query = query();
                let falling = format!("-{word}");
                let next = if query.get(SORT) == Some(word) { falling.as_str() } else { word };
                query.with(SORT, Some(next))
            };
            view! { <a class="sort" href=href>{name} <Glyph icon=Icon::Sorted/></a> }.into_any()
        }
    };
    let order = move || {
        let word = sort?;
        let query = query();
        let now = query.get(SORT)?;
        if now == word { Some("ascending") } else { (now.strip_prefix('-') == Some(word)).then_some("descending") }
    };
    view! {
        <th scope="col" class:right=right aria-sort=order>
            {content}
        </th>
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
