//! The mail that the DNS of a domain or an egress address became worse, or is mended: what changed, what it does to mail,
//! and the page.

use super::{
    drafts, keep,
    texts::{Text, cut, one_line},
};
use crate::{Core, Result, dns_health::News, projects, submission::Draft, users};
use relay_types::{EmailAddress, domain::DomainId, egress::EgressId, finding::Finding, project::ProjectId};
use sea_orm::DatabaseTransaction;
use std::{fmt::Write, net::IpAddr};

/// Findings in one mail; the page has all of them.
const SHOWN: usize = 10;

/// The mails that may be needed: written with the transaction of what they tell of, which knows what that is.
pub(crate) struct Prepared {
    about: About,
    to: Vec<(EmailAddress, Draft)>,
}

/// What a mail is about.
pub(super) struct About {
    /// The domain or the address.
    pub(super) name: String,
    /// One sentence that says whose it is.
    pub(super) whose: String,
    /// Why its reader hears of it.
    pub(super) why: &'static str,
    /// Where all of it stands.
    pub(super) page: String,
}

/// Asks who is to hear of a domain of a project: its contacts.
pub(crate) async fn of_domain(core: &Core, project: ProjectId, domain: &str, id: DomainId) -> Result<Prepared> {
    let (name, slug) = (projects::name(core, project).await?, projects::slug(core, project).await?);
    let page = format!("{}/p/{slug}/domains/{id}", core.config.public_url);
    let about = About {
        name: domain.to_owned(),
        whose: format!("About the DNS of {domain}, a domain of the project {} on Relaykeep.", one_line(&name)),
        why: "the contact or an owner of the project",
        page,
    };
    Ok(Prepared { about, to: drafts(core, projects::contacts(core, project).await?).await? })
}

/// Asks who is to hear of the default domain: the operators.
pub(crate) async fn of_default_domain(core: &Core, domain: &str) -> Result<Prepared> {
    let about = About {
        name: domain.to_owned(),
        whose: format!("About the DNS of {domain}, the default domain of {}.", core.config.hostname),
        why: "an operator",
        page: format!("{}/admin/settings", core.config.public_url),
    };
    Ok(Prepared { about, to: drafts(core, users::operators(core).await?).await? })
}

/// Asks who is to hear of an egress address: the operators.
pub(crate) async fn of_egress(core: &Core, id: EgressId, address: IpAddr) -> Result<Prepared> {
    let about = About {
        name: address.to_string(),
        whose: format!("About {address}, from which {} sends its mail.", core.config.hostname),
        why: "an operator",
        page: format!("{}/admin/egress/{id}", core.config.public_url),
    };
    Ok(Prepared { about, to: drafts(core, users::operators(core).await?).await? })
}

impl Prepared {
    /// Keeps a mail for each contact.
    pub(crate) async fn keep(self, core: &Core, transaction: &DatabaseTransaction, news: &News) -> Result<()> {
        keep(core, transaction, self.to, &text(&self.about, news)).await
    }
}

pub(super) fn text(about: &About, news: &News) -> Text {
    let About { name, whose, why, page } = about;
    let what = match (&news.worse[..], &news.mended[..]) {
        ([], [one]) => format!("mended: {}", one_line(&one.title)),
        ([], more) => format!("{} things in its DNS are mended", more.len()),
        ([one], _) => one_line(&one.title),
        (more, _) => format!("{} things in its DNS became worse", more.len()),
    };
    let mut body = format!("{whose}\n");
    if !news.worse.is_empty() {
        body += "\nBecame worse:\n";
        list(&mut body, &news.worse);
    }
    if !news.mended.is_empty() {
        body += "\nMended:\n";
        list(&mut body, &news.mended);
    }
    if !news.worse.is_empty() {
        body += "\nThe records to publish, with what the servers say, are here:\n";
    } else {
        body += "\nNothing has to be done. The whole report:\n";
    }
    let _ = write!(
        body,
        "\n{page}\n\
         \n\
         You hear of this because you are {why}.\n"
    );
    Text { subject: format!("{name}: {}", cut(&what, 200)), body }
}

fn list(body: &mut String, findings: &[Finding]) {
    for finding in findings.iter().take(SHOWN) {
        let _ = writeln!(body, "\n  {}: {}", finding.subject.title(), cut(&finding.title, 300));
        let effect = cut(&finding.effect, 600);
        if !effect.is_empty() {
            let _ = writeln!(body, "  {effect}");
        }
    }
    if findings.len() > SHOWN {
        let _ = writeln!(body, "\n  and {} more", findings.len() - SHOWN);
    }
}
