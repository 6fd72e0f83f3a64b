//! The portal as an axum router: pages, server functions, and the headers every page carries.

use super::{answers::Answers, forms};
use crate::{
    Document,
    components::{boot::Assets, form::FormReply, time::Now},
    modules::Module,
    shell,
};
use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Request},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, REFERRER_POLICY},
        request::Parts,
    },
    response::{IntoResponse, Response},
    routing::post,
};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;
use relay_core::Core;

/// What the portal needs to answer.
#[derive(Clone)]
pub struct Portal {
    /// The use cases.
    pub core: Core,
    /// The browser's files.
    pub assets: Assets,
}

/// Pages at every path but the ones mounted beside it, server functions under `/api/`. `server` puts the session layer
/// and the refusal of cross-origin calls around it.
pub fn router(portal: Portal) -> Router {
    // Leptos does this while it lists routes, which we do not ask of it; a second call changes nothing.
    let _ = any_spawner::Executor::init_tokio();
    let functions = portal.clone();
    let answer = post(move |request| forms::answer(functions.clone(), request));
    Router::new()
        // `forms::answer` has its own bound; axum's would end an import at 2 MB.
        .route("/api/{*function}", answer.layer(DefaultBodyLimit::disable()))
        .fallback(move |request| page(portal.clone(), request))
}

async fn page(portal: Portal, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")]).into_response();
    }
    render(portal, request, None).await
}

impl Portal {
    /// What pages and server functions find in their context.
    pub(super) fn provide(&self) {
        provide_context(self.core.clone());
        provide_context(Now(self.core.now()));
    }
}

/// Renders the page of `request`; with `reply` as the answer to a plain form post. Everything is awaited first, so
/// status, title and content are final.
pub(super) async fn render(portal: Portal, request: Request<Body>, reply: Option<FormReply>) -> Response {
    let now = portal.core.now();
    let boot = reply.is_none().then(|| portal.assets.of(Module::of(request.uri().path())).clone());
    let failed = reply.as_ref().and_then(|reply| reply.outcome.as_ref().err()).cloned();
    let css = portal.assets.css.clone();
    let context = move || {
        portal.provide();
        provide_context(Answers::default());
        if let Some(reply) = &reply {
            provide_context(reply.clone());
        }
    };
    let document = move || {
        set_headers();
        shell(Document { css: css.clone(), theme: theme(), now, boot: boot.clone() })
    };
    let mut response = leptos_axum::render_app_async_with_context(context, document)(request).await;
    if let Some(error) = failed
        && response.status() == StatusCode::OK
    {
        *response.status_mut() = super::status(&error);
        response.headers_mut().extend(super::retry_after(&error));
    }
    response
}

/// The content policy with this page's nonce; pages hold a person's data and are kept by nobody.
fn set_headers() {
    let (Some(nonce), Some(options)) = (use_nonce(), use_context::<ResponseOptions>()) else { return };
    let policy = format!(
        "default-src 'self'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        options.insert_header(CONTENT_SECURITY_POLICY, policy);
    }
    options.insert_header(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Links from mail carry tokens, so other hosts learn nothing; `ssr::forms` needs it on our own.
    options.insert_header(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
}

/// The theme this browser remembers.
pub fn theme() -> &'static str {
    let chosen = use_context::<Parts>().and_then(|parts| cookie(&parts.headers, "theme"));
    match chosen.as_deref() {
        Some("light") => "light",
        Some("dark") => "dark",
        _ => "system",
    }
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(';'));
    pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}
