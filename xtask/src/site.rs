//! The folder of files the server hands to browsers, laid out so that a file's name changes with its content.
//!
//! `site/pkg/relaykeep.<hash>.{js,wasm,css}` and `site/pkg/manifest.json`, which names them:
//! `{"js": "relaykeep.0f….js", "wasm": "relaykeep.1e….wasm", "css": "relaykeep.2d….css"}`. The server reads the
//! manifest when it starts; the rest may be cached for ever. The manifest is written last and by rename, so a reader
//! never sees names of files that are not there.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::progress;
use crate::workspace::site_dir;

/// The most octets one precompressed file of the portal should have.
const LARGEST: usize = 400 * 1024;

/// A site being laid out; `finish` makes it the one that counts.
pub struct Site {
    folder: PathBuf,
    precompress: bool,
    names: BTreeMap<&'static str, String>,
    files: Vec<String>,
}

impl Site {
    /// Begins a site; with `precompress` each file gets a `.br` and a `.gz` beside it.
    pub fn begin(precompress: bool) -> Result<Site> {
        let folder = site_dir()?.join("pkg");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Site { folder, precompress, names: BTreeMap::new(), files: vec!["manifest.json".into()] })
    }

    /// Adds a file of this kind (`js`, `wasm`, `css`) and gives the hashed name it got.
    pub fn add(&mut self, kind: &'static str, content: &[u8]) -> Result<String> {
        let name = format!("relaykeep.{}.{kind}", content_hash(content));
        self.write(&name, content)?;
        if self.precompress {
            let small = brotli(content)?;
            self.write(&format!("{name}.br"), &small)?;
            self.write(&format!("{name}.gz"), &gzip(content)?)?;
            progress::note(&format!("{kind}: {} KB, {} KB as brotli", content.len() / 1024, small.len() / 1024));
            if small.len() > LARGEST {
                progress::note(&format!("{kind} is larger than the {} KB a page may cost", LARGEST / 1024));
            }
        } else {
            progress::note(&format!("{kind}: {} KB", content.len() / 1024));
        }
        self.names.insert(kind, name.clone());
        Ok(name)
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

    fn write(&mut self, name: &str, content: &[u8]) -> Result<()> {
        let path = self.folder.join(name);
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        self.files.push(name.to_owned());
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
