//! Checks of egress addresses: finds out whether port 25 of others can be reached from there; what it finds out is judged
//! and kept by `relay-core`.

use crate::{
    DeliveryConfig,
    greeting::{self, Greeting},
};
use relay_core::{
    Actor, Core, Result,
    egress::{self, Claimed, Port25},
};
use relay_types::route::RouteKind;

/// Ends all checks that are due; returns how many. System only.
pub async fn check_due(core: &Core, actor: &Actor, config: &DeliveryConfig) -> Result<u64> {
    let mut checked = 0;
    for claimed in egress::claim_due(core, actor).await? {
        let port = port25(core, config, &claimed).await;
        match egress::record(core, actor, &claimed, port).await {
            Ok(()) => checked += 1,
            Err(error) => tracing::warn!(egress = %claimed.address, %error, "not checked, tried again"),
        }
    }
    Ok(checked)
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
