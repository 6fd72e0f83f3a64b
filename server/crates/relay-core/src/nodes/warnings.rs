//! Mail to operators about a node that is missing: one when it has been for a while, and one when it is back.
//!
//! Owns the rows `node_missing ID` of the table `setting`: of whom operators were told. A row comes and goes in the
//! transaction that keeps its mail, so of two that lead for a moment one tells, and who leads next knows.

use crate::{
    Actor, Core, Result, portal_mail, projects,
    tables::setting::{ActiveModel, Column, Entity},
};
use relay_types::node::{NodeState, NodeStatus, Nodes};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::OnConflict};
use std::{collections::HashSet, time::Duration};

/// How long a node is missing when operators hear of it: longer than a machine takes to start again.
const WHILE: Duration = Duration::from_secs(300);
/// How long signs of life must have got through here before others are judged: when the database was away, all nodes are
/// missing to the first that is back.
const CALM: Duration = Duration::from_secs(60);
const NAME: &str = "node_missing ";

/// Tells operators which nodes have been missing for a while, and which are back; returns how many that were.
/// The leader's, every minute or so. System only.
pub(super) async fn warn(core: &Core, actor: &Actor) -> Result<u64> {
    projects::authorize_system(actor)?;
    // SQLite has no other nodes, and its one gives no signs that anybody waits for.
    match core.node.life.since() {
        Some(since) if since.elapsed() >= CALM => judge(core).await,
        _ => Ok(0),
    }
}

/// As [`warn`], whatever was before.
pub(super) async fn judge(core: &Core) -> Result<u64> {
    let nodes = super::list(core, &Actor::System).await?;
    let told: HashSet<String> = Entity::find()
        .select_only()
        .column(Column::Name)
        .filter(Column::Name.starts_with(NAME))
        .into_tuple::<String>()
        .all(core.db.read())
        .await?
        .into_iter()
        .collect();
    let mut news = 0;
    for node in &nodes.nodes {
        let known = told.contains(&name(&node.id));
        news += u64::from(match node.state {
            NodeState::Missing if !known && core.now().since(node.seen_at) >= WHILE => tell(core, &nodes, node).await?,
            NodeState::Running if known => tell(core, &nodes, node).await?,
            _ => false,
        });
    }
    // Stopped in order, or taken from the list by a person or by time: nobody waits for it any more.
    let missed = nodes.nodes.iter().filter(|node| node.state != NodeState::Stopped).map(|node| name(&node.id));
    let missed: HashSet<String> = missed.collect();
    for gone in told.difference(&missed) {
        let transaction = core.db.begin_aside().await?;
        Entity::delete_by_id(gone).exec(&transaction).await?;
        transaction.commit().await?;
    }
    Ok(news)
}

/// Mails it, unless another was quicker; whether it was this node.
async fn tell(core: &Core, nodes: &Nodes, node: &NodeStatus) -> Result<bool> {
    let mail = portal_mail::nodes::prepare(core, node, &nodes.roles_of_nobody()).await?;
    let transaction = core.db.begin_aside().await?;
    let first = match node.state {
        NodeState::Running => Entity::delete_by_id(name(&node.id)).exec(&transaction).await?.rows_affected,
        _ => {
            let row =
                ActiveModel { name: Set(name(&node.id)), value: Set(node.host.clone()), updated_at: Set(core.now().0) };
            let known = OnConflict::column(Column::Name).do_nothing().to_owned();
            Entity::insert_many([row]).on_conflict(known).exec_without_returning(&transaction).await?
        }
    };
    if first == 1 {
        mail.keep(core, &transaction).await?;
    }
    transaction.commit().await?;
    if first == 1 {
        core.queue_wake.notify_one();
    }
    Ok(first == 1)
}

fn name(id: &str) -> String {
    format!("{NAME}{id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        nodes::{Identity, register},
        test_support::{Test, word},
    };
    use relay_types::node::Role;
    use sea_orm::{ConnectionTrait, Statement};
    use uuid::Uuid;

    fn identity(number: u128, roles: &[Role]) -> Identity {
        let id = Uuid::from_u128(number);
        Identity { id, host: format!("host-{number}"), version: "1.2.3".to_owned(), roles: roles.to_vec() }
    }

    /// The second node was seen last so many seconds before it was.
    async fn earlier(test: &Test, seconds: u64) {
        let sql = format!("UPDATE node SET seen_at = seen_at - {seconds}000 WHERE host = 'host-2'");
        let statement = Statement::from_string(test.core.db.backend(), sql);
        test.core.db.read().execute_raw(statement).await.expect("a statement");
    }

    #[tokio::test]
    async fn operators_hear_once_of_a_node_that_is_missing_and_once_that_it_is_back() {
        let test = Test::new().await;
        test.operator("op@example.org").await;
        let core = &test.core;
        let other = Core::open(core.config().clone(), core.resolver().clone(), test.clock.clone()).await;
        let other = other.expect("a core");
        register::join(core, &identity(1, &[Role::Web, Role::Submission])).await.expect("a node");
        let second = identity(2, &[Role::Delivery]);
        register::join(&other, &second).await.expect("a node");
        let heard = async || test.mails_to("op@example.org").await;
        let judged = async || judge(core).await.expect("judged");
        assert_eq!(judged().await, 0);
        earlier(&test, 240).await;
        assert_eq!(judged().await, 0, "a machine that starts again takes minutes");
        earlier(&test, 61).await;
        let (one, two) = tokio::join!(judge(core), judge(&other));
        assert_eq!(one.expect("judged") + two.expect("judged"), 1, "one of two tells");
        assert_eq!(judged().await, 0);
        let mails = heard().await;
        assert_eq!(mails.len(), 1);
        assert!(mails[0].contains("Subject: host-2 is missing\r\n"), "{}", mails[0]);
        assert!(mails[0].contains("Nobody does its work now: delivery."), "{}", mails[0]);
        // Of two cores, each of which may have told: the mails are listed by their moment.
        test.clock.advance(Duration::from_secs(1));
        register::join(&other, &second).await.expect("a node");
        assert_eq!((judged().await, judged().await), (1, 0));
        let mails = heard().await;
        assert_eq!(mails.len(), 2);
        assert!(mails[1].contains("Subject: host-2 is back\r\n"), "{}", mails[1]);
    }

    #[tokio::test]
    async fn of_a_node_that_is_stopped_in_order_or_forgotten_nobody_hears_that_it_is_back() {
        let test = Test::new().await;
        test.operator("op@example.org").await;
        let core = &test.core;
        let second = identity(2, &[Role::Delivery]);
        for stopped in [true, false] {
            register::join(core, &second).await.expect("a node");
            earlier(&test, 400).await;
            assert_eq!(judge(core).await.expect("judged"), 1);
            match stopped {
                true => register::stopped(core).await.expect("stopped"),
                false => crate::nodes::forget(core, &Actor::System, &second.id.to_string()).await.expect("forgotten"),
            }
            assert_eq!(judge(core).await.expect("judged"), 0);
            register::join(core, &second).await.expect("a node");
            assert_eq!(judge(core).await.expect("judged"), 0, "that it was missing is forgotten, too");
        }
        assert_eq!(test.mails_to("op@example.org").await.len(), 2);
    }

    #[tokio::test]
    async fn only_the_schedule_warns_and_not_before_it_is_calm() {
        let test = Test::new().await;
        let (project, slug) = test.project("physics").await;
        let cast = test.cast(project, &slug).await;
        for actor in [&cast.owner, &cast.outsider, &cast.anonymous, &cast.operator, &cast.service_account] {
            assert_ne!(word(&warn(&test.core, actor).await), "Ok");
        }
        register::join(&test.core, &identity(2, &[])).await.expect("a node");
        earlier(&test, 400).await;
        assert_eq!(warn(&test.core, &Actor::System).await.expect("judged"), 0);
        test.core.node.life.watch(tokio::time::Instant::now());
        assert_eq!(warn(&test.core, &Actor::System).await.expect("judged"), 0, "the database may have been away");
    }
}
