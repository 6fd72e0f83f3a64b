//! The words of portal mail, all in one place. Each says who asked, what the link does and how long it works, and what
//! to do when it was not you. What people typed (names of projects) is shown on one line only.

use crate::{Actor, bounce::digest::Digest};
use relay_types::{EmailAddress, Timestamp, limit::NearLimit, member::Role};
use std::{fmt::Write, net::IpAddr};

/// A mail to be composed.
pub(super) struct Text {
    /// Subject, one line.
    pub(super) subject: String,
    /// Plain text, line ends as `\n`.
    pub(super) body: String,
}

pub(super) fn invitation(portal: &str, by: &Actor, project: &str, role: Role, link: &str) -> Text {
    let project = one_line(project);
    let may = match role {
        Role::Owner => "manage everything in it, members and settings too",
        Role::Member => "manage its service accounts, senders, networks and messages",
        Role::Viewer => "see everything in it, and change nothing",
    };
    Text {
        subject: format!("Invitation to {project} on Relaykeep"),
        body: format!(
            "{who} invites you to the project {project} on Relaykeep, the mail relay at\n\
             {portal}\n\
             \n\
             Your role would be {role}: you can {may}.\n\
             \n\
             To accept, open this link within 7 days. It works once:\n\
             \n\
             {link}\n\
             \n\
             If you do not know what this is about, do nothing: you have not joined, and\n\
             the link will expire.\n",
            who = who(by),
            role = role.as_str(),
        ),
    }
}

pub(super) fn password_reset(portal: &str, to: &EmailAddress, client: Option<IpAddr>, link: &str) -> Text {
    let from = client.map(|client| format!(" from the address {client}")).unwrap_or_default();
    Text {
        subject: "Set a new password for Relaykeep".to_owned(),
        body: format!(
            "Someone asked{from} for a new password for {to} on\n\
             {portal}\n\
             \n\
             To set a new password, open this link within 1 hour. It works once:\n\
             \n\
             {link}\n\
             \n\
             If it was not you, do nothing: your password stays as it is, and the link\n\
             will expire. If it happens again, tell the operator of the relay.\n"
        ),
    }
}

pub(super) fn password_changed(portal: &str, to: &EmailAddress, at: Timestamp) -> Text {
    Text {
        subject: "Your Relaykeep password was changed".to_owned(),
        body: format!(
            "The password of {to} was changed at {at} on\n\
             {portal}\n\
             \n\
             If it was you, there is nothing to do. Other browsers that were signed in\n\
             have been signed out.\n\
             \n\
             If it was not you, set a new password at once, and tell the operator of the\n\
             relay:\n\
             \n\
             {portal}/reset\n",
            at = at.text(),
        ),
    }
}

pub(super) fn sender_link(portal: &str, to: &EmailAddress, by: &Actor, project: &str, link: &str) -> Text {
    let project = one_line(project);
    Text {
        subject: format!("May {project} send mail as {to}?"),
        body: format!(
            "{who} asks that programs of the project {project} may send mail with the\n\
             sender address {to} through Relaykeep, the mail relay at\n\
             {portal}\n\
             \n\
             To allow it, open this link within 3 days. It works once:\n\
             \n\
             {link}\n\
             \n\
             If you did not expect this, do nothing: without the link nobody can send as\n\
             {to} here, and the link will expire.\n",
            who = who(by),
        ),
    }
}

pub(super) fn domain_unproven(project: &str, domain: &str, until: Timestamp, page: &str) -> Text {
    let project = one_line(project);
    Text {
        subject: format!("{domain}: the challenge record is missing"),
        body: format!(
            "The TXT record that proves that {domain} belongs to the project {project} on\n\
             Relaykeep cannot be found any more.\n\
             \n\
             Mail from the domain is accepted until {until}. After that it is\n\
             refused until the record is back; nothing else needs to be done then.\n\
             \n\
             The record to publish is here:\n\
             \n\
             {page}\n\
             \n\
             You hear of this because you are the contact or an owner of the project. If\n\
             the domain is not to be used here any more, remove it there.\n",
            until = until.text(),
        ),
    }
}

pub(super) fn limit_near(whose: &str, near: &NearLimit, page: &str) -> Text {
    let whose = one_line(whose);
    let NearLimit { used, limit, period, .. } = near;
    let of = match &near.account {
        Some(label) => format!("the service account {} of {whose}", one_line(label)),
        None => whose.to_string(),
    };
    let what = match near.level() {
        100 => {
            "Nothing is lost: until there is room again, programs are answered with 451 4.7.1\n\
                and the seconds to wait, and try again by themselves.\n"
        }
        _ => {
            "At the limit programs are answered with 451 4.7.1 and the seconds to wait, and\n\
              try again by themselves.\n"
        }
    };
    Text {
        subject: format!("{}% of a limit of {of} on Relaykeep", near.level()),
        body: format!(
            "{used} of {limit} {words} are used by\n\
             {of}.\n\
             \n\
             {what}\
             \n\
             The limits, and how to ask for others:\n\
             \n\
             {page}\n\
             \n\
             You hear of this once in the period of the limit, because you are the contact or\n\
             an owner of the project, or an operator of the relay.\n",
            words = period.words(),
        ),
    }
}

pub(super) fn bounces(digest: &Digest) -> Text {
    let Digest { project, pages, count, shown } = digest;
    let project = one_line(project);
    let messages = if *count == 1 { "A message".to_owned() } else { format!("{count} messages") };
    let mut body = format!(
        "{messages} of the project {project} on Relaykeep could not be delivered,\n\
         and no sender is told of it: the reverse-path is null, or takes no notification.\n"
    );
    for bounced in shown {
        let _ = write!(
            body,
            "\nFrom {from}, accepted {at}\n  {subject}\n",
            from = cut(&bounced.from, 200),
            at = bounced.accepted_at.text(),
            subject = if bounced.subject.is_empty() { "(no subject)".to_owned() } else { cut(&bounced.subject, 200) },
        );
        for (address, reply) in &bounced.recipients {
            let _ = write!(body, "  {}\n    {}\n", cut(address, 320), cut(reply, 400));
        }
        let _ = writeln!(body, "  {pages}/messages/{}", bounced.id);
    }
    let more = count.saturating_sub(shown.len() as u64);
    if more > 0 {
        let _ = write!(body, "\nAnd {more} more. All of them:\n\n{pages}/messages?state=bounced\n");
    }
    let _ = write!(
        body,
        "\nYou hear of this, at most once an hour, because you are the bounce contact or an\n\
         owner of the project. Who hears is set here:\n\n{pages}/settings\n"
    );
    Text { subject: format!("{messages} of {project} could not be delivered"), body }
}

fn who(by: &Actor) -> String {
    match by {
        Actor::User { email, .. } => email.to_string(),
        _ => "The operator of the relay".to_owned(),
    }
}

/// On one line, and no longer than this many characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    one_line(text).chars().take(most).collect()
}

/// Nothing a person typed or published may begin a line of its own, or move the cursor of who reads it in a terminal.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_stays_on_its_line() {
        assert_eq!(one_line(" a\r\n b\u{1b}[2J\u{9b}c\u{2028}d\u{0}"), "a b [2J c d");
        assert_eq!(cut("a\nb c", 3), "a b");
    }
}
