//! The portal as a program sees it: curl with a cookie jar, plain forms as without JavaScript.

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

impl Portal {
    /// A browser without cookies.
    pub fn new(url: &str, jar: &Path) -> Self {
        Self { url: url.to_owned(), jar: jar.to_owned() }
    }

    /// Fetches a page; redirects are followed.
    pub fn get(&self, path: &str) -> Page {
        self.run(&["-L", &format!("{}{path}", self.url)])
    }

    /// Posts a form of the page `from` to the server function `function`, as a browser without JavaScript does.
    pub fn post(&self, from: &str, function: &str, fields: &[(&str, &str)]) -> Page {
        let origin = format!("Origin: {}", self.url);
        let referer = format!("Referer: {}{from}", self.url);
        let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let url = format!("{}{function}", self.url);
        let mut arguments =
            vec!["-H", &origin, "-H", &referer, "-H", "Accept: text/html", "-H", "Sec-Fetch-Site: same-origin"];
        for pair in &pairs {
            arguments.extend(["--data-urlencode", pair.as_str()]);
        }
        arguments.push(&url);
        self.run(&arguments)
    }

    /// The address a page's form posts to: the first `action` that contains `name`.
    pub fn action(&self, page: &str, name: &str) -> String {
        let body = self.get(page).body;
        let found = body
            .split("action=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .find(|action| action.contains(name));
        found.unwrap_or_else(|| panic!("no form for {name} on {page}:\n{body}")).to_owned()
    }

    /// Fills in and sends the form of `page` for the function `name`.
    pub fn submit(&self, page: &str, name: &str, fields: &[(&str, &str)]) -> Page {
        self.post(page, &self.action(page, name), fields)
    }

    /// Signs in by the form.
    pub fn sign_in(&self, email: &str, password: &str) {
        let page = self.submit("/login", "login", &[("email", email), ("password", password)]);
        assert!((300..400).contains(&page.status), "sign-in gave {}\n{}", page.status, page.body);
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
