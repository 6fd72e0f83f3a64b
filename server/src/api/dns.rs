//! `/api/v1/dns/…`: how DNS stands, as the reports the pages show.

use super::{error::Problem, query::Parameters};
use axum::{Extension, Json, Router, extract::State, routing::get};
use relay_core::{Actor, Core, dns_health};
use relay_dns::spf::Question;
use relay_types::finding::Report;

type Answer = Result<Json<Report>, Problem>;

/// The paths under `/api/v1`, each with its parameters.
#[cfg(test)]
pub const QUESTIONS: [(&str, &[&str]); 6] = [
    ("/dns/spf", SPF),
    ("/dns/dkim", DKIM),
    ("/dns/dmarc", DOMAIN),
    ("/dns/mx", DOMAIN),
    ("/dns/ptr", ADDRESS),
    ("/dns/report", DOMAIN),
];

const SPF: &[&str] = &["ip", "domain", "sender", "helo"];
const DKIM: &[&str] = &["domain", "selector"];
const DOMAIN: &[&str] = &["domain"];
const ADDRESS: &[&str] = &["address"];

/// The routes; who asks was found out before.
pub fn routes() -> Router<Core> {
    Router::new()
        .route("/api/v1/dns/spf", get(spf))
        .route("/api/v1/dns/dkim", get(dkim))
        .route("/api/v1/dns/dmarc", get(dmarc))
        .route("/api/v1/dns/mx", get(mx))
        .route("/api/v1/dns/ptr", get(ptr))
        .route("/api/v1/dns/report", get(report))
}

async fn spf(State(core): State<Core>, Extension(actor): Extension<Actor>, asked: Parameters) -> Answer {
    let asked = asked.only(SPF)?;
    let text = |name| asked.optional::<String>(name).map(Option::unwrap_or_default);
    let question =
        Question { ip: asked.required("ip")?, domain: text("domain")?, sender: text("sender")?, helo: text("helo")? };
    Ok(Json(dns_health::spf(&core, &actor, &question).await?))
}

async fn dkim(State(core): State<Core>, Extension(actor): Extension<Actor>, asked: Parameters) -> Answer {
    let asked = asked.only(DKIM)?;
    let selector: Option<String> = asked.optional("selector")?;
    Ok(Json(dns_health::dkim(&core, &actor, &asked.domain()?, selector.as_deref()).await?))
}

async fn dmarc(State(core): State<Core>, Extension(actor): Extension<Actor>, asked: Parameters) -> Answer {
    Ok(Json(dns_health::dmarc(&core, &actor, &asked.only(DOMAIN)?.domain()?).await?))
}

async fn mx(State(core): State<Core>, Extension(actor): Extension<Actor>, asked: Parameters) -> Answer {
    Ok(Json(dns_health::mx(&core, &actor, &asked.only(DOMAIN)?.domain()?).await?))
}

async fn ptr(State(core): State<Core>, Extension(actor): Extension<Actor>, asked: Parameters) -> Answer {
    Ok(Json(dns_health::ptr(&core, &actor, asked.only(ADDRESS)?.required("address")?).await?))
}

async fn report(State(core): State<Core>, Extension(actor): Extension<Actor>, asked: Parameters) -> Answer {
    Ok(Json(dns_health::report(&core, &actor, &asked.only(DOMAIN)?.domain()?).await?))
}
