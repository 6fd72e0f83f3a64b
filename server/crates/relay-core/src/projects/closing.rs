//! Closing a project for good, and taking that back. A closed project is suspended; after a grace the sweep takes the
//! names of its addresses. Nothing is deleted.

use super::{
    access, reason_of,
    settings::{change, field},
};
use crate::{Access, Actor, Core, Error, Result, sign_in};
use relay_types::{Timestamp, project::Slug};
use sea_orm::ActiveValue::Set;

/// What programs read in the SMTP reply; behind it the reason, when one was given.
const CLOSED: &str = "The project is closed";

/// Closes a project: its mail is refused from now on, and after the grace (`sweep.closed_grace`) its names go. The
/// reason may be empty. Owner, one who has just typed the password (`sign_in::recent`). Fields: `reason`, `password`.
/// `Conflict` when it is closed.
pub async fn close(core: &Core, actor: &Actor, slug: &Slug, reason: &str) -> Result<()> {
    access::authorize(core, actor, slug, Access::Administer).await?;
    sign_in::recent(core, actor)?;
    let reason = match reason.trim() {
        "" => CLOSED.to_owned(),
        reason => reason_of(&format!("{CLOSED}: {reason}"))?,
    };
    change(core, actor, slug, Access::Administer, "project.close", |before, row| {
        if before.closed_at.is_some() {
            return Err(Error::conflict("The project is closed already"));
        }
        let now = core.now();
        row.closed_at = Set(Some(now.0));
        let mut changes = vec![field("closed", None, Some(now.rfc3339()))];
        // An operator's suspension stays what it is, also when the project is reopened.
        if before.suspended_reason.is_none() {
            row.suspended_reason = Set(Some(reason.clone()));
            row.suspended_at = Set(Some(now.0));
            changes.push(field("suspended", None, Some(reason)));
        }
        Ok(changes)
    })
    .await
    .map(|_| ())
}

/// Takes a closing back: the project stands as it did before. Names that the sweep has taken meanwhile are asked for
/// anew. Operator only. `Conflict` when it is not closed.
pub async fn reopen(core: &Core, actor: &Actor, slug: &Slug) -> Result<()> {
    change(core, actor, slug, Access::Operate, "project.reopen", |before, row| {
        let Some(at) = before.closed_at else { return Err(Error::conflict("The project is not closed")) };
        row.closed_at = Set(None);
        let mut changes = vec![field("closed", Some(Timestamp(at).rfc3339()), None)];
        if before.suspended_reason.as_ref().is_some_and(|reason| reason.starts_with(CLOSED)) {
            row.suspended_reason = Set(None);
            row.suspended_at = Set(None);
            changes.push(field("suspended", before.suspended_reason.clone(), None));
        }
        Ok(changes)
    })
    .await
    .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audit, networks, policy, projects,
        test_support::{CLIENT, Test, word},
    };
    use relay_types::{Cidr, ReversePath, refusal::Rule};
    use std::time::Duration;

    #[tokio::test]
    async fn owners_close_with_their_password_and_operators_reopen() {
        let test = Test::new().await;
        let (id, slug) = test.project("acme").await;
        let cast = test.cast(id, &slug).await;
        let core = &test.core;
        for (actor, expected) in cast.refused(Access::Administer) {
            assert_eq!(word(&close(core, actor, &slug, "").await), expected, "{actor:?}");
        }
        for (actor, expected) in cast.refused(Access::Operate) {
            assert_eq!(word(&reopen(core, actor, &slug).await), expected, "{actor:?}");
        }
        assert_eq!(word(&reopen(core, &cast.operator, &slug).await), "Conflict");
        assert_eq!(word(&close(core, &cast.owner, &slug, "gr\u{fc}\u{df}e").await), "reason");
        assert_eq!(word(&close(core, &cast.owner, &slug, &"x".repeat(180)).await), "reason");
        test.clock.advance(Duration::from_secs(3_600));
        assert_eq!(word(&close(core, &cast.owner, &slug, "").await), "password");
        assert_eq!(word(&close(core, &Actor::System, &slug, "").await), "Ok");
        assert_eq!(word(&close(core, &Actor::System, &slug, "").await), "Conflict");
        assert_eq!(word(&projects::resume(core, &cast.operator, &slug).await), "Conflict");
        assert_eq!(word(&reopen(core, &cast.operator, &slug).await), "Ok");
    }

    #[tokio::test]
    async fn the_relay_refuses_the_mail_of_a_closed_project_until_it_is_reopened() {
        let test = Test::new().await;
        let (id, slug) = test.project("acme").await;
        let cast = test.cast(id, &slug).await;
        let core = &test.core;
        let block = Cidr::parse("192.0.2.0/24").expect("a block");
        networks::add(core, &cast.member, &slug, block, "hosts").await.expect("a network");
        let network = networks::identify(core, CLIENT).await.expect("asked").expect("the network");
        let refused = async || match policy::judge_mail(core, &network, &ReversePath::Null).await.expect("judged") {
            Ok(()) => None,
            Err(rejection) => Some((rejection.rule, rejection.detail)),
        };
        assert_eq!(refused().await, None);
        close(core, &cast.owner, &slug, "moved away").await.expect("closed");
        let project = projects::frame(core, &cast.owner, &slug).await.expect("a frame").project;
        assert_eq!(project.closed_at, Some(core.now()));
        let (rule, detail) = refused().await.expect("a refusal");
        assert_eq!(rule, Rule::Suspended);
        assert_eq!(detail.as_deref(), Some("The project is closed: moved away"));
        reopen(core, &cast.operator, &slug).await.expect("reopened");
        assert_eq!(refused().await, None);
        let project = projects::frame(core, &cast.owner, &slug).await.expect("a frame").project;
        assert_eq!((project.closed_at, project.suspended), (None, None));
        let entries = audit::list(core, &cast.owner, &slug, &Default::default()).await.expect("entries").items;
        let actions: Vec<_> = entries.iter().take(2).map(|entry| entry.action.as_str()).collect();
        assert_eq!(actions, ["project.reopen", "project.close"]);
    }

    #[tokio::test]
    async fn a_suspension_outlives_closing_and_reopening() {
        let test = Test::new().await;
        let (_, slug) = test.project("acme").await;
        let core = &test.core;
        projects::suspend(core, &Actor::System, &slug, "complaints").await.expect("suspended");
        close(core, &Actor::System, &slug, "").await.expect("closed");
        reopen(core, &Actor::System, &slug).await.expect("reopened");
        let project = projects::frame(core, &Actor::System, &slug).await.expect("a frame").project;
        assert_eq!(project.suspended.map(|suspension| suspension.reason).as_deref(), Some("complaints"));
    }
}
