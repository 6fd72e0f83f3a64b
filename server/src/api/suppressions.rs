//! `/api/v1/projects/{project}/suppressions`: the suppression list of a project, with what its page does one by one.

use super::{error::Problem, query::Parameters};
use axum::{
    Extension, Json, Router,
    extract::{FromRequestParts, Path, State, rejection::JsonRejection},
    http::{StatusCode, request::Parts},
    routing::get,
};
use relay_core::{Actor, Core, Error, suppressions};
use relay_types::{
    Timestamp,
    page::Page,
    project::Slug,
    suppression::{Suppression, SuppressionFilter},
};
use serde::Deserialize;

/// The paths under `/api/v1`, each with its methods.
#[cfg(test)]
pub const PATHS: [(&str, &[&str]); 2] = [
    ("/projects/{project}/suppressions", &["get", "post"]),
    ("/projects/{project}/suppressions/{address}", &["get", "delete"]),
];

/// The routes; who asks was found out before.
pub fn routes() -> Router<Core> {
    Router::new()
        .route("/api/v1/projects/{project}/suppressions", get(list).post(add))
        .route("/api/v1/projects/{project}/suppressions/{address}", get(find).delete(remove))
}

/// What the path names. What cannot be a project, or is no text, is nobody's.
#[derive(Deserialize)]
struct Named {
    project: String,
    #[serde(default)]
    address: String,
}

/// The project of the path.
struct Of(Slug);

/// The project and the address of the path.
struct At(Slug, String);

/// What is added.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    address: String,
    reason: String,
    #[serde(default)]
    expires_at: Option<Timestamp>,
}

impl<S: Send + Sync> FromRequestParts<S> for At {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let named = Path::<Named>::from_request_parts(parts, state).await;
        let Path(Named { project, address }) = named.map_err(|_| Error::NotFound)?;
        Ok(Self(Slug::parse(&project).map_err(|_| Error::NotFound)?, address))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Of {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let At(project, _) = At::from_request_parts(parts, state).await?;
        Ok(Self(project))
    }
}

async fn list(
    State(core): State<Core>,
    Extension(actor): Extension<Actor>,
    Of(project): Of,
    asked: Parameters,
) -> Result<Json<Page<Suppression>>, Problem> {
    let asked = asked.only(&["search", "after"])?;
    let filter = SuppressionFilter {
        search: asked.optional("search")?,
        after: asked.optional("after")?,
        ..SuppressionFilter::default()
    };
    Ok(Json(suppressions::list(&core, &actor, &project, &filter).await?))
}

async fn add(
    State(core): State<Core>,
    Extension(actor): Extension<Actor>,
    Of(project): Of,
    body: Result<Json<New>, JsonRejection>,
) -> Result<(StatusCode, Json<Suppression>), Problem> {
    let Json(new) = body.map_err(|why| Problem::invalid("", why.body_text()))?;
    suppressions::add(&core, &actor, &project, &new.address, &new.reason, new.expires_at).await?;
    let added = suppressions::find(&core, &actor, &project, &new.address).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

async fn find(
    State(core): State<Core>,
    Extension(actor): Extension<Actor>,
    At(project, address): At,
) -> Result<Json<Suppression>, Problem> {
    Ok(Json(suppressions::find(&core, &actor, &project, &address).await?))
}

async fn remove(
    State(core): State<Core>,
    Extension(actor): Extension<Actor>,
    At(project, address): At,
) -> Result<StatusCode, Problem> {
    suppressions::remove_address(&core, &actor, &project, &address).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests;
