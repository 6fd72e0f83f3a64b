//! The HTTP API under `/api/v1`: who asks, how often, and how it is refused. Each handler is a thin caller of a use case.
//!
//! It trusts nothing of a request but a session or a token, and decides nothing itself. Answers are for nobody's cache
//! and for no other site's pages: there is no CORS.

mod dns;
mod error;
mod openapi;
mod query;
mod rate;
mod suppressions;

use crate::session_store::user_of;
use axum::{
    Extension, Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use error::Problem;
use rate::{Caller, Rates};
use relay_core::{Actor, Core, api_tokens, sign_in};
use std::{net::IpAddr, sync::Arc};
use tower_sessions::Session;

/// What the handlers share.
#[derive(Clone)]
struct Api {
    core: Core,
    rates: Arc<Rates>,
}

/// The routes; a caller may ask `per_minute` times a minute.
pub fn routes(core: Core, per_minute: u32) -> Router {
    let api = Api { core: core.clone(), rates: Arc::new(Rates::new(per_minute)) };
    let guarded =
        dns::routes().merge(suppressions::routes()).with_state(core).layer(middleware::from_fn_with_state(api, admit));
    Router::new()
        .route("/api/v1/openapi.json", get(openapi::document))
        .merge(guarded)
        .route("/api/v1", any(nowhere))
        .route("/api/v1/", any(nowhere))
        .route("/api/v1/{*path}", any(nowhere))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(middleware::from_fn(uncached))
}

async fn nowhere() -> Problem {
    Problem::nowhere()
}

async fn uncached(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Finds out who asks and whether it is their turn; the handler gets the [`Actor`].
async fn admit(
    State(api): State<Api>,
    session: Session,
    client: Option<Extension<IpAddr>>,
    mut request: Request,
    next: Next,
) -> Response {
    let client = client.map(|Extension(client)| client);
    let found = actor(&api.core, &session, client, request.headers()).await;
    // Who is not known is counted by address, so that nobody tries tokens, or makes us look for them, without end.
    let caller = found.as_ref().map_or_else(|_| Caller::of(client), |actor| Caller::of_actor(actor, client));
    if let Err(seconds) = api.rates.take(caller, api.core.now()) {
        return Problem::too_many(seconds).into_response();
    }
    match found {
        Ok(actor) => {
            request.extensions_mut().insert(actor);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// By the token when there is one, and never by the session then; by the session else.
async fn actor(core: &Core, session: &Session, client: Option<IpAddr>, headers: &HeaderMap) -> Result<Actor, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    if let Some(value) = values.next() {
        // Of two, somebody on the way may have believed the other.
        let token = value.to_str().ok().filter(|_| values.next().is_none());
        let token = token.and_then(bearer).ok_or_else(Problem::bad_token)?;
        return api_tokens::actor(core, token, client).await.map_err(|error| match error {
            relay_core::Error::SignedOut => Problem::bad_token(),
            other => Problem::from(other),
        });
    }
    match user_of(session).await.map_err(|_| Problem::unavailable())? {
        Some(id) => Ok(sign_in::actor(core, id, client, None).await?),
        None => Err(Problem::signed_out()),
    }
}

/// The token of `Bearer TOKEN` (RFC 6750 §2.1; the scheme in any case by RFC 9110 §11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' ')).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{session_store::DatabaseStore, test_core::TestCore};
    use axum::body::Body;
    use relay_core::projects;
    use relay_types::{api_token::ApiScope, project::Slug};
    use std::time::Duration;
    use tower::ServiceExt;
    use tower_sessions::SessionManagerLayer;

    #[test]
    fn a_token_stands_behind_the_word_bearer() {
        for (value, token) in [
            ("Bearer rk_x", Some("rk_x")),
            ("bearer  rk_x ", Some("rk_x")),
            ("Basic rk_x", None),
            ("rk_x", None),
            ("Bearer ", None),
            ("", None),
        ] {
            assert_eq!(bearer(value), token, "{value:?}");
        }
    }

    #[tokio::test]
    async fn a_token_opens_nothing_from_the_moment_it_expires() {
        let test = TestCore::new().await;
        let core = &test.core;
        let slug = Slug::parse("bio").unwrap();
        projects::create(core, &Actor::System, "Bioinformatics", slug.clone(), false).await.unwrap();
        let ends = core.now().plus(Duration::from_secs(3_600));
        let issued = api_tokens::issue(core, &Actor::System, &slug, "monitoring", &[ApiScope::DnsRead], Some(ends));
        let (_, token) = issued.await.unwrap();
        let sessions = SessionManagerLayer::new(DatabaseStore(core.clone()));
        let router = routes(core.clone(), 60).layer(sessions);
        let ask = async || {
            let request = Request::builder()
                .uri("/api/v1/dns/mx?domain=gene.example")
                .header(header::AUTHORIZATION, format!("Bearer {}", token.reveal()));
            let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            let (status, challenge) = (answer.status(), answer.headers().contains_key(header::WWW_AUTHENTICATE));
            let body = axum::body::to_bytes(answer.into_body(), 100_000).await.unwrap();
            (status.as_u16(), challenge, serde_json::from_slice::<serde_json::Value>(&body).unwrap())
        };
        let (status, _, report) = ask().await;
        assert_eq!((status, &report["about"]), (200, &"gene.example".into()), "{report}");
        test.clock.advance(Duration::from_secs(3_599));
        assert_eq!(ask().await.0, 200);
        test.clock.advance(Duration::from_secs(1));
        let (status, challenge, problem) = ask().await;
        assert_eq!((status, challenge), (401, true));
        let said = "The token is unknown, revoked or expired";
        assert_eq!((&problem["code"], &problem["detail"]), (&"unauthenticated".into(), &said.into()));
    }
}
