//! The one who submits, with everything that is stored of it and judged at each command. What is remembered holds for
//! every session of an account or network; where a session comes from is judged for each.

use super::Rejection;
use crate::{Actor, Core, Error, Result, networks, projects, rules::Remembered, service_accounts};
use relay_types::{
    Cidr,
    limit::Limits,
    project::ProjectId,
    refusal::Rule,
    service_account::{AllowedSenders, ServiceAccountId},
};
use std::sync::Arc;
use uuid::Uuid;

/// A project's program or network, as it stood when it was read.
pub(crate) struct Submitter {
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
    /// Its sessions wait for the next hop's verdict.
    pub(super) cut_through: bool,
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

/// Submitters that were read a short time ago.
pub(crate) type Submitters = Remembered<Uuid, Standing>;

/// A submitter, or why there is none.
type Standing = std::result::Result<Arc<Submitter>, Rejection>;

impl Submitter {
    /// Refuses one that may not send at all.
    pub(super) fn admitted(&self) -> std::result::Result<(), Rejection> {
        self.barred.clone().map_or(Ok(()), Err)
    }
}

/// How the actor stands. One that may not send is read anew each time.
pub(super) async fn of(core: &Core, actor: &Actor) -> Result<Who> {
    let Some(key) = key(actor) else {
        return Ok(if matches!(actor, Actor::System) { Who::Relaykeep } else { Who::Nobody });
    };
    let lasting = |found: &Standing| found.as_ref().is_ok_and(|submitter| submitter.barred.is_none());
    Ok(match core.submitters.get_or(core, key, lasting, read(core, actor)).await? {
        Ok(submitter) => who(submitter, actor),
        Err(rejection) => Who::Barred(rejection),
    })
}

async fn read(core: &Core, actor: &Actor) -> Result<Standing> {
    let submitter = match actor {
        Actor::ServiceAccount { id, project_id, secret, .. } => {
            match service_accounts::standing(core, *project_id, *id, *secret).await? {
                Some((project, account)) => of_account(*project_id, project, *id, account),
                None => return Ok(Err(barred("the service account was removed, or its secret was revoked"))),
            }
        }
        Actor::TrustedNetwork { id, project_id, .. } => match networks::standing(core, *project_id, *id).await? {
            Some(standing) => standing_in(*project_id, standing),
            None => {
                let words = "the network is not trusted any more";
                return Ok(Err(Rejection::new(Rule::AuthenticationRequired).detail(words)));
            }
        },
        Actor::System | Actor::Anonymous { .. } | Actor::User { .. } | Actor::ApiToken { .. } => {
            return Err(Error::internal("who is read as a submitter is none"));
        }
    };
    Ok(Ok(Arc::new(submitter)))
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
        cut_through: false,
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
        cut_through: account.cut_through,
        ..of_project
    }
}

fn barred(cause: &str) -> Rejection {
    Rejection::new(Rule::CredentialsInvalid).detail(cause)
}
