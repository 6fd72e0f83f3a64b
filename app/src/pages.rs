//! Screens, one file each, in the order of the route table.
//!
//! # How to write a page
//! 1. The use case is in `relay-core`, the words that cross the wire in `relay-types`. A page adds no rule.
//! 2. `api/NOUN.rs` has the server functions, three to eight lines each:
//!    `Ok(relay_core::networks::list(&core()?, &actor().await?, &slug(&slug)?).await?)`. Errors convert by `?`.
//!    Arguments from forms are `String`; parse them with the types' parsers and answer
//!    `AppError::invalid("argument", error)`. Mutations end with `ssr::done(path, "code")`, the toast's words are in
//!    `strings::done`.
//! 3. `pages/NOUN.rs` opens with `//!`, then the component named in `routes.rs`:
//!
//! ```ignore
//! #[component]
//! pub fn Networks() -> impl IntoView {
//!     let slug = use_slug();
//!     let data = read_again(search, move || LoadNetworks { slug: slug.get() });
//!     view! { <Load resource=data let:rows><List rows/></Load> }
//! }
//! #[component]
//! fn List(rows: Vec<Network>) -> impl IntoView {
//!     view! {
//!         <PageHeader title="Networks">…actions…</PageHeader>
//!         …
//!     }
//! }
//! ```
//! 4. `use crate::components::prelude::*`; each component says what it takes. `PageHeader` first: it also sets the
//!    document's title. Content is blocks with one distance between them (`Around` is a `.stack`).
//! 5. What the person may not do is left out: `use_abilities().manage` and so on. The use case refuses it anyway.
//! 6. State of a list is in the query string: `Tabs`, `Filters`, `Column::sorted_by`, `Pager` write it, `query()` reads it.
//!    A list that is shown whole sorts its rows with `sort`; a long one has one order and keyset pages. `CsvLink` stands in
//!    the header; its route and columns are in `server/downloads/lists.rs`. Boxes of a bulk selection have a `ChooseAll`.
//! 7. Forms: read the head of `components/form.rs`. Every form works without JavaScript, keeps what was typed, and shows
//!    its error at the field. What adds to a list is a `Dialog` in the header, or in the `EmptyState`; `led_to()` fills
//!    it in and opens it for a link with `?new=…`. A secret or other result to be shown is returned and read from `form.output()`.
//! 8. Every refusal and warning ends in a link to the page that mends it: `Notice link=(href, words)`, `Item link=…`.
//! 9. Server and browser must render the same tree: no `cfg!` in the structure, no clock but `time::now()`, no random
//!    ids, browser-only things in `Effect`. Valid HTML: `<tbody>`, no `<div>` in `<p>`, no link in a link.
//! 10. Never `<Title>`, `<textarea>`, `inner_html`, `style=` attributes or a URL somebody typed in `href`.
//! 11. `.into_any()` at the ends of `match` and `if`; split a view before it is 80 lines long.
//! 12. Texts of one page stand in its file; words of several pages in `strings.rs`.

// Outside
pub mod invite;
pub mod login;
pub mod reset;
pub mod setup;
pub mod short_link;
pub mod verify;

// A person
pub mod account;
pub mod projects;

// A project
pub mod activity;
pub mod address;
pub mod addresses;
pub mod api_tokens;
pub mod captured;
pub mod captured_message;
pub mod domain;
pub mod members;
pub mod message;
pub mod messages;
pub mod networks;
pub mod overview;
pub mod refusals;
pub mod senders;
pub mod service_account;
pub mod service_accounts;
pub mod settings;
pub mod suppressions;
pub mod ticket;
pub mod tickets;

// The platform
pub mod admin;

pub mod not_found;
