//! The one who submits, with everything that is stored of it and judged at each command. What is remembered holds for
//! every session of an account or network; where a session comes from is judged for each.

use super::Rejection;
use crate::{Actor, Core, Result, networks, projects, service_accounts};
use moka::sync::Cache;
use relay_types::{
    Cidr,
    limit::Limits,
    project::ProjectId,
    refusal::Rule,
    service_account::{AllowedSenders, SecretId, ServiceAccountId},
};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// A project's program or network, as it stood when it was read.
pub(super) struct Submitter {
    pub(super) project: ProjectId,
    pub(super) account: Option<(ServiceAccountId, Limits)>,
    /// Why it may not send at all.
    barred: Option<Rejection>,
    /// From where it may send; from anywhere when none is listed.
    allowed_cidrs: Vec<Cidr>,
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
    /// A program or network that may not send at all.
    Barred(Rejection),
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
    let submitter = match actor {
        Actor::System => return Ok(Who::Relaykeep),
        Actor::Anonymous { .. } | Actor::User { .. } => return Ok(Who::Nobody),
        Actor::ServiceAccount { id, project_id, secret, .. } => of_account(core, *project_id, *id, *secret).await?,
        Actor::TrustedNetwork { id, project_id, .. } => {
            let mut submitter = of_project(core, *project_id).await?;
            if !networks::is_there(core, *project_id, *id).await? {
                let words = "the network is not trusted any more";
                submitter.barred = Some(Rejection::new(Rule::AuthenticationRequired).detail(words));
            }
            submitter
        }
    };
    let submitter = Arc::new(submitter);
    if let Some(key) = key(actor) {
        core.submitters.0.insert(key, submitter.clone());
    }
    Ok(who(submitter, actor))
}

/// As [`read`], or what was read within the last second.
pub(super) async fn recall(core: &Core, actor: &Actor) -> Result<Who> {
    match key(actor).and_then(|key| core.submitters.0.get(&key)) {
        Some(submitter) => Ok(who(submitter, actor)),
        None => read(core, actor).await,
    }
}

/// Sessions that are remembered as one: those of a secret (which one account has), those of a network.
fn key(actor: &Actor) -> Option<Uuid> {
    match actor {
        Actor::ServiceAccount { secret, .. } => Some(secret.uuid()),
        Actor::TrustedNetwork { id, .. } => Some(id.uuid()),
        Actor::System | Actor::Anonymous { .. } | Actor::User { .. } => None,
    }
}

fn who(submitter: Arc<Submitter>, actor: &Actor) -> Who {
    if let Err(rejection) = submitter.admitted() {
        return Who::Barred(rejection);
    }
    match actor {
        Actor::ServiceAccount { client, .. } => {
            match service_accounts::barred_from(&submitter.allowed_cidrs, *client) {
                Some(cause) => Who::Barred(Rejection::new(Rule::CredentialsInvalid).detail(cause)),
                None => Who::Submitter(submitter),
            }
        }
        _ => Who::Submitter(submitter),
    }
}

/// A project with all of its senders and no limits but its own.
pub(super) async fn of_project(core: &Core, project: ProjectId) -> Result<Submitter> {
    let standing = projects::standing(core, project).await?;
    Ok(Submitter {
        project,
        account: None,
        barred: standing.suspended.map(|suspension| Rejection::new(Rule::Suspended).detail(suspension.reason)),
        allowed_cidrs: Vec::new(),
        sandbox: standing.sandbox,
        limits: standing.limits,
        allowed_senders: AllowedSenders::All,
        may_notify: true,
    })
}

async fn of_account(core: &Core, project: ProjectId, id: ServiceAccountId, secret: SecretId) -> Result<Submitter> {
    let mut submitter = of_project(core, project).await?;
    let account = service_accounts::standing(core, project, id, secret).await?;
    let barred = |cause: &str| Some(Rejection::new(Rule::CredentialsInvalid).detail(cause));
    match account {
        None => submitter.barred = barred("the service account was removed, or its secret was revoked"),
        Some(account) => {
            if let Some(cause) = account.barred {
                submitter.barred = barred(cause);
            }
            submitter.allowed_cidrs = account.allowed_cidrs;
            submitter.account = Some((id, account.limits));
            submitter.allowed_senders = account.allowed_senders;
            submitter.may_notify = account.may_notify;
        }
    }
    Ok(submitter)
}
