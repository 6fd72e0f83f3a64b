//! `/api/v1/projects/{project}/suppressions`: the suppression list of a project, with what its page does one by one.

use super::{error::Problem, query::Parameters};
use axum::{
    Extension, Json, Router,
    extract::{Path, State, rejection::JsonRejection},
    http::StatusCode,
    routing::get,
};
use relay_core::{Actor, Core, suppressions};
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

/// What is added.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    address: String,
    reason: String,
    #[serde(default)]
    expires_at: Option<Timestamp>,
}

async fn list(
    State(core): State<Core>,
    Extension(actor): Extension<Actor>,
    Path(project): Path<String>,
    asked: Parameters,
) -> Result<Json<Page<Suppression>>, Problem> {
    let asked = asked.only(&["search", "after"])?;
    let filter = SuppressionFilter {
        search: asked.optional("search")?,
        after: asked.optional("after")?,
        ..SuppressionFilter::default()
    };
    Ok(Json(suppressions::list(&core, &actor, &slug(&project)?, &filter).await?))
}

async fn add(
    State(core): State<Core>,
    Extension(actor): Extension<Actor>,
    Path(project): Path<String>,
    body: Result<Json<New>, JsonRejection>,
) -> Result<(StatusCode, Json<Suppression>), Problem> {
    let Json(new) = body.map_err(|why| Problem::invalid("", why.body_text()))?;
    let project = slug(&project)?;
    suppressions::add(&core, &actor, &project, &new.address, &new.reason, new.expires_at).await?;
    let added = suppressions::find(&core, &actor, &project, &new.address).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

async fn find(
    State(core): State<Core>,
    Extension(actor): Extension<Actor>,
    Path((project, address)): Path<(String, String)>,
) -> Result<Json<Suppression>, Problem> {
    Ok(Json(suppressions::find(&core, &actor, &slug(&project)?, &address).await?))
}

async fn remove(
    State(core): State<Core>,
    Extension(actor): Extension<Actor>,
    Path((project, address)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    suppressions::remove_address(&core, &actor, &slug(&project)?, &address).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What cannot be one is nobody's.
fn slug(text: &str) -> Result<Slug, Problem> {
    Slug::parse(text).map_err(|_| relay_core::Error::NotFound.into())
}
