//! Lists of views of one type, so that what leptos does with a list is compiled once and not for each kind of row.

use leptos::prelude::*;

/// Ends a chain of iterators in a view: `rows.into_iter().map(|row| view! { … }).views()`.
pub trait Views {
    /// All of them, in order.
    fn views(self) -> Vec<AnyView>;
}

impl<I, V> Views for I
where
    I: IntoIterator<Item = V>,
    V: IntoView + 'static,
{
    fn views(self) -> Vec<AnyView> {
        let mut views = Vec::new();
        for view in self {
            views.push(view.into_any());
        }
        views
    }
}
