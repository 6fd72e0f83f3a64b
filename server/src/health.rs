//! `/healthz` (the process runs), `/readyz` (it can serve: the database answers and it is not draining), `/metrics`.

use axum::{Extension, Router, extract::State, http::StatusCode, routing::get};
use metrics_exporter_prometheus::PrometheusHandle;
use relay_core::{Core, nodes, queue};
use relay_types::{Cidr, queue::QueueTotals};
use std::{
    net::IpAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How often samples are summed up: each one takes memory until then.
const UPKEEP: Duration = Duration::from_secs(5);

/// What the health routes need.
#[derive(Clone)]
pub struct Health {
    /// The use cases.
    pub core: Core,
    /// Cancelled when the process drains.
    pub stop: CancellationToken,
    /// Renders the metrics.
    pub metrics: PrometheusHandle,
    /// Who may read them.
    pub metrics_allow: Arc<[Cidr]>,
}

/// The routes.
pub fn routes(health: Health) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(show_metrics))
        .with_state(health)
}

/// Sums up samples until `stop`, so that they do not pile up where nobody reads `/metrics`.
pub async fn keep_up(metrics: PrometheusHandle, stop: CancellationToken) {
    while stop.run_until_cancelled(sleep(UPKEEP)).await.is_some() {
        metrics.run_upkeep();
    }
}

async fn ready(State(health): State<Health>) -> (StatusCode, &'static str) {
    if health.stop.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match health.core.ready().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}

async fn show_metrics(State(health): State<Health>, client: Option<Extension<IpAddr>>) -> (StatusCode, String) {
    if !client.is_some_and(|Extension(client)| health.metrics_allow.iter().any(|block| block.contains(client))) {
        return (StatusCode::FORBIDDEN, "Not allowed from this address; see metrics.allow.\n".to_owned());
    }
    // Seen also before they count for the first time.
    for outcome in ["delivered", "captured", "tempfail", "permfail"] {
        metrics::counter!("relaykeep_deliveries_total", "outcome" => outcome).increment(0);
    }
    for name in ["relaykeep_leases_recovered_total", "relaykeep_accepted_total"] {
        metrics::counter!(name).increment(0);
    }
    let totals = queue::totals(&health.core).await.ok();
    // What is not known is no number: the figures of before would look as if all were well.
    let known = |figure: fn(&QueueTotals) -> f64| totals.as_ref().map_or(f64::NAN, figure);
    metrics::gauge!("relaykeep_queue_due").set(known(|totals| totals.due as f64));
    metrics::gauge!("relaykeep_queue_in_flight").set(known(|totals| totals.in_flight as f64));
    metrics::gauge!("relaykeep_queue_held").set(known(|totals| totals.held as f64));
    let now = health.core.now();
    let waits = |totals: &QueueTotals| totals.due_since.map_or(0.0, |since| now.since(since).as_secs_f64());
    metrics::gauge!("relaykeep_queue_oldest_due_seconds").set(totals.as_ref().map_or(f64::NAN, waits));
    metrics::gauge!("relaykeep_leader").set(f64::from(u8::from(nodes::leads(&health.core))));
    metrics::gauge!("relaykeep_may_begin").set(f64::from(u8::from(nodes::may_begin(&health.core))));
    for listener in health.core.listeners().all() {
        let name = listener.name.clone();
        metrics::gauge!("relaykeep_sessions", "listener" => name).set(listener.sessions.load(Ordering::Relaxed) as f64);
    }
    (StatusCode::OK, health.metrics.render())
}
