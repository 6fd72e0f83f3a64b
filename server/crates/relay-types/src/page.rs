//! Keyset paging: a page of a list and the place from which the next one goes on.

use serde::{Deserialize, Serialize};

/// One page of a list, newest first unless the list says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Put into the `after` parameter for the next page; none on the last.
    pub next: Option<String>,
}

/// How many rows of a list are asked for at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum PageSize {
    /// What a person looks at.
    #[default]
    Screen,
    /// A piece of a download, so that a long list takes few queries and little memory.
    Download,
}

impl PageSize {
    /// The number of rows.
    pub fn rows(self) -> usize {
        match self {
            Self::Screen => 50,
            Self::Download => 500,
        }
    }
}

impl<T> Page<T> {
    /// Keeps `size` of `items` (which holds one more when there is a next page); `cursor` names a row's place.
    pub fn cut(mut items: Vec<T>, size: usize, cursor: impl Fn(&T) -> String) -> Self {
        let more = items.len() > size;
        items.truncate(size);
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }
}
