//! The test message a person sends from a page: a friendly text from a verified sender, judged like any other mail of
//! the project.

use crate::{
    Actor, Core, Error, Result, policy,
    submission::{self, Arrival, Submission, kept::Origin},
};
use lettre::message::{Mailbox, Message, SinglePart, header::ContentType};
use relay_types::{EmailAddress, ReversePath, message::MessageId, project::ProjectId, refusal::Rule};

const SUBJECT: &str = "A test message from Relaykeep";

/// Sends it for a project the actor may manage.
pub(super) async fn send(core: &Core, actor: &Actor, project: ProjectId, from: &str, to: &str) -> Result<MessageId> {
    let from = EmailAddress::parse(from.trim()).map_err(|why| Error::invalid("from", why.to_string()))?;
    let to = EmailAddress::parse(to.trim()).map_err(|why| Error::invalid("to", why.to_string()))?;
    if let Err(rejection) = policy::judge_portal(core, project, &from, std::slice::from_ref(&to)).await? {
        return Err(refused(&rejection, &to));
    }
    let submission = Submission {
        arrival: Arrival::Portal,
        content: composed(core, actor, &from, &to)?.into(),
        terms: Default::default(),
        smtputf8: from.needs_smtputf8() || to.needs_smtputf8(),
        reverse_path: ReversePath::Address(from),
        recipients: vec![to],
    };
    let origin = Origin { source: "portal", id: None, label: actor.name() };
    match submission::accept_judged(core, Some(project), origin, submission).await? {
        Ok(id) => Ok(id),
        Err(rejection) => Err(Error::internal(format!("a test message was refused by {:?}", rejection.rule))),
    }
}

/// The refusal in words for the form.
fn refused(rejection: &policy::Rejection, to: &EmailAddress) -> Error {
    let detail = rejection.detail.as_deref().unwrap_or_default();
    match rejection.rule {
        Rule::Sandbox => Error::invalid("to", "In the sandbox, mail goes to verified addresses and members alone"),
        Rule::SuppressedRecipient => Error::invalid("to", format!("{to} is suppressed {detail}")),
        Rule::Suspended => Error::conflict(format!("The project is suspended: {detail}")),
        Rule::Paused => Error::conflict(format!("The platform is paused: {detail}")),
        Rule::Limit => Error::TooMany { seconds: rejection.wait.unwrap_or(60) },
        _ => Error::invalid("from", "Choose a verified sender of this project"),
    }
}

fn composed(core: &Core, actor: &Actor, from: &EmailAddress, to: &EmailAddress) -> Result<Vec<u8>> {
    let mailbox = |address: &EmailAddress| -> Result<Mailbox> {
        Ok(Mailbox::new(None, address.to_string().parse().map_err(Error::internal)?))
    };
    let by = actor.name();
    let body = format!(
        "Hello,\r\n\r\nthis is a test message. {by} asked for it in Relaykeep at {}.\r\n\r\nThat you can read it means \
         that {from} is a verified sender, and that mail from it arrives here. The way it took is in its Received \
         fields, and in its timeline in the portal.\r\n",
        core.config.public_url
    );
    let date = std::time::UNIX_EPOCH + std::time::Duration::from_millis(u64::try_from(core.now().0).unwrap_or(0));
    let message = Message::builder()
        .from(mailbox(from)?)
        .to(mailbox(to)?)
        .subject(SUBJECT)
        .date(date)
        .message_id(Some(format!("<{}@{}>", core.new_id::<()>(), core.config.hostname)))
        .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(body));
    Ok(message.map_err(Error::internal)?.formatted())
}
