//! List state in the query string: filters, sort order and page are in the URL, so reload, back and a pasted link work.

use crate::next::encode;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};

/// Name of the parameter with the keyset cursor.
pub const AFTER: &str = "after";
/// Name of the parameter with the sort order: a column's word, with `-` before it for descending.
pub const SORT: &str = "sort";

/// Name of the parameter with what is to be added on this page: the link that led here opens the dialog for it.
pub const NEW: &str = "new";

/// The URL of this page, as it was when it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    path: String,
    pairs: Vec<(String, String)>,
}

/// The query of this page. Call it inside a tracked place (a resource's source, a view closure) to follow changes.
pub fn query() -> Query {
    let path = use_location().pathname.get();
    let pairs = use_query_map().with(|map| {
        map.clone().into_iter().map(|(key, value)| (key.into_owned(), value)).collect::<Vec<(String, String)>>()
    });
    Query { path, pairs }
}

/// The URL of this page with its whole query, for a way back to it.
pub fn here() -> String {
    let here = use_location();
    untrack(move || match here.search.get().trim_start_matches('?') {
        "" => here.pathname.get(),
        search => format!("{}?{search}", here.pathname.get()),
    })
}

/// The query string of this page: a turn for `read_again`, for pages that sort what they show.
pub fn search() -> String {
    use_location().search.get()
}

/// What was done last: a turn for `read_again`.
pub fn done() -> String {
    query().text("done").unwrap_or_default()
}

/// What was done last on the page of the thing `id` (the last segment of its path): a source for the resource that must
/// then be read again. Another page that is being opened does not count: the thing may be gone.
pub fn use_done_at(id: Memo<String>) -> impl Fn() -> String + Send + Sync + 'static {
    let (path, query) = (use_location().pathname, use_query_map());
    let done = Memo::new(move |before: Option<&Option<String>>| {
        let done = query.with(|query| query.get("done"));
        let here = path.with(|path| id.with(|id| path.rsplit('/').next() == Some(id)));
        if here { done } else { before.cloned().flatten() }
    });
    move || done.get().unwrap_or_default()
}

impl Query {
    /// The value of `key`, when it is there and not empty.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(name, value)| name == key && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// The value of `key` as an owned text.
    pub fn text(&self, key: &str) -> Option<String> {
        self.get(key).map(str::to_owned)
    }

    /// The URL of this page with `key` set to `value` (or without it), from the first page on.
    pub fn with(&self, key: &str, value: Option<&str>) -> String {
        let kept =
            self.pairs.iter().filter(|(name, value)| name != key && !is_of_the_moment(name) && !value.is_empty());
        let mut url = String::new();
        for (name, value) in kept.map(|(name, value)| (name.as_str(), value.as_str())).chain(value.map(|v| (key, v))) {
            url.push(if url.is_empty() { '?' } else { '&' });
            url.push_str(&format!("{}={}", encode(name), encode(value)));
        }
        format!("{}{url}", self.path)
    }

    /// The parameters a GET form on this page carries along besides `own`, its own inputs.
    pub fn others(&self, own: &[&str]) -> Vec<(String, String)> {
        let dropped = |name: &str| own.contains(&name) || is_of_the_moment(name);
        self.pairs.iter().filter(|(name, value)| !dropped(name) && !value.is_empty()).cloned().collect()
    }
}

/// What is said once, and no link of the page carries on.
fn is_of_the_moment(name: &str) -> bool {
    name == AFTER || name == NEW || name == "done" || name.starts_with("__")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_filter_starts_at_the_first_page() {
        let query = Query {
            path: "/p/bio/messages".to_owned(),
            pairs: [("state", "held"), ("after", "c1"), ("q", "a b"), ("done", "saved"), ("new", "x@y.example")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
        };
        assert_eq!(query.with("state", Some("bounced")), "/p/bio/messages?q=a%20b&state=bounced");
        assert_eq!(query.with("state", None), "/p/bio/messages?q=a%20b");
        assert_eq!(query.with("after", Some("c2")), "/p/bio/messages?state=held&q=a%20b&after=c2");
        assert_eq!(query.others(&["q"]), [("state".to_owned(), "held".to_owned())]);
    }
}
