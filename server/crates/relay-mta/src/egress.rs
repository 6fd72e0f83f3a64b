//! Checks of egress addresses: finds out whether port 25 of others can be reached from there; what it finds out is judged
//! and kept by `relay-core`.

use crate::{
    DeliveryConfig,
    greeting::{self, Greeting},
};
use futures_util::{StreamExt, stream};
use relay_core::{
    Actor, Core, Result,
    egress::{self, Claimed, Port25},
};
use relay_types::route::RouteKind;

/// Addresses at a time: where port 25 is closed each takes a minute, and somebody may wait for the last.
const TOGETHER: usize = 8;

/// Ends all checks that are due; returns how many. System only.
pub async fn check_due(core: &Core, actor: &Actor, config: &DeliveryConfig) -> Result<u64> {
    let claimed = egress::claim_due(core, actor).await?;
    let checked = stream::iter(claimed).map(async |claimed| {
        let port = port25(core, config, &claimed).await;
        egress::record(core, actor, &claimed, port)
            .await
            .inspect_err(|error| tracing::warn!(egress = %claimed.address, %error, "not checked, tried again"))
    });
    Ok(checked.buffer_unordered(TOGETHER).filter(|kept| std::future::ready(kept.is_ok())).count().await as u64)
}

/// Greets the mail exchangers of the probe's domain from the address.
async fn port25(core: &Core, config: &DeliveryConfig, claimed: &Claimed) -> Port25 {
    let route = core.config().route.kind();
    if route != RouteKind::Mx {
        let way = if route == RouteKind::Capture { "Mail is captured here" } else { "Mail goes by a smarthost" };
        return Port25::NotTried(format!("{way}, so port 25 of others is not needed."));
    }
    let Some(domain) = &core.config().egress.probe else {
        return Port25::NotTried("The setting egress.probe is empty.".to_owned());
    };
    match greeting::of_exchangers(core, config, Some(claimed.address), domain).await {
        Greeting::By(host) => Port25::Open(host),
        Greeting::None(hosts, why) => Port25::Closed(hosts, why),
        Greeting::Unknown(why) => Port25::Unknown(why),
    }
}
