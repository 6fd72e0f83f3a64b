//! Mails about tickets and names: what happened, what it means, what to do, and the link. Plain text, one line a fact.

use super::{
    composed,
    texts::{Text, cut, one_line},
};
use crate::{
    Core, Result,
    submission::{Draft, kept},
};
use relay_types::{
    EmailAddress,
    reverse::ForwardFound,
    ticket::{TicketKind, TicketNumber, TicketRequest, TicketState},
};
use sea_orm::DatabaseTransaction;
use std::fmt::Write;

/// For whom a mail is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Those who asked.
    Project,
    /// The service desk.
    Desk,
}

/// What a mail tells.
pub(crate) enum Told<'a> {
    /// The ticket moved.
    Moved {
        /// Where it is now.
        to: TicketState,
        /// How often DNS was looked at.
        looks: i32,
    },
    /// Somebody wrote.
    Comment(&'a str),
}

/// A ticket as a mail tells of it.
pub(crate) struct TicketMail<'a> {
    pub(crate) number: TicketNumber,
    pub(crate) title: &'a str,
    pub(crate) project: &'a str,
    pub(crate) slug: &'a str,
    pub(crate) kind: TicketKind,
    pub(crate) request: &'a TicketRequest,
    pub(crate) forward: Option<ForwardFound>,
    pub(crate) reason: Option<&'a str>,
    pub(crate) by: &'a str,
    pub(crate) told: Told<'a>,
}

/// Keeps a mail in the transaction of what it tells of.
pub(crate) async fn send(
    core: &Core,
    transaction: &DatabaseTransaction,
    to: &EmailAddress,
    draft: Draft,
    mail: &TicketMail<'_>,
    side: Side,
) -> Result<()> {
    let content = composed(core, to, &text(&core.config.public_url, mail, side))?;
    kept::insert(core, transaction, &[&draft.with_content(core, content)?]).await
}

fn text(portal: &str, mail: &TicketMail<'_>, side: Side) -> Text {
    let title = cut(mail.title, 200);
    let word = match &mail.told {
        Told::Moved { to, .. } => to.words().to_lowercase(),
        Told::Comment(_) => "comment".to_owned(),
    };
    let mut body = match &mail.told {
        Told::Moved { to, looks } => moved(mail, *to, *looks, side),
        Told::Comment(text) => format!("{} wrote:\n\n{}\n", one_line(mail.by), quoted(text)),
    };
    let _ = write!(body, "\n{}", facts(mail));
    let (link, why) = match side {
        Side::Project => (
            format!("{portal}/p/{}/tickets/{}", mail.slug, mail.number.0),
            "You hear of this because you asked for it, or are a contact of the project.",
        ),
        Side::Desk => (
            format!("{portal}/admin/tickets/{}", mail.number.0),
            "You hear of this because you belong to the service desk.",
        ),
    };
    let _ = write!(body, "\nThe ticket:\n\n{link}\n\n{why}\n");
    Text { subject: format!("[{}] {title}: {word}", mail.number), body }
}

/// What the move means for who reads it.
fn moved(mail: &TicketMail<'_>, to: TicketState, looks: i32, side: Side) -> String {
    let reason = || mail.reason.map(|reason| format!("\n{}\n", quoted(reason))).unwrap_or_default();
    let by = one_line(mail.by);
    let project = side == Side::Project;
    match to {
        TicketState::Waiting => {
            let (again, yet) = if looks > 1 { ("no longer", "") } else { ("not", " yet") };
            let asks = if project || looks > 1 { String::new() } else { format!("{} asks. ", one_line(mail.project)) };
            let mut text = format!("{asks}The name does {again} point to the address{yet}.\n");
            if let Some(forward) = &mail.forward {
                let ip = &mail.request.address;
                let kind = if ip.contains(':') { "AAAA" } else { "A" };
                let _ = write!(text, "\nTo be published:\n\n  {}. 3600 IN {kind} {ip}\n", forward.name);
                for answer in forward.servers.iter().take(8) {
                    let _ = writeln!(text, "  {} said: {}", answer.server, cut(&answer.said, 200));
                }
            }
            text.push_str(match project {
                true => {
                    "\nAsk whoever runs the domain to publish this record. We look again by ourselves,\n\
                     for 14 days, and go on as soon as it is there.\n"
                }
                false => "\nNothing has to be done: we look again by ourselves.\n",
            });
            text
        }
        TicketState::Ready if project => "Everything is in order. The service desk has it now.\n".to_owned(),
        TicketState::Ready => {
            format!("{} asks, and everything is in order. It waits for the desk.\n", one_line(mail.project))
        }
        TicketState::Approved => "The service desk has approved it. It is being carried out.\n".to_owned(),
        TicketState::Verifying => "It is watched until name and address lead to each other.\n".to_owned(),
        TicketState::Done => match mail.kind {
            TicketKind::SetPtr => "The name is in DNS, and every server and resolver we know sees it.\n".to_owned(),
            TicketKind::RemovePtr => "The name was removed from DNS, and every server sees that.\n".to_owned(),
            TicketKind::PtrElsewhere => "Name and address lead to each other now.\n".to_owned(),
            TicketKind::GoLive => "The project is out of the sandbox: it may send to anyone from now on.\n".to_owned(),
            TicketKind::Quota => "The new limits hold from now on.\n".to_owned(),
        },
        TicketState::Refused => format!("The request was refused by {by}:\n{}", reason()),
        TicketState::Withdrawn => format!("{by} has taken the request back.\n"),
        TicketState::Failed => format!("It could not be carried out:\n{}", reason()),
        TicketState::Draft | TicketState::Submitted | TicketState::Applying | TicketState::Reopened => {
            format!("It is {} now.\n", to.words().to_lowercase())
        }
    }
}

fn facts(mail: &TicketMail<'_>) -> String {
    let request = mail.request;
    let rows = [
        ("Kind", mail.kind.words().to_owned()),
        ("Project", one_line(mail.project)),
        ("Address", request.address.clone()),
        ("Name", request.name.clone()),
        ("Provider", request.provider.clone()),
        ("Case", request.case_number.clone()),
        ("Messages", if request.volume.is_empty() { String::new() } else { format!("{} a day", request.volume) }),
        ("Per hour", request.per_hour.clone()),
        ("Per day", request.per_day.clone()),
        ("Use case", cut(&request.use_case, 400)),
        ("Bounces", cut(&request.bounces, 400)),
    ];
    let mut text = String::new();
    for (name, value) in rows.into_iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(text, "  {name:<9} {value}");
    }
    text
}

/// As a quotation: nothing a person typed begins a line of its own.
fn quoted(text: &str) -> String {
    text.lines().take(100).map(|line| format!("  | {}", cut(line, 500))).collect::<Vec<_>>().join("\n")
}
