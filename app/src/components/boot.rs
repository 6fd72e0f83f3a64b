//! Starts the browser's side. Our own, because `<HydrationScripts>` of leptos 0.8 prints the CSP nonce where style
//! sheets can read it, and says nothing when the module cannot be loaded.

use leptos::prelude::*;

/// Where the browser finds our three files: absolute paths under this host, with a hash in the name when served so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assets {
    /// The module that loads the wasm.
    pub js: String,
    /// The portal itself.
    pub wasm: String,
    /// The style sheet.
    pub css: String,
}

impl Default for Assets {
    /// Names without a hash, for trials.
    fn default() -> Self {
        Self {
            js: "/pkg/relaykeep.js".to_owned(),
            wasm: "/pkg/relaykeep.wasm".to_owned(),
            css: "/pkg/relaykeep.css".to_owned(),
        }
    }
}

/// Loads and starts the wasm. When it is ready `<html>` has `data-hydrated`; when it cannot start, `data-hydrated` is
/// `no` and the page says so in `#boot-failed` (all forms and links go on working).
#[component]
pub fn Boot(assets: Assets) -> impl IntoView {
    let nonce = leptos::nonce::use_nonce();
    let Assets { js, wasm, .. } = assets;
    let script = script(&js, &wasm);
    view! {
        <link rel="modulepreload" href=js/>
        <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
        <script type="module" nonce=nonce>
            {script}
        </script>
    }
}

fn script(js: &str, wasm: &str) -> String {
    // The paths are ours and hold no `<`; `{:?}` quotes them as JavaScript does.
    format!(
        "const d=document.documentElement.dataset;\
         import({js:?}).then(m=>m.default({{module_or_path:{wasm:?}}}).then(()=>{{m.hydrate();d.hydrated='yes';}}))\
         .catch(e=>{{d.hydrated='no';const n=document.getElementById('boot-failed');if(n)n.hidden=false;\
         console.error('The portal could not start in this browser',e);}});"
    )
}
