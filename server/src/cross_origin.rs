//! Refuses requests that another site made the browser send. Server functions are public endpoints with cookies, so
//! this is asked of every request that is not a plain read.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// The portal's own origin, as browsers write it.
#[derive(Clone)]
pub struct OwnOrigin(pub Arc<str>);

/// The layer.
pub async fn refuse(State(own): State<OwnOrigin>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || by_token(&request) || is_same_origin(request.headers(), &own.0) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "This request came from another site and was refused.\n").into_response()
}

/// A program of the HTTP API: no other site can make a browser send a token, and with one no session counts there.
fn by_token(request: &Request) -> bool {
    let credentials = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let scheme = credentials.and_then(|credentials| credentials.split(' ').next()).unwrap_or_default();
    request.uri().path().starts_with("/api/v1/") && scheme.eq_ignore_ascii_case("bearer")
}

/// By `Sec-Fetch-Site` where the browser sends it, else by `Origin`, which must be ours or name the host that was asked.
/// A request with neither is refused: every browser that runs the portal sends one of them with a POST.
fn is_same_origin(headers: &HeaderMap, own: &str) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = text(header::ORIGIN) else { return false };
    let asked = text(header::HOST).unwrap_or_default();
    origin == own || (!asked.is_empty() && origin.split_once("://").is_some_and(|(_, host)| host == asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_post() {
        for (sent, allowed) in [
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("sec-fetch-site", "same-site")], false),
            (vec![("sec-fetch-site", "cross-site")], false),
            (vec![("sec-fetch-site", "none")], false),
            (vec![("origin", "https://mail.example.org")], true),
            (vec![("origin", "https://evil.example"), ("host", "mail.example.org")], false),
            (vec![("origin", "http://127.0.0.1:3000"), ("host", "127.0.0.1:3000")], true),
            (vec![("origin", "null")], false),
            (vec![("sec-fetch-site", "cross-site"), ("origin", "https://mail.example.org")], false),
            (vec![], false),
        ] {
            let headers = sent.iter().map(|(name, value)| {
                let name: header::HeaderName = name.parse().expect("a name");
                (name, value.parse().expect("a value"))
            });
            let headers: HeaderMap = headers.collect();
            assert_eq!(is_same_origin(&headers, "https://mail.example.org"), allowed, "{sent:?}");
        }
    }
}
