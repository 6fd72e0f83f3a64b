//! Starts the browser's side. Our own, because `<HydrationScripts>` of leptos 0.8 prints the CSP nonce where style
//! sheets can read it, and says nothing when the module cannot be loaded.

use crate::modules::Module;
use leptos::prelude::*;
use std::sync::Arc;

/// Where the browser finds our files: absolute paths under this host, with a hash in the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assets {
    /// The style sheet.
    pub css: String,
    /// The files of each module, in the order of `Module::ALL`.
    pub modules: Arc<[ModuleFiles]>,
}

impl Assets {
    /// The files of `module`.
    pub fn of(&self, module: Module) -> &ModuleFiles {
        &self.modules[module as usize]
    }
}

/// The two files of one module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleFiles {
    /// What loads the wasm.
    pub js: String,
    /// The pages themselves.
    pub wasm: String,
}

/// Loads and starts the wasm. When it is ready `<html>` has `data-hydrated`; when it cannot start, `data-hydrated` is
/// `no` and the page says so in `#boot-failed` (all forms and links go on working).
#[component]
pub fn Boot(files: ModuleFiles) -> impl IntoView {
    let nonce = leptos::nonce::use_nonce();
    let ModuleFiles { js, wasm } = files;
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
         import({js:?}).then(m=>m.default({{module_or_path:{wasm:?}}}).then(()=>{{d.hydrated='yes';}}))\
         .catch(e=>{{d.hydrated='no';const n=document.getElementById('boot-failed');if(n)n.hidden=false;\
         console.error('The portal could not start in this browser',e);}});"
    )
}
