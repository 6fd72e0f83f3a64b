//! The module of a project's names: hydrates the page the server rendered. Nothing else lives here.

fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::modules::names);
}
