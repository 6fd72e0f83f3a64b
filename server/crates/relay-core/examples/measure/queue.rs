//! What keeping, claiming and recording a message costs: twenty sessions submit, one worker claims and records.

use super::{Bench, Outcome, SENDER, allowed, figures::Figures};
use relay_core::{
    queue,
    submission::{self, Arrival, Submission},
};
use relay_types::{
    EmailAddress, ReversePath,
    message::{Attempt, Outcome as Fate},
    reply::Reply,
};
use serde_json::json;
use std::time::{Duration, Instant};

const SESSIONS: u32 = 20;

pub(super) async fn measure(bench: &Bench, messages: u32, figures: &mut Figures) -> Outcome<()> {
    let body = "x".repeat(5_000);
    let started = Instant::now();
    let each = messages.div_ceil(SESSIONS);
    let sessions: Vec<_> = (0..SESSIONS)
        .map(|session| {
            let (core, network, body) = (bench.core.clone(), bench.network.clone(), body.clone());
            tokio::spawn(async move {
                for n in 0..each {
                    let submission =
                        submission(&format!("u{n}@d{session}.example"), &body).map_err(|e| e.to_string())?;
                    allowed(submission::accept(&core, &network, submission)).await.map_err(|e| e.to_string())?;
                }
                Ok::<(), String>(())
            })
        })
        .collect();
    for session in sessions {
        session.await??;
    }
    let kept = started.elapsed();
    let (started, mut recorded) = (Instant::now(), 0);
    loop {
        let claims = queue::claim(&bench.core, 200, 50, &[]).await?;
        if claims.is_empty() {
            break;
        }
        recorded += claims.len();
        let records = claims.into_iter().map(|claim| {
            let delivered = Fate::Delivered(Reply::new(250, (2, 0, 0), "Ok"));
            queue::record(&bench.core, claim.message_id, attempt(bench), vec![(claim, delivered)])
        });
        for result in futures_util::future::join_all(records).await {
            result?;
        }
    }
    let claimed = started.elapsed();
    let mut tell = |step: &str, count: u32, took: Duration| {
        let rate = (f64::from(count) / took.as_secs_f64()).round();
        figures.tell(&format!("{step} {rate}/s"), json!({ "step": step, "messages": count, "per_second": rate }));
    };
    tell("kept", each * SESSIONS, kept);
    tell("claimed and recorded", u32::try_from(recorded)?, claimed);
    Ok(())
}

pub(super) fn submission(to: &str, body: &str) -> Outcome<Submission> {
    Ok(Submission {
        arrival: Arrival::Portal,
        reverse_path: ReversePath::parse(SENDER)?,
        recipients: vec![EmailAddress::parse(to)?],
        terms: Default::default(),
        smtputf8: false,
        content: format!("From: {SENDER}\r\nSubject: x\r\n\r\n{body}\r\n").into_bytes().into(),
    })
}

pub(super) fn attempt(bench: &Bench) -> Attempt {
    Attempt {
        number: 1,
        started_at: bench.core.now(),
        milliseconds: 12,
        host: Some("mx.example".to_owned()),
        address: Some("192.0.2.25".to_owned()),
        tls: None,
        passes_reports_on: false,
        dialogue: Vec::new(),
        outcomes: Vec::new(),
    }
}
