//! The portal's style: `style/main.css` and what it imports, as one minified file.
//!
//! Nothing is lowered for old browsers: nesting, layers and `light-dark()` are meant as written.

use anyhow::{Result, anyhow};
use lightningcss::bundler::{Bundler, FileProvider};
use lightningcss::stylesheet::{MinifyOptions, ParserOptions, PrinterOptions};

use crate::workspace::root;

/// The whole style as one minified text; an error names file and line.
pub fn bundle() -> Result<String> {
    let files = FileProvider::new();
    let mut sheet = Bundler::new(&files, None, ParserOptions::default())
        .bundle(&root().join("style/main.css"))
        .map_err(|error| anyhow!("style: {error}"))?;
    sheet.minify(MinifyOptions::default()).map_err(|error| anyhow!("style: {error}"))?;
    let printed = sheet
        .to_css(PrinterOptions { minify: true, ..PrinterOptions::default() })
        .map_err(|error| anyhow!("style: {error}"))?;
    Ok(printed.code)
}
