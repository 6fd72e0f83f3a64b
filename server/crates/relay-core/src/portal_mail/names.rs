//! The warning that names of a project will be taken: one mail a project and step of the sweep.

use super::{
    composed,
    texts::{Text, one_line},
};
use crate::{
    Core, Result, projects,
    submission::{self, Draft, kept},
};
use relay_types::{EmailAddress, Timestamp, project::ProjectId};
use sea_orm::DatabaseTransaction;
use std::fmt::Write;

/// Names in one mail; the portal has all of them.
const SHOWN: usize = 50;

/// A mail that is written with the transaction of what it tells of.
pub(crate) struct Prepared {
    to: EmailAddress,
    draft: Draft,
    text: Text,
}

/// The warnings for a project's contacts: these addresses with their names lose them at `until`.
pub(crate) async fn prepare(
    core: &Core,
    project: ProjectId,
    names: Vec<(String, String)>,
    until: Timestamp,
) -> Result<Vec<Prepared>> {
    let (name, slug) = (projects::name(core, project).await?, projects::slug(core, project).await?);
    let page = format!("{}/p/{slug}/addresses?state=wrong", core.config.public_url);
    let mut prepared = Vec::new();
    for to in projects::contacts(core, project).await? {
        let draft = submission::of_platform(core, &to).await?;
        prepared.push(Prepared { to, draft, text: text(&name, &names, until, &page) });
    }
    Ok(prepared)
}

impl Prepared {
    /// Keeps it.
    pub(crate) async fn keep(self, core: &Core, transaction: &DatabaseTransaction) -> Result<()> {
        let content = composed(core, &self.to, &self.text)?;
        kept::insert(core, transaction, &[&self.draft.with_content(core, content)?]).await
    }
}

fn text(project: &str, names: &[(String, String)], until: Timestamp, page: &str) -> Text {
    let project = one_line(project);
    let what = match names {
        [(address, name)] => format!("{name} does not point to {address} any more"),
        more => format!("{} names do not point to their addresses any more", more.len()),
    };
    let mut body = format!(
        "The reverse DNS of the project {project} on Relaykeep has names whose forward\n\
         records do not contain their address any more. Mail from such an address is\n\
         refused by many.\n\n"
    );
    for (address, name) in names.iter().take(SHOWN) {
        let kind = if address.contains(':') { "AAAA" } else { "A" };
        let _ = writeln!(body, "  {name}. 3600 IN {kind} {address}");
    }
    if names.len() > SHOWN {
        let _ = writeln!(body, "  and {} more", names.len() - SHOWN);
    }
    let _ = write!(
        body,
        "\nPublish these records again by {}, and the names\n\
         stay. After that the addresses get their default names back.\n\
         \n\
         Are the names no longer needed? Then nothing has to be done.\n\
         \n\
         All of them, with what the servers say:\n\n{page}\n\
         \n\
         You hear of this because you are the contact or an owner of the project.\n",
        until.text()
    );
    Text { subject: format!("{project}: {what}"), body }
}
