#!/usr/bin/env bash
# Gives this machine a wasm32-unknown-unknown standard library where rustup cannot download one.
# It takes the distribution's `rust-src` of exactly our rustc version, builds std once, and lays it out as a sysroot.
# Usage: wasm-std.sh SYSROOT_DIR   (idempotent). Afterwards build the browser side with
#   CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="--sysroot SYSROOT_DIR"
# The toolchain itself is not touched. Needs: a Debian-family machine with apt, and rust-lld (comes with rustc).
# Needs no root: apt works on lists and caches of its own in a temporary folder.
set -euo pipefail
sysroot=$(realpath -m "$1")
version=$(rustc --version | cut -d' ' -f2)
lib=$sysroot/lib/rustlib/wasm32-unknown-unknown/lib
stamp=$sysroot/rustc-$version
[ -e "$stamp" ] && exit 0
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT

# The archive this machine already uses, asked for other suites; nothing in /etc/apt changes.
. /etc/os-release
uri=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN)' 'Created-By: Packages' | awk '$2=="Debian"{print $1; exit}')
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
for suite in "$VERSION_CODENAME-backports" trixie-backports trixie forky sid; do
  echo "deb [signed-by=$keyring] $uri $suite main" > "$work/list"
  opts=(-o "Dir::Etc::SourceList=$work/list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$work/lists-$suite" -o "Dir::Cache=$work/cache-$suite" -o APT::Sandbox::User=root)
  mkdir -p "$work/lists-$suite/partial" "$work/cache-$suite/archives/partial"
  apt-get "${opts[@]}" update -qq 2>/dev/null || continue
  deb=$(apt-cache "${opts[@]}" madison rust-src | awk -F'|' -v v="$version" '{gsub(/ /,"",$2)} index($2, v)==1 {print $2; exit}')
  [ -n "$deb" ] && break
done
[ -n "${deb:-}" ] || { echo "no rust-src $version in the Debian archive; use rustup: rustup target add wasm32-unknown-unknown" >&2; exit 1; }
(cd "$work" && apt-get "${opts[@]}" download -qq "rust-src=$deb" && dpkg-deb -x rust-src_*.deb src)
library=$(echo "$work"/src/usr/src/rustc-*/library)

mkdir -p "$work/std/src"
printf '[package]\nname = "std-for-wasm"\nversion = "0.0.0"\nedition = "2024"\n' > "$work/std/Cargo.toml"
: > "$work/std/src/lib.rs"
# Settings of the build that called us are not meant for this one.
unset CARGO_TARGET_DIR CARGO_BUILD_TARGET RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS
(cd "$work/std" && RUSTC_BOOTSTRAP=1 __CARGO_TESTS_ONLY_SRC_ROOT="$library" \
  cargo build --quiet --release --target wasm32-unknown-unknown -Zbuild-std=std,panic_abort,panic_unwind,proc_macro,test)
rm -rf "$sysroot"; mkdir -p "$lib"
cp "$work"/std/target/wasm32-unknown-unknown/release/deps/*.rlib "$lib/"
rm -f "$lib"/libstd_for_wasm*.rlib
touch "$stamp"
