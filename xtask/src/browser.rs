//! `cargo xtask browser`: the portal's browser side, from Rust to the files a browser loads.
//!
//! Owns the way from `frontend`, one module for each group of places, through wasm-bindgen to the site folder. Installs no tool: wasm-bindgen, lightningcss,
//! brotli and gzip are libraries here. `wasm-opt` is not used: it makes
//! the module a fifth smaller, and what a browser downloads (brotli) a twentieth larger.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use walrus::ModuleConfig;
use wasm_bindgen_cli_support::Bindgen;

use crate::site::Module;
use crate::wasm_target::{TARGET, WasmTarget};
use crate::workspace::{run, site_dir, target_dir};
use crate::{css, progress, site, uncalled};

/// How the browser side is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Quick to build, large.
    Dev,
    /// Small and precompressed, slow to build.
    Release,
}

impl Profile {
    fn folder(self) -> &'static str {
        match self {
            Profile::Dev => "debug",
            Profile::Release => "wasm-release",
        }
    }
}

/// The command as typed.
pub fn command(arguments: &[String]) -> Result<()> {
    let profile = match arguments {
        [] => Profile::Dev,
        [only] if only == "--release" => Profile::Release,
        other => bail!("browser takes only --release, not {}", other.join(" ")),
    };
    let folder = build(profile)?;
    eprintln!("The browser side is in {}", folder.display());
    Ok(())
}

/// The modules of the browser side: the names of `app::modules::Module` and of the entry points in `frontend/src/bin`.
const MODULES: [&str; 5] = ["project", "rules", "names", "platform", "person"];

/// Builds the browser side and gives the site folder that holds it.
pub fn build(profile: Profile) -> Result<PathBuf> {
    let target = WasmTarget::ensure()?;
    let folder = progress::step("browser side: cargo build -p frontend", || compile(&target, profile))?;
    let mut site = site::Site::begin(profile == Profile::Release)?;
    let glue = progress::step("browser side: wasm-bindgen", || bind_all(&folder, profile))?;
    progress::step("browser side: style and site folder", || {
        site.add_style(css::bundle()?.as_bytes())?;
        site.add_modules(&glue)?;
        site.finish()
    })?;
    site_dir()
}

/// Links all modules; what they share is compiled once. Gives the folder they are in.
fn compile(target: &WasmTarget, profile: Profile) -> Result<PathBuf> {
    let mut cargo = target.cargo();
    cargo.args(["build", "--package", "frontend", "--bins", "--target", TARGET]);
    if profile == Profile::Release {
        cargo.args(["--profile", "wasm-release"]);
    }
    run(&mut cargo)?;
    Ok(target_dir()?.join(TARGET).join(profile.folder()))
}

/// Runs wasm-bindgen on all modules at once.
fn bind_all(folder: &Path, profile: Profile) -> Result<Vec<Module>> {
    std::thread::scope(|scope| {
        let running = MODULES.map(|name| scope.spawn(move || bind(name, folder, profile)));
        running.into_iter().map(|one| one.join().expect("wasm-bindgen does not panic")).collect()
    })
}

/// Runs wasm-bindgen, or takes what it made of the very same module last time.
fn bind(name: &'static str, folder: &Path, profile: Profile) -> Result<Module> {
    let path = folder.join(name).with_extension("wasm");
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let folder = target_dir()?.join("wasm-bindgen").join(profile.folder()).join(name);
    let stamp = folder.join("made-from");
    let input = site::content_hash(&bytes);
    if fs::read_to_string(&stamp).ok().as_ref() != Some(&input) {
        let _ = fs::remove_dir_all(&folder);
        let mut module = ModuleConfig::new()
            .strict_validate(false)
            .generate_name_section(profile == Profile::Dev)
            .generate_producers_section(false)
            .parse(&bytes)?;
        uncalled::drop_bodies(&mut module)?;
        Bindgen::new().input_module(name, module).web(true)?.typescript(false).generate(&folder)?;
        if folder.join("snippets").exists() {
            bail!("a dependency of the browser side brings JavaScript snippets, which the site folder does not carry");
        }
        fs::write(&stamp, input)?;
    }
    let js = fs::read_to_string(folder.join(name).with_extension("js"))?;
    Ok(Module { name, js, wasm: fs::read(folder.join(format!("{name}_bg.wasm")))? })
}
