//! Who hears of a ticket: the one who asked, and the service desk. Written in the transaction of what it tells of.
//!
//! Steps that pass by themselves in a moment (submitted, applying, verifying) are not told alone; what they lead to is.
//! Nobody is told of what they did themselves, but who asks gets a receipt.

use super::{Model, number_of, request_of, state};
use crate::{
    Actor, Core, Result, portal_mail,
    portal_mail::tickets::{Side, Told},
    projects,
    submission::Draft,
    tables::user,
    users,
};
use relay_types::{EmailAddress, project::ProjectId, ticket::TicketState};
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter};

/// The mails that may be written, prepared before the transaction begins.
pub(super) struct Mailing {
    asker: Vec<(EmailAddress, Draft)>,
    desk: Vec<(EmailAddress, Draft)>,
    project: String,
    slug: String,
}

impl Mailing {
    pub(super) async fn prepare(core: &Core, row: &Model) -> Result<Self> {
        let id = ProjectId::from_uuid(row.project_id);
        let (project, slug) = (projects::name(core, id).await?, projects::slug(core, id).await?.to_string());
        let asker = askers(core, row).await?;
        let desk = desk(core, row).await?;
        // Who is on both sides reads the project's.
        let desk = desk.into_iter().filter(|address| !asker.contains(address)).collect();
        Ok(Self {
            asker: portal_mail::drafts(core, asker).await?,
            desk: portal_mail::drafts(core, desk).await?,
            project,
            slug,
        })
    }

    /// Tells of the state the ticket has now.
    pub(super) async fn tell_of_move(
        self,
        core: &Core,
        transaction: &DatabaseTransaction,
        by: &Actor,
        row: &Model,
    ) -> Result<()> {
        let state = state(row)?;
        let (asker, desk) = match state {
            TicketState::Draft | TicketState::Submitted | TicketState::Applying => (false, false),
            TicketState::Approved => (true, false),
            // Of a PTR elsewhere it is the receipt; of ours the next mail says that it is done.
            TicketState::Verifying => (row.address_id.is_none(), row.address_id.is_none()),
            _ => (true, true),
        };
        let told = Told::Moved { to: state, looks: row.looks };
        self.tell(core, transaction, by, row, told, (asker, desk)).await
    }

    /// Tells of a comment.
    pub(super) async fn tell_of_comment(
        self,
        core: &Core,
        transaction: &DatabaseTransaction,
        by: &Actor,
        row: &Model,
        text: &str,
        internal: bool,
    ) -> Result<()> {
        self.tell(core, transaction, by, row, Told::Comment(text), (!internal, true)).await
    }

    async fn tell(
        self,
        core: &Core,
        transaction: &DatabaseTransaction,
        by: &Actor,
        row: &Model,
        told: Told<'_>,
        (asker, desk): (bool, bool),
    ) -> Result<()> {
        let request = request_of(row)?;
        let forward = row.forward.as_deref().map(serde_json::from_str).transpose().map_err(crate::Error::internal)?;
        let mail = portal_mail::tickets::TicketMail {
            number: number_of(row),
            title: &row.title,
            project: &self.project,
            slug: &self.slug,
            kind: super::kind(row)?,
            request: &request,
            forward,
            reason: row.reason.as_deref(),
            by: &by.name(),
            told,
        };
        let author = match by {
            Actor::User { email, .. } => Some(email.clone()),
            _ => None,
        };
        let receipt = matches!(mail.told, Told::Moved { .. });
        for (to, draft) in self.asker.into_iter().filter(|_| asker) {
            if receipt || author.as_ref() != Some(&to) {
                portal_mail::tickets::send(core, transaction, &to, draft, &mail, Side::Project).await?;
            }
        }
        for (to, draft) in self.desk.into_iter().filter(|_| desk) {
            if author.as_ref() != Some(&to) {
                portal_mail::tickets::send(core, transaction, &to, draft, &mail, Side::Desk).await?;
            }
        }
        Ok(())
    }
}

/// Who asked, while they can sign in; else the project's contacts.
async fn askers(core: &Core, row: &Model) -> Result<Vec<EmailAddress>> {
    let asker = match row.asked_by_id {
        Some(id) => user::Entity::find_by_id(id).one(core.db.read()).await?.filter(|row| row.disabled_at.is_none()),
        None => None,
    };
    match asker {
        Some(asker) => Ok(vec![users::email_of(&asker)?]),
        None => projects::contacts(core, ProjectId::from_uuid(row.project_id)).await,
    }
}

/// The desk's address; without one who takes care of the ticket, else everyone of the desk, else the operators.
async fn desk(core: &Core, row: &Model) -> Result<Vec<EmailAddress>> {
    if let Some(desk) = &core.config.reverse_dns.desk {
        return Ok(vec![desk.clone()]);
    }
    let belongs = Condition::any().add(user::Column::Desk.eq(true)).add(user::Column::Operator.eq(true));
    let able = user::Entity::find().filter(user::Column::DisabledAt.is_null()).filter(belongs);
    let people = able.all(core.db.read()).await?;
    let some = |choose: &dyn Fn(&user::Model) -> bool| {
        people.iter().filter(|person| choose(person)).map(users::email_of).collect::<Result<Vec<_>>>()
    };
    let assigned = some(&|person| Some(person.id) == row.assignee_id)?;
    if !assigned.is_empty() {
        return Ok(assigned);
    }
    let desk = some(&|person| person.desk)?;
    if desk.is_empty() { some(&|_| true) } else { Ok(desk) }
}
