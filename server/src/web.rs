//! The web server: portal, downloads, browser files, health, and the layers around them.

use crate::{
    api, browser_files, client_address, cross_origin, downloads, events, health,
    session_store::{self, DatabaseStore, LIFE},
    settings::PortalSettings,
};
use anyhow::{Context, Result};
use app::{
    components::boot::{Assets, ModuleFiles},
    modules::Module,
    ssr::Portal,
};
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http_body_util::Limited;
use relay_core::Core;
use std::path::Path;
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, set_header::SetResponseHeaderLayer,
    timeout::TimeoutLayer, trace::TraceLayer,
};
use tower_sessions::{
    Expiry, SessionManagerLayer,
    cookie::{SameSite, time::Duration},
};

/// From the header of a request to that of its answer, so that a body that trickles in ends; what a page waits for is
/// bounded far below.
const LONGEST_REQUEST: std::time::Duration = std::time::Duration::from_secs(60);

/// The whole router.
pub fn router(core: Core, settings: &PortalSettings, health: health::Health) -> Result<Router> {
    let portal = Portal { core: core.clone(), assets: assets(&settings.site_dir)? };
    let https = settings.public_url.starts_with("https://");
    let sessions = SessionManagerLayer::new(DatabaseStore(core.clone()))
        // The __Host- prefix binds the cookie to this host, this path and TLS (RFC 6265bis section 4.1.3.2).
        .with_name(if https { "__Host-relaykeep" } else { "relaykeep" })
        .with_secure(https)
        .with_http_only(true)
        // Lax, so that a link in a mail opens the page and not the sign-in form.
        .with_same_site(SameSite::Lax)
        .with_expiry(Expiry::OnInactivity(Duration::seconds(LIFE.as_secs().cast_signed())));
    let own = cross_origin::OwnOrigin(origin(&settings.public_url).into());
    let proxies = client_address::TrustedProxies(settings.trusted_proxies.clone().into());
    let pages = app::ssr::router(portal)
        .merge(api::routes(core.clone(), settings.api_per_minute))
        .merge(downloads::routes(core.clone()))
        .merge(events::routes(core.clone(), health.stop.clone()))
        .layer(middleware::from_fn_with_state(core, session_store::note))
        .layer(sessions)
        .layer(middleware::from_fn_with_state(own, cross_origin::refuse))
        .layer(middleware::from_fn(bounded))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, LONGEST_REQUEST))
        .layer(CompressionLayer::new());
    let headers = ServiceBuilder::new()
        .layer(set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(set(header::REFERRER_POLICY, "same-origin"))
        .layer(set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .layer(set(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"))
        .option_layer(https.then(|| set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000")));
    Ok(pages
        .nest_service("/pkg", browser_files::service(&settings.site_dir))
        .merge(health::routes(health))
        .layer(headers)
        .layer(middleware::from_fn_with_state(proxies, client_address::note))
        .layer(CatchPanicLayer::new())
        .layer(TraceLayer::new_for_http()))
}

/// Ends what is larger than its form can be: at once when it says so, else when it has come so far.
async fn bounded(request: Request, next: Next) -> Response {
    let most = app::ssr::largest_request(request.uri().path());
    let said = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if said.is_some_and(|said| said > most as u64) {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    next.run(request.map(|body| Body::new(Limited::new(body, most)))).await
}

/// What a node without the portal serves: health and metrics.
pub fn without_portal(settings: &PortalSettings, health: health::Health) -> Router {
    let proxies = client_address::TrustedProxies(settings.trusted_proxies.clone().into());
    health::routes(health)
        .layer(middleware::from_fn_with_state(proxies, client_address::note))
        .layer(CatchPanicLayer::new())
        .layer(TraceLayer::new_for_http())
}

fn set(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// Scheme, host and port of a URL.
fn origin(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", rest.split('/').next().unwrap_or_default()),
        None => url.to_owned(),
    }
}

/// The hashed names of the browser's files, from the manifest that the build wrote.
fn assets(site_dir: &Path) -> Result<Assets> {
    let path = site_dir.join("pkg/manifest.json");
    let text = std::fs::read_to_string(&path).with_context(|| {
        format!(
            "the portal's browser files are missing ({}): run `cargo xtask serve`, or set portal.site_dir",
            path.display()
        )
    })?;
    let names: serde_json::Value = serde_json::from_str(&text).with_context(|| format!("in {}", path.display()))?;
    let file = |name: &serde_json::Value, what: &str| {
        let name = name.as_str().with_context(|| format!("{} names no {what}", path.display()))?;
        anyhow::Ok(format!("/pkg/{name}"))
    };
    let module = |module: Module| {
        let (name, files) = (module.name(), &names[module.name()]);
        anyhow::Ok(ModuleFiles {
            js: file(&files["js"], &format!("js of {name}"))?,
            wasm: file(&files["wasm"], &format!("wasm of {name}"))?,
        })
    };
    let modules = Module::ALL.into_iter().map(module).collect::<Result<_>>()?;
    Ok(Assets { css: file(&names["css"], "css")?, modules })
}
