//! `/pkg`: what the browser runs. A file whose name changes with its content is kept for ever; everything else, and
//! above all what is missing while an upgrade runs, is asked for again.

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::Response,
};
use std::path::Path;
use tower_http::services::ServeDir;

/// The files of `site_dir/pkg`.
pub fn service(site_dir: &Path) -> Router {
    let files = ServeDir::new(site_dir.join("pkg")).precompressed_br().precompressed_gzip();
    Router::new().fallback_service(files).layer(middleware::from_fn(cached))
}

async fn cached(request: Request<Body>, next: Next) -> Response {
    let hashed = is_hashed(request.uri().path());
    let mut answer = next.run(request).await;
    let life = match answer.status() {
        StatusCode::OK | StatusCode::NOT_MODIFIED | StatusCode::PARTIAL_CONTENT if hashed => {
            "public, max-age=31536000, immutable"
        }
        StatusCode::OK | StatusCode::NOT_MODIFIED | StatusCode::PARTIAL_CONTENT => "no-cache",
        _ => "no-store",
    };
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(life));
    answer
}

/// `relaykeep.0123456789abcdef.js`: sixteen hexadecimal digits between the name and the kind, as the build writes them.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let mut parts = name.rsplit('.').skip(1);
    let hash = parts.next().unwrap_or_default();
    parts.next().is_some() && hash.len() == 16 && hash.bytes().all(|octet| octet.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tower::ServiceExt;

    #[tokio::test]
    async fn only_what_is_there_under_a_hashed_name_is_kept_for_ever() {
        let site = tempfile::tempdir().unwrap();
        std::fs::create_dir(site.path().join("pkg")).unwrap();
        for name in ["relaykeep.0123456789abcdef.js", "manifest.json"] {
            std::fs::write(site.path().join("pkg").join(name), "content").unwrap();
        }
        let service = Router::new().nest_service("/pkg", service(site.path()));
        for (path, status, life) in [
            ("/pkg/relaykeep.0123456789abcdef.js", 200, "public, max-age=31536000, immutable"),
            ("/pkg/manifest.json", 200, "no-cache"),
            ("/pkg/relaykeep.fedcba9876543210.js", 404, "no-store"),
            ("/pkg/../manifest.json", 404, "no-store"),
        ] {
            let request = Request::builder().uri(path).body(Body::empty()).unwrap();
            let answer = service.clone().oneshot(request).await.unwrap();
            let said = answer.headers().get(header::CACHE_CONTROL).unwrap().to_str().unwrap();
            assert_eq!((answer.status().as_u16(), said), (status, life), "{path}");
        }
    }
}
