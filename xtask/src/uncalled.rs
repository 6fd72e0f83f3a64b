//! Functions of the browser side that nothing ever calls, and that the linker cannot know of.
//!
//! A view whose type is erased (`leptos`' `AnyView`) carries a table of functions. One of them, `hydrate_async`, is for
//! applications whose pages arrive in parts (`leptos::mount::hydrate_lazy`); ours hydrates whole
//! (`leptos::mount::hydrate_body`), which never looks at that entry. It stands there once for each type of view, with all
//! it calls: a twentieth of the module. Here its body becomes a trap, and what only it called is swept out with it.
//! Development builds are treated the same, so the browser tests would hit the trap.

use anyhow::{Result, bail};
use walrus::Module;

/// What stands in the name of such a function, as `rustc` mangles it.
const NAME: &str = "into_any13hydrate_async";

/// Makes a trap of every function that is never called.
pub fn drop_bodies(module: &mut Module) -> Result<()> {
    let uncalled: Vec<_> = module
        .funcs
        .iter_local()
        .filter(|(id, _)| module.funcs.get(*id).name.as_deref().is_some_and(|name| name.contains(NAME)))
        .map(|(id, _)| id)
        .collect();
    if uncalled.is_empty() {
        bail!("no function is named …{NAME}…: leptos or rustc names them otherwise now, see xtask/src/uncalled.rs");
    }
    for id in uncalled {
        let mut body = module.funcs.get_mut(id).kind.unwrap_local_mut().builder_mut().func_body();
        body.instrs_mut().clear();
        body.unreachable();
    }
    Ok(())
}
