//! Rust's standard library for the browser (`wasm32-unknown-unknown`), got in the first way that works.
//!
//! The order: already part of the toolchain → made by us earlier → `rustup target add` → `wasm-std.sh`, which builds
//! one from the distribution's sources. Ours is a sysroot of its own under the target folder; the toolchain is never
//! changed by anything but rustup itself.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::progress;
use crate::workspace::{cargo, on_path, output, root, run, target_dir};

/// The name of the browser's target.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// A standard library for the browser that is there.
pub enum WasmTarget {
    /// The toolchain has it; nothing needs to be said.
    Installed,
    /// It is in this sysroot, which the compiler must be pointed at.
    Sysroot(PathBuf),
}

impl WasmTarget {
    /// Finds or makes the standard library; says what to do when none can be had.
    pub fn ensure() -> Result<WasmTarget> {
        if in_toolchain()? {
            return Ok(WasmTarget::Installed);
        }
        let sysroot = target_dir()?.join("wasm-sysroot");
        if sysroot.join(format!("rustc-{}", rustc_version()?)).exists() {
            return Ok(WasmTarget::Sysroot(sysroot));
        }
        progress::step("browser target: rustup target add wasm32-unknown-unknown", || {
            // A failure here is not the end, so it is told in one line rather than with rustup's own words.
            if !rustup_adds_it() {
                progress::note("rustup cannot add it here; trying the distribution's sources");
            }
            Ok(())
        })?;
        if in_toolchain()? {
            return Ok(WasmTarget::Installed);
        }
        progress::step("browser target: building the standard library from the distribution's rust-src", || {
            from_distribution(&sysroot)
        })?;
        Ok(WasmTarget::Sysroot(sysroot))
    }

    /// Cargo, ready for builds with `--target wasm32-unknown-unknown`.
    pub fn cargo(&self) -> Command {
        let mut command = cargo();
        if let WasmTarget::Sysroot(sysroot) = self {
            // Flags for one target replace those of `[build]` in `.cargo/config.toml`, so that one is said again.
            let flags = format!("--cfg erase_components --sysroot {}", sysroot.display());
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags);
        }
        command
    }
}

fn in_toolchain() -> Result<bool> {
    let libraries = output(rustc().args(["--print", "target-libdir", "--target", TARGET]))?;
    let Ok(entries) = std::fs::read_dir(libraries.trim()) else { return Ok(false) };
    Ok(entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-")))
}

fn rustup_adds_it() -> bool {
    let Some(rustup) = on_path("rustup") else { return false };
    let mut command = Command::new(rustup);
    command.current_dir(root()).args(["target", "add", TARGET]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn from_distribution(sysroot: &Path) -> Result<()> {
    let script = root().join("xtask/wasm-std.sh");
    let made = on_path("apt-get").is_some() && run(Command::new("bash").arg(script).arg(sysroot)).is_ok();
    if !made {
        bail!(
            "the portal's browser side needs Rust's standard library for {TARGET}, and it could not be had.\n\
             With a network that reaches Rust's downloads: rustup target add {TARGET}\n\
             On Debian and Ubuntu it is built from the package rust-src of version {}; check that apt-get update works.",
            rustc_version()?
        );
    }
    Ok(())
}

fn rustc_version() -> Result<String> {
    let version = output(rustc().arg("--version"))?;
    Ok(version.split_whitespace().nth(1).unwrap_or_default().to_owned())
}

fn rustc() -> Command {
    let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.current_dir(root());
    command
}
