//! `cargo xtask browser`: the portal's browser side, from Rust to the files a browser loads.
//!
//! Owns the way from `frontend` through wasm-bindgen to the site folder. Installs no tool: wasm-bindgen, lightningcss,
//! brotli and gzip are libraries here. `wasm-opt` is not used: it makes
//! the module a fifth smaller, and what a browser downloads (brotli) a twentieth larger.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use walrus::ModuleConfig;
use wasm_bindgen_cli_support::Bindgen;

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

/// Builds the browser side and gives the site folder that holds it.
pub fn build(profile: Profile) -> Result<PathBuf> {
    let target = WasmTarget::ensure()?;
    let wasm = progress::step("browser side: cargo build -p frontend", || compile(&target, profile))?;
    let mut site = site::Site::begin(profile == Profile::Release)?;
    let glue = progress::step("browser side: wasm-bindgen", || bind(&wasm, profile))?;
    progress::step("browser side: style and site folder", || {
        let style = css::bundle()?;
        let module = site.add("wasm", &glue.wasm)?;
        // The glue's own fallback must find the module under its hashed name too.
        site.add("js", glue.js.replace("relaykeep_bg.wasm", &module).as_bytes())?;
        site.add("css", style.as_bytes())?;
        site.finish()
    })?;
    site_dir()
}

fn compile(target: &WasmTarget, profile: Profile) -> Result<PathBuf> {
    let mut cargo = target.cargo();
    cargo.args(["build", "--package", "frontend", "--lib", "--target", TARGET]);
    if profile == Profile::Release {
        cargo.args(["--profile", "wasm-release"]);
    }
    run(&mut cargo)?;
    Ok(target_dir()?.join(TARGET).join(profile.folder()).join("frontend.wasm"))
}

struct Glue {
    js: String,
    wasm: Vec<u8>,
}

/// Runs wasm-bindgen, or takes what it made of the very same module last time.
fn bind(module: &Path, profile: Profile) -> Result<Glue> {
    let bytes = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let folder = target_dir()?.join("wasm-bindgen").join(profile.folder());
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
        Bindgen::new().input_module("relaykeep", module).web(true)?.typescript(false).generate(&folder)?;
        if folder.join("snippets").exists() {
            bail!("a dependency of the browser side brings JavaScript snippets, which the site folder does not carry");
        }
        fs::write(&stamp, input)?;
    }
    Ok(Glue { js: fs::read_to_string(folder.join("relaykeep.js"))?, wasm: fs::read(folder.join("relaykeep_bg.wasm"))? })
}
