//! What the judgement of a command costs, for a service account and for a trusted network.

use super::{Bench, Outcome, SENDER, allowed, figures::Figures};
use relay_core::{Actor, policy, service_accounts};
use relay_types::{
    EmailAddress, ReversePath,
    limit::Limits,
    service_account::{AllowedSenders, ServiceAccountSettings},
};
use serde_json::json;
use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

pub(super) async fn measure(bench: &Bench, rounds: u32, figures: &mut Figures) -> Outcome<()> {
    let (core, sender) = (&bench.core, EmailAddress::parse(SENDER)?);
    let (path, to) = (ReversePath::Address(sender.clone()), EmailAddress::parse("to@example.com")?);
    let mut tell = |judgement: &str, client: &str, each: Duration| {
        let row = json!({ "judgement": judgement, "client": client, "each_us": 1e6 * each.as_secs_f64() });
        figures.tell(&format!("{judgement} of {client}: {each:?}"), row);
    };
    for (what, actor) in [("account", &account(bench).await?), ("network", &bench.network)] {
        let start = Instant::now();
        for _ in 0..rounds {
            allowed(policy::judge_mail(core, actor, &path)).await?;
        }
        tell("judge_mail", what, start.elapsed() / rounds);
        let start = Instant::now();
        for _ in 0..rounds {
            allowed(policy::judge_rcpt(core, actor, &to, 0, &mut policy::NewSoFar::default())).await?;
        }
        tell("judge_rcpt", what, start.elapsed() / rounds);
        let start = Instant::now();
        for _ in 0..rounds {
            allowed(policy::judge_header(core, actor, std::slice::from_ref(&sender), None)).await?;
        }
        tell("judge_header", what, start.elapsed() / rounds);
    }
    Ok(())
}

async fn account(bench: &Bench) -> Outcome<Actor> {
    let settings = ServiceAccountSettings {
        label: "app".to_owned(),
        expires_at: None,
        allowed_cidrs: Vec::new(),
        allowed_senders: AllowedSenders::All,
        default_sender: None,
        may_notify: false,
        cut_through: false,
        limits: Limits::default(),
    };
    let (id, secret) = service_accounts::create(&bench.core, &Actor::System, &bench.project, settings).await?;
    let username = service_accounts::get(&bench.core, &Actor::System, &bench.project, id).await?.account.username;
    let client = IpAddr::from([198, 51, 100, 1]);
    let actor = service_accounts::authenticate(&bench.core, client, &username, secret.reveal().to_owned().into()).await;
    actor.map_err(|failure| format!("{failure:?}").into())
}
