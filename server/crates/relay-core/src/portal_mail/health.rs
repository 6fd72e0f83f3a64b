//! The mail that a domain's DNS became worse, or is mended: what changed, what it does to mail, and the page.

use super::{
    composed,
    texts::{Text, cut, one_line},
};
use crate::{
    Core, Result,
    dns_health::News,
    projects,
    submission::{self, Draft, kept},
};
use relay_types::{EmailAddress, domain::DomainId, finding::Finding, project::ProjectId};
use sea_orm::DatabaseTransaction;
use std::fmt::Write;

/// Findings in one mail; the page has all of them.
const SHOWN: usize = 10;

/// The mails that may be needed: written with the transaction of what they tell of, which knows what that is.
pub(crate) struct Prepared {
    project: String,
    domain: String,
    page: String,
    to: Vec<(EmailAddress, Draft)>,
}

/// Asks who is to hear of a domain of a project.
pub(crate) async fn prepare(core: &Core, project: ProjectId, domain: &str, id: DomainId) -> Result<Prepared> {
    let (name, slug) = (projects::name(core, project).await?, projects::slug(core, project).await?);
    let page = format!("{}/p/{slug}/domains/{id}", core.config.public_url);
    let mut to = Vec::new();
    for contact in projects::contacts(core, project).await? {
        let draft = submission::of_platform(core, &contact).await?;
        to.push((contact, draft));
    }
    Ok(Prepared { project: name, domain: domain.to_owned(), page, to })
}

impl Prepared {
    /// Keeps a mail for each contact.
    pub(crate) async fn keep(self, core: &Core, transaction: &DatabaseTransaction, news: &News) -> Result<()> {
        for (to, draft) in self.to {
            let text = text(&self.project, &self.domain, news, &self.page);
            let content = composed(core, &to, &text)?;
            kept::insert(core, transaction, &[&draft.with_content(core, content)?]).await?;
        }
        Ok(())
    }
}

pub(super) fn text(project: &str, domain: &str, news: &News, page: &str) -> Text {
    let project = one_line(project);
    let what = match (&news.worse[..], &news.mended[..]) {
        ([], [one]) => format!("mended: {}", one_line(&one.title)),
        ([], more) => format!("{} things in its DNS are mended", more.len()),
        ([one], _) => one_line(&one.title),
        (more, _) => format!("{} things in its DNS became worse", more.len()),
    };
    let mut body = format!("About the DNS of {domain}, a domain of the project {project} on Relaykeep.\n");
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
         You hear of this because you are the contact or an owner of the project.\n"
    );
    Text { subject: format!("{domain}: {}", cut(&what, 200)), body }
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
