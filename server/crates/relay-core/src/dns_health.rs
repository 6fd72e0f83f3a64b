//! DNS health: questions anyone may ask, what is seen of a domain, and what of it is news.
//!
//! Owns no table: the domain's report is kept by `findings`. The judgements are `relay-dns`'s.

mod ask;
mod bound;
mod keep;
mod look;
mod progress;
mod told;

pub use self::ask::{dkim, dmarc, mx, predict, ptr, report, spf};
pub(crate) use self::{
    bound::{Asked, turn},
    keep::{is_news, keep},
    look::{Seen, look, look_watched},
    progress::{Progress, Watched},
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

#[cfg(test)]
mod tests;
