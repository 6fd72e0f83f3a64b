//! Whether the mail exchangers of projects' own domains answer; what is found out is judged and kept by `relay-core`.
//!
//! A domain's servers count as silent only when others greet from here at the same moment: else it is our port 25.

use crate::{
    DeliveryConfig,
    greeting::{self, Greeting},
};
use futures_util::{StreamExt, stream};
use relay_core::{
    Actor, Core, Result,
    domains::{self, Reach, Unreached},
};
use relay_types::route::RouteKind;
use tokio::sync::OnceCell;

/// Domains at a time.
const TOGETHER: usize = 8;

/// Greets for all that are due; returns how many. Does nothing where mail does not go to mail exchangers. System only.
pub async fn check_due(core: &Core, actor: &Actor, config: &DeliveryConfig) -> Result<u64> {
    if core.config().route.kind() != RouteKind::Mx {
        return Ok(0);
    }
    let claimed = domains::claim_unreached(core, actor).await?;
    // Whether others greet, found out once for this round, and only when somebody did not.
    let others: OnceCell<Option<String>> = OnceCell::new();
    let checked = stream::iter(claimed).map(async |domain| {
        let reach = reach(core, config, &domain, &others).await;
        domains::record_reach(core, actor, domain.id, &reach).await.inspect_err(
            |error| tracing::warn!(domain = %domain.name, %error, "what its mail servers said is not kept"),
        )
    });
    Ok(checked.buffer_unordered(TOGETHER).filter(|kept| std::future::ready(kept.is_ok())).count().await as u64)
}

async fn reach(core: &Core, config: &DeliveryConfig, domain: &Unreached, others: &OnceCell<Option<String>>) -> Reach {
    match greeting::of_exchangers(core, config, None, &domain.name).await {
        Greeting::By(host) => Reach::Greeted(host),
        Greeting::Unknown(why) => Reach::Unknown(why),
        Greeting::None(hosts, why) => match others.get_or_init(|| nobody(core, config)).await {
            None => Reach::Silent(hosts, why),
            Some(reason) => Reach::Unknown(reason.clone()),
        },
    }
}

/// Why nothing can be said of who did not answer; none when others do.
async fn nobody(core: &Core, config: &DeliveryConfig) -> Option<String> {
    let Some(probe) = &core.config().egress.probe else {
        return Some("no server of others is known to compare with (egress.probe)".to_owned());
    };
    match greeting::of_exchangers(core, config, None, probe).await {
        Greeting::By(_) => None,
        _ => Some("port 25 of others cannot be reached from here either".to_owned()),
    }
}
