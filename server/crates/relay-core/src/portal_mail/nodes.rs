//! The mail to operators that a node is missing, or back: what it was for, what that does to mail, and the page.

use super::{
    Prepared, drafts,
    texts::{Text, cut},
};
use crate::{Core, Result, users};
use relay_types::node::{NodeState, NodeStatus, Role};
use std::fmt::Write;

/// The mail to all operators about this node as it stands, while no running node has these roles.
pub(crate) async fn prepare(core: &Core, node: &NodeStatus, nobody: &[Role]) -> Result<Prepared> {
    let page = format!("{}/admin/nodes", core.config.public_url);
    Ok(Prepared { to: drafts(core, users::operators(core).await?).await?, text: text(node, nobody, &page) })
}

pub(super) fn text(node: &NodeStatus, nobody: &[Role], page: &str) -> Text {
    let host = cut(&node.host, 200);
    let words = |roles: &[Role]| roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
    let missing = node.state == NodeState::Missing;
    let mut body = match missing {
        true => format!(
            "A node of Relaykeep gives no sign of life: it died, or is cut off from the\n\
             database. What it was sending was made due again for the other nodes.\n\
             \n\
             \x20 Node       {host}\n\
             \x20 Last seen  {}\n",
            node.seen_at.text()
        ),
        false => format!(
            "A node of Relaykeep that was missing gives signs of life again. Nothing has to be\n\
             done.\n\
             \n\
             \x20 Node       {host}\n\
             \x20 Started    {}\n",
            node.started_at.text()
        ),
    };
    let _ = write!(body, "  Version    {}\n  Roles      {}\n", cut(&node.version, 100), words(&node.roles));
    let alone: Vec<Role> = nobody.iter().copied().filter(|role| missing && node.roles.contains(role)).collect();
    if !alone.is_empty() {
        let _ = write!(
            body,
            "\nNobody does its work now: {}. Without submission nothing is accepted,\n\
             without delivery mail waits, without web nobody can sign in.\n",
            words(&alone)
        );
    }
    if missing {
        body += "\nStart it again, or take it from the list when it will not come back. You hear of\n\
                 it once more when it is back.\n";
    }
    let _ = write!(body, "\n{page}\n\nYou hear of this because you are an operator of the relay.\n");
    let what = if missing { "is missing" } else { "is back" };
    Text { subject: format!("{host} {what}"), body }
}
