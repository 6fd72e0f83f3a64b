//! The warning that names of a project will be taken: one mail a project and step of the sweep.

use super::{
    Prepared, drafts,
    texts::{Text, one_line},
};
use crate::{Core, Result, projects};
use relay_types::{Timestamp, project::ProjectId};
use std::fmt::Write;

/// Names in one mail; the portal has all of them.
const SHOWN: usize = 50;

/// The warning for a project's contacts: these addresses with their names lose them at `until`.
pub(crate) async fn prepare(
    core: &Core,
    project: ProjectId,
    names: &[(String, String)],
    until: Timestamp,
) -> Result<Prepared> {
    let (name, slug) = (projects::name(core, project).await?, projects::slug(core, project).await?);
    let page = format!("{}/p/{slug}/addresses?state=wrong", core.config.public_url);
    let to = drafts(core, projects::contacts(core, project).await?).await?;
    Ok(Prepared { to, text: text(&name, names, until, &page) })
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
