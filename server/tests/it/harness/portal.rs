//! The portal as a program sees it: curl with a cookie jar, plain forms as without JavaScript.

use super::{Stream, html};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// One person's browser.
pub struct Portal {
    url: String,
    jar: PathBuf,
}

/// A page.
pub struct Page {
    pub status: u16,
    pub headers: String,
    pub body: String,
}

impl Page {
    /// All values of a header field.
    pub fn header(&self, name: &str) -> Vec<String> {
        let fields = self.headers.lines().filter_map(|line| line.split_once(':'));
        fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned()).collect()
    }

    /// What a person reads.
    pub fn text(&self) -> String {
        html::text(&self.body)
    }

    /// The first link to an address that begins so.
    pub fn link(&self, beginning: &str) -> String {
        let links = html::tags(&self.body, "a").filter_map(|(tag, _)| html::attribute(tag, "href"));
        let mut found = links.filter(|href| href.starts_with(beginning) && href.len() > beginning.len());
        found.next().unwrap_or_else(|| panic!("no link to {beginning}… on\n{}", self.body))
    }
}

/// A form of a page.
struct Form {
    action: String,
    hidden: Vec<(String, String)>,
}

impl Portal {
    /// A browser without cookies.
    pub fn new(url: &str, jar: &Path) -> Self {
        Self { url: url.to_owned(), jar: jar.to_owned() }
    }

    /// The same browser at another node: cookies are of a host, whatever the port.
    pub fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), jar: self.jar.clone() }
    }

    /// Fetches a page; redirects are followed.
    pub fn get(&self, path: &str) -> Page {
        self.run(&["-L", &format!("{}{path}", self.url)])
    }

    /// Fetches a page with these further header fields; redirects are not followed.
    pub fn ask(&self, path: &str, fields: &[&str]) -> Page {
        let url = format!("{}{path}", self.url);
        let arguments: Vec<&str> = fields.iter().flat_map(|field| ["-H", *field]).chain([url.as_str()]).collect();
        self.run(&arguments)
    }

    /// Opens a stream of events, with these further header fields.
    pub fn listen(&self, path: &str, fields: &[&str]) -> Stream {
        Stream::open(&format!("{}{path}", self.url), &self.jar, fields)
    }

    /// Posts a form of the page `from` to the server function `function`, as a browser without JavaScript does.
    pub fn post(&self, from: &str, function: &str, fields: &[(&str, &str)]) -> Page {
        self.post_as(&[&format!("Origin: {}", self.url), "Sec-Fetch-Site: same-origin"], from, function, fields)
    }

    /// As [`Self::post`], with these header fields about where it comes from.
    pub fn post_as(&self, origin: &[&str], from: &str, function: &str, fields: &[(&str, &str)]) -> Page {
        let referer = format!("Referer: {}{from}", self.url);
        // What is too long for a command line is read from a file.
        let folder = tempfile::tempdir().unwrap();
        let pair = |(place, (name, value)): (usize, &(&str, &str))| {
            if value.len() < 100_000 {
                return format!("{name}={value}");
            }
            let file = folder.path().join(place.to_string());
            std::fs::write(&file, value).unwrap();
            format!("{name}@{}", file.display())
        };
        let pairs: Vec<String> = fields.iter().enumerate().map(pair).collect();
        let url = format!("{}{function}", self.url);
        let mut arguments = vec!["-H", &referer, "-H", "Accept: text/html"];
        arguments.extend(origin.iter().flat_map(|field| ["-H", *field]));
        for pair in &pairs {
            arguments.extend(["--data-urlencode", pair.as_str()]);
        }
        arguments.push(&url);
        self.run(&arguments)
    }

    /// The address a page's form posts to: the first `action` that contains `name`.
    pub fn action(&self, page: &str, name: &str) -> String {
        self.form(page, name, &[]).action
    }

    /// Fills in and sends the form of `page` for the function `name`: of several the one whose hidden inputs agree with
    /// `fields`. Hidden inputs are sent along.
    pub fn submit(&self, page: &str, name: &str, fields: &[(&str, &str)]) -> Page {
        let form = self.form(page, name, fields);
        let hidden = form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let hidden = hidden.filter(|(name, _)| fields.iter().all(|(given, _)| given != name));
        let all: Vec<(&str, &str)> = fields.iter().copied().chain(hidden).collect();
        self.post(page, &form.action, &all)
    }

    /// As [`Self::submit`], for what must succeed.
    pub fn change(&self, page: &str, name: &str, fields: &[(&str, &str)]) {
        let answer = self.submit(page, name, fields);
        let text = answer.text();
        assert!((300..400).contains(&answer.status), "{name} on {page} gave {}\n{text}", answer.status);
    }

    /// Signs in by the form.
    pub fn sign_in(&self, email: &str, password: &str) {
        self.change("/login", "sign_in", &[("email", email), ("password", password)]);
    }

    fn form(&self, page: &str, name: &str, fields: &[(&str, &str)]) -> Form {
        let body = self.get(page).body;
        let forms = html::tags(&body, "form").filter_map(|(tag, rest)| {
            let action = html::attribute(tag, "action")?;
            let inside = rest.split("</form>").next()?;
            let inputs = html::tags(inside, "input").filter(|(tag, _)| tag.contains("type=\"hidden\""));
            let pairs = inputs.filter_map(|(tag, _)| {
                Some((html::attribute(tag, "name")?, html::attribute(tag, "value").unwrap_or_default()))
            });
            Some(Form { action, hidden: pairs.collect() })
        });
        let agrees = |(name, value): &(String, String)| fields.iter().all(|(given, is)| given != name || is == value);
        let mut found = forms.filter(|form| form.action.contains(name) && form.hidden.iter().all(agrees));
        found.next().unwrap_or_else(|| panic!("no form for {name} with {fields:?} on {page}:\n{body}"))
    }

    fn run(&self, arguments: &[&str]) -> Page {
        let output = Command::new("curl")
            .args(["-sS", "-m", "30", "-D", "-", "-b"])
            .arg(&self.jar)
            .arg("-c")
            .arg(&self.jar)
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "curl: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        // With redirects there are several header blocks; the last one is the page's.
        let mut rest = text.as_str();
        let mut headers = "";
        while rest.starts_with("HTTP/") {
            (headers, rest) = rest.split_once("\r\n\r\n").unwrap_or((rest, ""));
        }
        let status = headers.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Page { status, headers: headers.to_owned(), body: rest.to_owned() }
    }
}
