//! What a page links to that is no page: raw messages, captured HTML in a sandbox, attachments, lists as CSV.

mod csv;
mod lists;

use app::ssr::USER;
use axum::{
    Extension, Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use relay_core::{Actor, Core, Error, captured, domains, messages, sign_in};
use relay_types::{message::MessageId, project::Slug, user::UserId};
use std::net::IpAddr;
use tower_sessions::Session;

/// The routes.
pub fn routes(core: Core) -> Router {
    Router::new()
        .route("/p/{project}/messages/{id}/raw", get(raw))
        .route("/p/{project}/captured/{id}/html", get(html))
        .route("/p/{project}/captured/{id}/attachments/{place}", get(attachment))
        .route("/admin/captured/{id}/html", get(html_of_portal))
        .route("/admin/captured/{id}/attachments/{place}", get(attachment_of_portal))
        .route("/admin/dkim.zone", get(delegated_zone))
        .merge(lists::routes())
        .with_state(core)
}

/// A failed download or stream: the status alone says enough, and tells nothing of other tenants.
pub struct Refused(pub StatusCode);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, self.0.canonical_reason().unwrap_or_default()).into_response()
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self(match error {
            Error::SignedOut => StatusCode::UNAUTHORIZED,
            Error::Forbidden => StatusCode::FORBIDDEN,
            Error::NotFound => StatusCode::NOT_FOUND,
            Error::Invalid { .. } => StatusCode::BAD_REQUEST,
            error => {
                tracing::error!(%error, "a download or stream failed");
                StatusCode::SERVICE_UNAVAILABLE
            }
        })
    }
}

/// Who asks, by the session.
async fn actor(core: &Core, session: &Session, client: Option<Extension<IpAddr>>) -> Result<Actor, Refused> {
    let client = client.map(|Extension(client)| client);
    let user = session.get::<UserId>(USER).await.map_err(|_| Refused(StatusCode::SERVICE_UNAVAILABLE))?;
    match user {
        Some(id) => Ok(sign_in::actor(core, id, client, None).await?),
        None => Ok(Actor::Anonymous { client }),
    }
}

fn place<T: std::str::FromStr>(text: &str) -> Result<T, Refused> {
    text.parse().map_err(|_| Refused(StatusCode::NOT_FOUND))
}

/// Lines for the operator's zone of delegated DKIM keys.
async fn delegated_zone(
    State(core): State<Core>,
    session: Session,
    client: Option<Extension<IpAddr>>,
) -> Result<Response, Refused> {
    let zone = domains::delegated_zone(&core, &actor(&core, &session, client).await?).await?;
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    Ok((kind, zone).into_response())
}

async fn raw(
    State(core): State<Core>,
    session: Session,
    client: Option<Extension<IpAddr>>,
    Path((project, id)): Path<(String, String)>,
) -> Result<Response, Refused> {
    let (project, id): (Slug, MessageId) = (place(&project)?, place(&id)?);
    let content = messages::raw(&core, &actor(&core, &session, client).await?, &project, id).await?;
    Ok(download(&format!("{id}.eml"), "message/rfc822", content))
}

async fn html(
    State(core): State<Core>,
    session: Session,
    client: Option<Extension<IpAddr>>,
    Path((project, id)): Path<(String, String)>,
) -> Result<Response, Refused> {
    let (project, id): (Slug, MessageId) = (place(&project)?, place(&id)?);
    let html = captured::html(&core, &actor(&core, &session, client).await?, &project, id).await?;
    Ok(in_sandbox(html))
}

async fn html_of_portal(
    State(core): State<Core>,
    session: Session,
    client: Option<Extension<IpAddr>>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let html = captured::html_of_portal(&core, &actor(&core, &session, client).await?, place(&id)?).await?;
    Ok(in_sandbox(html))
}

fn in_sandbox(html: String) -> Response {
    // The sender wrote this: no script, no form, no request to anywhere, an origin of its own.
    let policy = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'";
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, html).into_response()
}

async fn attachment(
    State(core): State<Core>,
    session: Session,
    client: Option<Extension<IpAddr>>,
    Path((project, id, at)): Path<(String, String, String)>,
) -> Result<Response, Refused> {
    let (project, id): (Slug, MessageId) = (place(&project)?, place(&id)?);
    let actor = actor(&core, &session, client).await?;
    let (name, _, content) = captured::attachment(&core, &actor, &project, id, place(&at)?).await?;
    Ok(download(&name, "application/octet-stream", content))
}

async fn attachment_of_portal(
    State(core): State<Core>,
    session: Session,
    client: Option<Extension<IpAddr>>,
    Path((id, at)): Path<(String, String)>,
) -> Result<Response, Refused> {
    let actor = actor(&core, &session, client).await?;
    let (name, _, content) = captured::attachment_of_portal(&core, &actor, place(&id)?, place(&at)?).await?;
    Ok(download(&name, "application/octet-stream", content))
}

/// An answer that the browser saves and never shows.
fn download(name: &str, media_type: &'static str, content: Vec<u8>) -> Response {
    (saved_as(name, media_type), Body::from(content)).into_response()
}

/// The header of an answer that the browser saves under this name.
fn saved_as(name: &str, media_type: &str) -> [(HeaderName, String); 4] {
    let safe: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect();
    [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{safe}\"")),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ]
}
