//! The browser's entry point: hydrates the page the server rendered. Nothing else lives here.

use wasm_bindgen::prelude::wasm_bindgen;

/// Called once by the boot script (`app::components::boot`) after the module is loaded.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
