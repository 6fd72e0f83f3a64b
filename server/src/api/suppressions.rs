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

#[cfg(test)]
mod tests {
    use crate::{api, session_store::DatabaseStore, test_core::TestCore};
    use axum::{body::Body, http::Request};
    use relay_core::{Actor, api_tokens, projects};
    use relay_types::{api_token::ApiScope, project::Slug};
    use serde_json::Value;
    use tower::ServiceExt;
    use tower_sessions::SessionManagerLayer;

    #[tokio::test]
    async fn a_program_reads_and_changes_the_list_of_its_own_project_as_its_scope_says() {
        let test = TestCore::new().await;
        let core = &test.core;
        let mut tokens = Vec::new();
        for (slug, scope) in [
            ("bio", ApiScope::SuppressionsWrite),
            ("bio-readers", ApiScope::SuppressionsRead),
            ("bio-dns", ApiScope::DnsRead),
        ] {
            // One project, and two neighbours whose tokens try it.
            let slug = Slug::parse(slug).unwrap();
            projects::create(core, &Actor::System, "A project", slug.clone(), false).await.unwrap();
            let issued = api_tokens::issue(core, &Actor::System, &slug, "crm", &[scope], None).await.unwrap();
            tokens.push(issued.1);
        }
        let bio = Slug::parse("bio").unwrap();
        for scope in [ApiScope::SuppressionsRead, ApiScope::DnsRead] {
            tokens.push(api_tokens::issue(core, &Actor::System, &bio, "x", &[scope], None).await.unwrap().1);
        }
        let sessions = SessionManagerLayer::new(DatabaseStore(core.clone()));
        let router = api::routes(core.clone(), 100).layer(sessions);
        let ask = async |method: &str, path: &str, token: Option<usize>, body: &str| {
            let mut request = Request::builder().method(method).uri(format!("/api/v1/projects/bio/suppressions{path}"));
            if let Some(token) = token {
                request = request.header("authorization", format!("Bearer {}", tokens[token].reveal()));
            }
            let request = request.header("content-type", "application/json").body(Body::from(body.to_owned()));
            let answer = router.clone().oneshot(request.unwrap()).await.unwrap();
            let (status, allow) = (answer.status().as_u16(), answer.headers().get("allow").cloned());
            let body = axum::body::to_bytes(answer.into_body(), 100_000).await.unwrap();
            (status, serde_json::from_slice::<Value>(&body).unwrap_or_default(), allow)
        };
        let new = r#"{"address": "Gone@uni.example", "reason": "left"}"#;
        for (token, status) in [(None, 401), (Some(1), 404), (Some(2), 404), (Some(3), 403), (Some(4), 403)] {
            assert_eq!(ask("POST", "", token, new).await.0, status, "{token:?}");
            assert_eq!(ask("DELETE", "/gone@uni.example", token, "").await.0, status, "{token:?}");
            let reads = if token == Some(3) { 200 } else { status };
            assert_eq!(ask("GET", "", token, "").await.0, reads, "{token:?}");
        }
        let (status, added, _) = ask("POST", "", Some(0), new).await;
        assert_eq!((status, &added["address"], &added["kind"]), (201, &"gone@uni.example".into(), &"manual".into()));
        assert_eq!(ask("POST", "", Some(0), new).await.0, 409);
        for (wrong, field) in [
            (r#"{"address": "nobody", "reason": "x"}"#, "address"),
            (r#"{"address": "a@b.example", "reason": ""}"#, "reason"),
            (r#"{"address": "a@b.example", "reason": "x", "expires_at": 1}"#, "expires_at"),
        ] {
            let (status, problem, _) = ask("POST", "", Some(0), wrong).await;
            assert_eq!((status, problem["field"].as_str()), (400, Some(field)), "{problem}");
        }
        assert_eq!(ask("POST", "", Some(0), r#"{"address": "a@b.example", "reson": "x"}"#).await.0, 400);
        let (status, page, _) = ask("GET", "?search=%40uni.example", Some(3), "").await;
        assert_eq!((status, page["items"].as_array().map(Vec::len)), (200, Some(1)));
        assert_eq!(ask("GET", "?serch=x", Some(3), "").await.0, 400);
        assert_eq!(ask("GET", "/GONE@uni.example", Some(3), "").await.1["reason"], "left");
        let (status, _, allow) = ask("PUT", "/gone@uni.example", Some(0), "").await;
        assert_eq!((status, allow.as_ref().and_then(|allow| allow.to_str().ok())), (405, Some("GET,HEAD,DELETE")));
        assert_eq!(ask("DELETE", "/gone@uni.example", Some(0), "").await.0, 204);
        assert_eq!(ask("DELETE", "/gone@uni.example", Some(0), "").await.0, 404);
        assert_eq!(ask("GET", "/gone@uni.example", Some(3), "").await.0, 404);
    }
}
