//! The folder of files the server hands to browsers, laid out so that a file's name changes with its content.
//!
//! `site/pkg/NAME.<hash>.{js,wasm,css}` and `site/pkg/manifest.json`, which names them:
//! `{"css": "relaykeep.0f….css", "project": {"js": "project.1e….js", "wasm": "project.2d….wasm"}, …}`. The server reads
//! the manifest when it starts; the rest may be cached for ever. The manifest is written last and by rename, so a reader
//! never sees names of files that are not there.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::progress;
use crate::workspace::site_dir;

/// The most octets one precompressed file of the portal should have.
const LARGEST: usize = 400 * 1024;

/// A module of the browser side.
pub struct Module {
    /// What its files are called.
    pub name: &'static str,
    /// What loads it. Its own fallback looks for `NAME_bg.wasm`.
    pub js: String,
    /// The WebAssembly.
    pub wasm: Vec<u8>,
}

/// A site being laid out; `finish` makes it the one that counts.
pub struct Site {
    folder: PathBuf,
    precompress: bool,
    names: serde_json::Map<String, serde_json::Value>,
    files: Vec<String>,
}

impl Site {
    /// Begins a site; with `precompress` each file gets a `.br` and a `.gz` beside it.
    pub fn begin(precompress: bool) -> Result<Site> {
        let folder = site_dir()?.join("pkg");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Site { folder, precompress, names: serde_json::Map::new(), files: vec!["manifest.json".into()] })
    }

    /// Adds the style sheet.
    pub fn add_style(&mut self, content: &[u8]) -> Result<()> {
        let files = self.write("relaykeep", "css", content)?;
        let name = self.take(files);
        self.names.insert("css".into(), name.into());
        Ok(())
    }

    /// Adds all modules, several at a time: compressing one takes seconds.
    pub fn add_modules(&mut self, modules: &[Module]) -> Result<()> {
        let this = &*self;
        let written: Result<Vec<_>> = std::thread::scope(|scope| {
            let running: Vec<_> = modules.iter().map(|module| scope.spawn(|| this.write_module(module))).collect();
            running.into_iter().map(|one| one.join().expect("writing files does not panic")).collect()
        });
        for (module, (wasm, js)) in modules.iter().zip(written?) {
            let names = serde_json::json!({ "js": self.take(js), "wasm": self.take(wasm) });
            self.names.insert(module.name.into(), names);
        }
        Ok(())
    }

    fn write_module(&self, module: &Module) -> Result<(Vec<String>, Vec<String>)> {
        let wasm = self.write(module.name, "wasm", &module.wasm)?;
        // The glue's own fallback must find the module under its hashed name too.
        let js = module.js.replace(&format!("{}_bg.wasm", module.name), &wasm[0]);
        let js = self.write(module.name, "js", js.as_bytes())?;
        Ok((wasm, js))
    }

    /// Writes a file of this kind (`js`, `wasm`, `css`) and gives the names of what was written, the hashed one first.
    fn write(&self, stem: &str, kind: &str, content: &[u8]) -> Result<Vec<String>> {
        let name = format!("{stem}.{}.{kind}", content_hash(content));
        let mut files = vec![(name.clone(), content.to_owned())];
        if self.precompress {
            let small = brotli(content)?;
            progress::note(&format!("{stem} {kind}: {} KB, {} KB as brotli", content.len() / 1024, small.len() / 1024));
            if small.len() > LARGEST {
                progress::note(&format!("{stem} {kind} is larger than the {} KB a page may cost", LARGEST / 1024));
            }
            files.push((format!("{name}.br"), small));
            files.push((format!("{name}.gz"), gzip(content)?));
        } else {
            progress::note(&format!("{stem} {kind}: {} KB", content.len() / 1024));
        }
        for (name, content) in &files {
            let path = self.folder.join(name);
            fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(files.into_iter().map(|(name, _)| name).collect())
    }

    /// Notes files as part of this site and gives the name of the first.
    fn take(&mut self, files: Vec<String>) -> String {
        let name = files[0].clone();
        self.files.extend(files);
        name
    }

    /// Writes the manifest and removes the files of earlier builds.
    pub fn finish(self) -> Result<()> {
        let manifest = serde_json::to_string_pretty(&self.names)?;
        let draft = self.folder.join("manifest.json.new");
        fs::write(&draft, manifest + "\n")?;
        fs::rename(&draft, self.folder.join("manifest.json"))?;
        for entry in fs::read_dir(&self.folder)?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !self.files.contains(&name) && entry.file_type()?.is_file() {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// Sixteen hexadecimal digits that change with the content. A cache key, not a safeguard.
pub fn content_hash(content: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(content);
    format!("{:016x}", hasher.finish())
}

fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut &content[..], &mut compressed, &parameters)?;
    Ok(compressed)
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}
