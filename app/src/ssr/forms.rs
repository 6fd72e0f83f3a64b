//! Server functions over HTTP, for wasm and for plain forms.
//!
//! A plain form post that failed, or that returned something to be shown, is answered with the page the form is on,
//! rendered anew with what was typed and with the outcome (`components::form` tells the page's side). Nothing typed
//! ever stands in a URL, and no stored state is needed.

use super::{
    request::USER,
    router::{Portal, render},
};
use crate::{
    api::suppressions,
    components::form::{FormReply, PAGE},
    error::AppError,
    wire::Outcome,
};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{
        HeaderMap, HeaderValue, Method, StatusCode, Uri,
        header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, REFERER},
        request::Parts,
    },
    response::{IntoResponse, Redirect, Response},
};
use relay_types::user::UserId;
use server_fn::error::{FromServerFnError, SERVER_FN_ERROR_HEADER};
use tokio::sync::Semaphore;
use tower_sessions::Session;

/// A form of ours is never larger, but for an import.
const LARGEST_FORM: usize = 1 << 20;
/// A file of addresses as a form sends it, where each of some characters takes three.
const LARGEST_IMPORT: usize = 32 << 20;
/// Imports that are read at the same time: each is in memory, more than once.
static IMPORTS: Semaphore = Semaphore::const_new(4);

/// Octets that a request to `path` may have.
pub fn largest(path: &str) -> usize {
    if path == suppressions::import_path() { LARGEST_IMPORT } else { LARGEST_FORM }
}

/// Runs the server function of `request`.
pub async fn answer(portal: Portal, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let most = largest(parts.uri.path());
    let is_import = most > LARGEST_FORM;
    if is_import && !is_signed_in(&parts).await {
        return signed_out(&parts.headers);
    }
    // Never closed.
    let _place = if is_import { IMPORTS.acquire().await.ok() } else { None };
    let Ok(sent) = to_bytes(body, most).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let plain = is_plain(&parts.headers);
    let run = Request::from_parts(parts.clone(), Body::from(sent.clone()));
    let context = {
        let portal = portal.clone();
        move || portal.provide()
    };
    let response = leptos_axum::handle_server_fns_with_context(context, run).await.into_response();
    let values = form_values(&sent);
    let page = plain.then(|| page_of(&parts.headers, &values)).flatten();
    let Some(page) = page else {
        return with_status(response).await;
    };
    let (head, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    match outcome(&head.headers, &body, &parts.headers) {
        None => {
            let mut head = head;
            // Back to where it came from, without the toast of the action before.
            if !went_on(&head.headers, &parts.headers)
                && let Ok(page) = HeaderValue::from_str(&page.to_string())
            {
                head.headers.insert(LOCATION, page);
                // Leptos leaves it to the `Referer`, which some browsers do not send.
                head.status = StatusCode::FOUND;
            }
            Response::from_parts(head, Body::from(body))
        }
        Some(outcome) => {
            let page_text = page.to_string().into();
            let reply = FormReply { page: page_text, path: parts.uri.path().into(), values: values.into(), outcome };
            let mut get = Request::from_parts(parts, Body::empty());
            *get.method_mut() = Method::GET;
            *get.uri_mut() = page;
            get.headers_mut().remove(CONTENT_TYPE);
            get.headers_mut().remove(CONTENT_LENGTH);
            let mut response = render(portal, get, Some(reply)).await;
            // Cookies the function set (and its session) go out with the page.
            for cookie in head.headers.get_all(axum::http::header::SET_COOKIE) {
                response.headers_mut().append(axum::http::header::SET_COOKIE, cookie.clone());
            }
            response
        }
    }
}

/// Whether somebody is, as far as the session says: what is asked for is judged when it is read, and a store that does
/// not answer is told of then.
async fn is_signed_in(parts: &Parts) -> bool {
    let Some(session) = parts.extensions.get::<Session>() else { return false };
    session.get::<UserId>(USER).await.map_or(true, |user| user.is_some())
}

/// Whether a browser sent the form by itself.
fn is_plain(headers: &HeaderMap) -> bool {
    header(headers, &ACCEPT).is_some_and(|accept| accept.contains("text/html"))
}

fn signed_out(headers: &HeaderMap) -> Response {
    if is_plain(headers) {
        // The page sends who is signed out on to the sign-in.
        let page = page_of(headers, &[]).filter(|page| !page.path().starts_with("/api/"));
        let page = page.map_or_else(|| "/".to_owned(), |page| page.to_string());
        return Redirect::to(&page).into_response();
    }
    let error = AppError::SignedOut;
    (super::status(&error), [(SERVER_FN_ERROR_HEADER, "1")], error.ser()).into_response()
}

/// The page to render as the answer; none when the redirect that the function made is the answer.
fn outcome(answer: &HeaderMap, body: &Bytes, asked: &HeaderMap) -> Option<Outcome> {
    if answer.contains_key(SERVER_FN_ERROR_HEADER) {
        return Some(Err(AppError::de(body.clone())));
    }
    let shown = !went_on(answer, asked) && body.as_ref() != b"null" && !body.is_empty();
    shown.then(|| serde_json::from_slice(body).map_err(super::internal))
}

/// Leptos sends a plain form back to where it came from (it may leave a `?` at the end); anything else was decided by
/// the function, be it the same page with another toast.
fn went_on(answer: &HeaderMap, asked: &HeaderMap) -> bool {
    let (to, from) = (header(answer, &LOCATION), header(asked, &REFERER));
    to.map(path_of) != from.map(path_of) || to.and_then(toast_of) != from.and_then(toast_of)
}

/// The toast in the query of a URL.
fn toast_of(url: &str) -> Option<&str> {
    url.split_once('?')?.1.split('&').find(|pair| pair.starts_with("done="))
}

/// For wasm: the status that says the same as the error (leptos makes all of them 500).
async fn with_status(response: Response) -> Response {
    if !response.headers().contains_key(SERVER_FN_ERROR_HEADER) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let error = AppError::de(body.clone());
    head.status = super::status(&error);
    head.headers.extend(super::retry_after(&error));
    Response::from_parts(head, Body::from(body))
}

fn header<'a>(headers: &'a HeaderMap, name: &axum::http::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The page a form is on: its forms name it in `PAGE`, since a `Referer` is not always sent, and the answer to a post has
/// the function's address. Only path and query are taken, so it is always one of ours.
fn page_of(headers: &HeaderMap, values: &[(String, String)]) -> Option<Uri> {
    let named = values.iter().find(|(name, _)| name == PAGE).map(|(_, value)| value.as_str());
    let path = path_of(named.or_else(|| header(headers, &REFERER))?);
    crate::next::safe_next(&path).parse().ok()
}

/// Path and query of a URL, without the toast of the action before.
fn path_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
    let (path, query) = rest.split('#').next().unwrap_or("/").split_once('?').unwrap_or((rest, ""));
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !["done=", "__path=", "__err="].iter().any(|name| pair.starts_with(name)))
        .collect();
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
}

/// Names and values of `application/x-www-form-urlencoded`, without passwords: an input whose name says so is never
/// given back.
fn form_values(body: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(body);
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name), decode(value)))
        .filter(|(name, _)| !name.contains("password") && !name.contains("secret"))
        .collect()
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high * 16 + low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_comes_back_but_never_a_password() {
        let values = form_values(b"address=a%2Bb%40c.example+x&password=geheim&new_password=g&note=%C3%A4%zz");
        assert_eq!(
            values,
            [("address", "a+b@c.example x"), ("note", "ä%zz")].map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
    }

    #[test]
    fn the_same_page_with_a_toast_was_decided_by_the_function() {
        for (referer, location, decided) in [
            ("http://h/p/bio?done=saved.1", "http://h/p/bio?done=saved.1", false),
            ("http://h/p/bio", "http://h/p/bio?", false),
            ("http://h/api/set_theme1", "http://h/api/set_theme1?", false),
            ("http://h/p/bio?done=saved.1", "/p/bio?done=saved.2", true),
            ("http://h/p/bio", "/p/bio?done=saved.1", true),
            ("http://h/login?next=/p/bio", "/p/bio", true),
        ] {
            let header = |name, value: &str| HeaderMap::from_iter([(name, value.parse().expect("a header value"))]);
            assert_eq!(went_on(&header(LOCATION, location), &header(REFERER, referer)), decided, "{location}");
        }
    }

    #[test]
    fn the_page_of_a_form_is_always_one_of_ours() {
        for (referer, page) in [
            ("http://127.0.0.1:3000/p/bio/senders?done=saved&q=x#top", "/p/bio/senders?q=x"),
            ("https://evil.example", "/"),
            ("https://evil.example//evil.example/x", "/"),
            ("/p/bio", "/p/bio"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(REFERER, referer.parse().expect("a header value"));
            assert_eq!(page_of(&headers, &[]).map(|uri| uri.to_string()), Some(page.to_owned()), "{referer}");
        }
    }

    #[test]
    fn a_form_in_the_answer_to_a_post_names_its_page_and_it_is_one_of_ours() {
        let mut headers = HeaderMap::new();
        headers.insert(REFERER, HeaderValue::from_static("http://127.0.0.1:3000/api/add_sender123"));
        for (named, page) in [("/p/bio/senders?q=x", "/p/bio/senders?q=x"), ("https://evil.example//e/x", "/")] {
            let values = [(PAGE.to_owned(), named.to_owned())];
            assert_eq!(page_of(&headers, &values).map(|uri| uri.to_string()), Some(page.to_owned()), "{named}");
        }
    }
}
