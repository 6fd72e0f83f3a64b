//! DNS health of domains: what is seen of one, and what of it is news.
//!
//! Owns no table: the domain's report is kept by `findings`. The judgements are `relay-dns`'s.

mod look;
mod told;

pub(crate) use self::{
    look::{Seen, look},
    told::{Mailed, News, Told, news},
};

use crate::{Core, Result, egress};
use relay_dns::judge::Ours;

/// What of this relay a domain's records are judged by.
pub(crate) async fn ours(core: &Core) -> Result<Ours> {
    Ok(Ours {
        egress: egress::addresses(core.db.read()).await?,
        ehlo: core.config.hostname.to_string(),
        spf_include: core.config.dns_health.spf_include.clone(),
    })
}
