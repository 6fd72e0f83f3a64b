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
    /// No one who submits mail: nobody, a person or a token (which do not come by SMTP).
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
        Actor::Anonymous { .. } | Actor::User { .. } | Actor::ApiToken { .. } => return Ok(Who::Nobody),
        Actor::ServiceAccount { id, project_id, secret, .. } => {
            match service_accounts::standing(core, *project_id, *id, *secret).await? {
                Some((project, account)) => of_account(*project_id, project, *id, account),
                None => return Ok(Who::Barred(barred("the service account was removed, or its secret was revoked"))),
            }
        }
        Actor::TrustedNetwork { id, project_id, .. } => match networks::standing(core, *project_id, *id).await? {
            Some(standing) => standing_in(*project_id, standing),
            None => {
                let words = "the network is not trusted any more";
                return Ok(Who::Barred(Rejection::new(Rule::AuthenticationRequired).detail(words)));
            }
        },
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
        Actor::System | Actor::Anonymous { .. } | Actor::User { .. } | Actor::ApiToken { .. } => None,
    }
}

fn who(submitter: Arc<Submitter>, actor: &Actor) -> Who {
    if let Err(rejection) = submitter.admitted() {
        return Who::Barred(rejection);
    }
    match actor {
        Actor::ServiceAccount { client, .. } => {
            match service_accounts::barred_from(&submitter.allowed_cidrs, *client) {
                Some(cause) => Who::Barred(barred(cause)),
                None => Who::Submitter(submitter),
            }
        }
        _ => Who::Submitter(submitter),
    }
}

/// A project with all of its senders and no limits but its own.
pub(super) async fn of_project(core: &Core, project: ProjectId) -> Result<Submitter> {
    Ok(standing_in(project, projects::standing(core, project).await?))
}

fn standing_in(project: ProjectId, standing: projects::Standing) -> Submitter {
    Submitter {
        project,
        account: None,
        barred: standing.suspended.map(|suspension| Rejection::new(Rule::Suspended).detail(suspension.reason)),
        allowed_cidrs: Vec::new(),
        sandbox: standing.sandbox,
        limits: standing.limits,
        allowed_senders: AllowedSenders::All,
        may_notify: true,
    }
}

fn of_account(
    project: ProjectId,
    standing: projects::Standing,
    id: ServiceAccountId,
    account: service_accounts::Standing,
) -> Submitter {
    let of_project = standing_in(project, standing);
    Submitter {
        account: Some((id, account.limits)),
        barred: account.barred.map(barred).or(of_project.barred),
        allowed_cidrs: account.allowed_cidrs,
        allowed_senders: account.allowed_senders,
        may_notify: account.may_notify,
        ..of_project
    }
}

fn barred(cause: &str) -> Rejection {
    Rejection::new(Rule::CredentialsInvalid).detail(cause)
}
