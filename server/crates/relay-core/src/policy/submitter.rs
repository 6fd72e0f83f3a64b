//! The one who submits, with everything that is stored of it and judged at each command.

use super::Rejection;
use crate::{Actor, Core, Result, networks, projects, service_accounts};
use moka::sync::Cache;
use relay_types::{
    limit::Limits,
    project::ProjectId,
    refusal::Rule,
    service_account::{AllowedSenders, ServiceAccountId},
};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// A project's program or network, as it stood when it was read.
pub(super) struct Submitter {
    pub(super) project: ProjectId,
    pub(super) account: Option<(ServiceAccountId, Limits)>,
    /// Why it may not send at all.
    barred: Option<Rejection>,
    pub(super) sandbox: bool,
    /// The project's.
    pub(super) limits: Limits,
    pub(super) allowed_senders: AllowedSenders,
    pub(super) may_notify: bool,
}

/// What an actor is to policy.
pub(super) enum Who {
    /// Relaykeep itself, which is not judged.
    Relaykeep,
    /// No one who submits mail: nobody, or a person (who does not come by SMTP).
    Nobody,
    /// A program or network.
    Submitter(Arc<Submitter>),
}

/// What was read at MAIL, for the commands that follow it.
pub(crate) struct Submitters(Cache<Uuid, Arc<Submitter>>);

impl Default for Submitters {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(10_000).time_to_live(Duration::from_secs(1)).build())
    }
}

impl Submitter {
    /// Refuses one that may not send at all.
    pub(super) fn admitted(&self) -> std::result::Result<(), Rejection> {
        self.barred.clone().map_or(Ok(()), Err)
    }
}

/// Reads how the actor stands now.
pub(super) async fn read(core: &Core, actor: &Actor) -> Result<Who> {
    let (id, submitter) = match actor {
        Actor::System => return Ok(Who::Relaykeep),
        Actor::Anonymous { .. } | Actor::User { .. } => return Ok(Who::Nobody),
        Actor::ServiceAccount { id, project_id, .. } => (id.uuid(), of_account(core, *project_id, *id).await?),
        Actor::TrustedNetwork { id, project_id, .. } => {
            let mut submitter = of_project(core, *project_id).await?;
            if !networks::is_there(core, *project_id, *id).await? {
                let words = "the network is not trusted any more";
                submitter.barred = Some(Rejection::new(Rule::AuthenticationRequired).detail(words));
            }
            (id.uuid(), submitter)
        }
    };
    let submitter = Arc::new(submitter);
    core.submitters.0.insert(id, submitter.clone());
    Ok(Who::Submitter(submitter))
}

/// As [`read`], or what was read within the last second.
pub(super) async fn recall(core: &Core, actor: &Actor) -> Result<Who> {
    let known = match actor {
        Actor::ServiceAccount { id, .. } => core.submitters.0.get(&id.uuid()),
        Actor::TrustedNetwork { id, .. } => core.submitters.0.get(&id.uuid()),
        Actor::System | Actor::Anonymous { .. } | Actor::User { .. } => None,
    };
    match known {
        Some(submitter) => Ok(Who::Submitter(submitter)),
        None => read(core, actor).await,
    }
}

/// A project with all of its senders and no limits but its own.
pub(super) async fn of_project(core: &Core, project: ProjectId) -> Result<Submitter> {
    let standing = projects::standing(core, project).await?;
    Ok(Submitter {
        project,
        account: None,
        barred: standing.suspended.map(|suspension| Rejection::new(Rule::Suspended).detail(suspension.reason)),
        sandbox: standing.sandbox,
        limits: standing.limits,
        allowed_senders: AllowedSenders::All,
        may_notify: true,
    })
}

async fn of_account(core: &Core, project: ProjectId, id: ServiceAccountId) -> Result<Submitter> {
    let mut submitter = of_project(core, project).await?;
    let account = service_accounts::standing(core, project, id).await?;
    let barred = |cause: &str| Some(Rejection::new(Rule::CredentialsInvalid).detail(cause));
    match account {
        None => submitter.barred = barred("the service account was removed"),
        Some(account) => {
            if let Some(cause) = account.barred {
                submitter.barred = barred(cause);
            }
            submitter.account = Some((id, account.limits));
            submitter.allowed_senders = account.allowed_senders;
            submitter.may_notify = account.may_notify;
        }
    }
    Ok(submitter)
}
