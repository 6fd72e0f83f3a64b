//! The two questions the types ask of Unicode: the A-labels of a domain name, and the composed form of a text.
//!
//! The server answers from libraries, the browser from what it has itself: the tables would be a tenth of what a page
//! downloads. Both follow the same standards; what the browser judges, the server judges again.

pub(crate) use tables::{composed, to_a_labels};

#[cfg(not(target_family = "wasm"))]
mod tables {
    use icu_normalizer::ComposingNormalizerBorrowed;

    /// `domain` in lower-case A-labels (UTS 46); none when a label is not allowed.
    pub(crate) fn to_a_labels(domain: &str) -> Option<String> {
        idna::domain_to_ascii_strict(domain).ok()
    }

    /// `text` with its letters and their marks composed (Unicode NFC).
    pub(crate) fn composed(text: &str) -> String {
        ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned()
    }
}

#[cfg(target_family = "wasm")]
mod tables {
    /// `domain` in lower-case A-labels (UTS 46); none when a label is not allowed.
    pub(crate) fn to_a_labels(domain: &str) -> Option<String> {
        let lower = domain.to_ascii_lowercase();
        if domain.is_ascii() && !lower.contains("xn--") {
            return Some(lower);
        }
        // What would end the host of a URL, or be decoded in it, is no part of a name.
        if domain.contains(|c: char| c.is_ascii() && !(c.is_ascii_alphanumeric() || c == '-' || c == '.')) {
            return None;
        }
        web_sys::Url::new(&format!("http://{domain}/")).ok().map(|url| url.hostname())
    }

    /// `text` with its letters and their marks composed (Unicode NFC).
    pub(crate) fn composed(text: &str) -> String {
        js_sys::JsString::from(text).normalize("NFC").into()
    }
}
