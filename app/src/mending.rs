//! From a rule that refused to the page that mends it. Every refusal ends in one.

use crate::{components::notice::Go, next::encode};
use relay_types::{
    refusal::{Refusal, Rule},
    service_account::ServiceAccountId,
};

/// A rule in the words of a list.
pub fn rule_words(rule: Rule) -> &'static str {
    match rule {
        Rule::AuthenticationRequired => "Not signed in",
        Rule::CredentialsInvalid => "Wrong credentials",
        Rule::Throttled => "Too many failures",
        Rule::ReversePathNotVerified => "Reverse-path not verified",
        Rule::ReversePathNotAllowed => "Reverse-path not allowed",
        Rule::NullReversePath => "Null reverse-path",
        Rule::FromNotVerified => "From not verified",
        Rule::FromNotAllowed => "From not allowed",
        Rule::SenderNotVerified => "Sender not verified",
        Rule::SenderNotAllowed => "Sender not allowed",
        Rule::HeaderAmbiguous => "Header not clear",
        Rule::Sandbox => "Sandbox",
        Rule::SuppressedRecipient => "Recipient suppressed",
        Rule::Limit => "Over a limit",
        Rule::Suspended => "Project suspended",
        Rule::Paused => "Platform paused",
        Rule::Loop => "Mail loop",
        Rule::BareLineEnd => "Bare line end",
        Rule::TooLarge => "Too large",
    }
}

/// What a refusal means and what to do, in two or three sentences.
pub fn explanation(rule: Rule) -> &'static str {
    match rule {
        Rule::AuthenticationRequired => {
            "The program neither signed in nor connected from a trusted network. Give it a service account's user name and \
             secret, or add the machine's address to the project's networks."
        }
        Rule::CredentialsInvalid => {
            "The user name is unknown, the secret is wrong or revoked, the account is disabled or expired, or the program \
             connected from an address that the account does not allow. The refusals page says which of these it was; the program is told none of them."
        }
        Rule::Throttled => {
            "There were too many wrong secrets from this address or for this account. Mend the secret in the program; after the \
             wait it may try again."
        }
        Rule::ReversePathNotVerified | Rule::FromNotVerified | Rule::SenderNotVerified => {
            "The project has not proven that it may use this address. Verify the address by a link, or its whole domain by a \
             DNS record; from then on every program of the project may use it."
        }
        Rule::ReversePathNotAllowed | Rule::FromNotAllowed | Rule::SenderNotAllowed => {
            "The project may use this address, but this service account may not. Add the address or a pattern to the account's \
             allowed senders, or let the program use one that is listed there."
        }
        Rule::NullReversePath => {
            "Only an account that may send notifications can use the null reverse-path. Switch that on in the account's settings, \
             or let the program send with an address."
        }
        Rule::HeaderAmbiguous => {
            "The message's From or Sender could not be read with certainty, so nothing was guessed. The reply says what was wrong; \
             the program has to write one From field with plain mailboxes."
        }
        Rule::Sandbox => {
            "The project is in the sandbox: it may send only to verified addresses and to its members. An operator can take it \
             out of the sandbox."
        }
        Rule::SuppressedRecipient => {
            "The address is on the project's suppression list: its mail server said for good that there is no such mailbox, or \
             a person of the project added it. If it takes mail again, take it off the list; otherwise take it out of the \
             program's recipients."
        }
        Rule::Limit => {
            "The project or the account has sent as much as it may for now. Nothing is lost: the program is told to try again and \
             after how many seconds. An operator can raise the limit."
        }
        Rule::Suspended => "An operator has suspended the project. The reason stands on its overview.",
        Rule::Paused => {
            "An operator has paused the platform: no project's mail is taken for now. The reason is in the reply. Nothing is \
             lost: programs are told to try again."
        }
        Rule::Loop => {
            "The message has passed through too many servers, so two of them are sending it to each other. Look at its Received \
             fields to see which."
        }
        Rule::BareLineEnd => {
            "The message had a lone CR, a lone LF or a NUL. Lines of mail end in CR LF and have no NUL; let the program's mail \
             library write them."
        }
        Rule::TooLarge => {
            "The message or its header is larger than the relay takes. Send a link instead of the attachment."
        }
    }
}

/// Where a refusal in a list leads: to the page that mends it, or to its own, which says what the program has to mend.
/// `project` is none in the operator's list, `may_mend` is false for those who may only look.
pub fn mend(project: Option<&str>, refusal: &Refusal, may_mend: bool) -> Go {
    let page = project.and_then(|slug| page(slug, refusal.rule, refusal.address.as_deref(), refusal.account, may_mend));
    page.unwrap_or_else(|| Go::from((format!("/s/{}", refusal.code), "What to do")))
}

/// The one page of a project that mends a refusal by `rule`; none when only the program itself can be mended, or when
/// the page has nothing for those who may only look.
pub fn page(
    slug: &str,
    rule: Rule,
    address: Option<&str>,
    account: Option<ServiceAccountId>,
    may_mend: bool,
) -> Option<Go> {
    let base = format!("/p/{slug}");
    let (path, words) = match rule {
        Rule::Limit => ("/settings".to_owned(), "See the limits"),
        Rule::Suspended => (String::new(), "Read the reason"),
        Rule::SuppressedRecipient => {
            let path = address.map_or_else(String::new, |address| format!("?q={}", encode(address)));
            (format!("/suppressions{path}"), "See the suppression")
        }
        Rule::HeaderAmbiguous | Rule::Loop | Rule::BareLineEnd | Rule::TooLarge | Rule::Paused => return None,
        Rule::CredentialsInvalid
        | Rule::Throttled
        | Rule::ReversePathNotAllowed
        | Rule::NullReversePath
        | Rule::FromNotAllowed
        | Rule::SenderNotAllowed => match account {
            Some(id) => (format!("/service-accounts/{id}"), "See the account"),
            None => ("/service-accounts".to_owned(), "See the accounts"),
        },
        _ if !may_mend => return None,
        Rule::AuthenticationRequired => ("/networks".to_owned(), "Add the network"),
        Rule::ReversePathNotVerified | Rule::FromNotVerified | Rule::SenderNotVerified | Rule::Sandbox => match address
        {
            Some(address) => (format!("/senders?new={}", encode(address)), "Verify it"),
            None => ("/senders".to_owned(), "Verify it"),
        },
    };
    Some(Go { href: format!("{base}{path}"), text: words.to_owned() })
}

/// Where an operator mends a refusal that belongs to no project: whose it is has to be said first.
pub fn mend_unassigned(rule: Rule, client: Option<&str>) -> Go {
    let (path, words) = match rule {
        Rule::AuthenticationRequired => {
            let cidr = client.map(|client| format!("&cidr={}", encode(client))).unwrap_or_default();
            (format!("/admin/projects?to=networks{cidr}"), "Add it to a project")
        }
        Rule::CredentialsInvalid | Rule::Throttled => {
            ("/admin/projects?to=service-accounts".to_owned(), "Find the account")
        }
        _ => ("/admin/listeners".to_owned(), "See the listeners"),
    };
    Go { href: path, text: words.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay_types::{Timestamp, refusal::RefusalId};
    use uuid::Uuid;

    fn refusal(rule: Rule) -> Refusal {
        Refusal {
            id: RefusalId::from_uuid(Uuid::nil()),
            at: Timestamp(0),
            count: 1,
            rule,
            client: "198.51.100.9".to_owned(),
            helo: None,
            listener: "submission".to_owned(),
            who: None,
            address: Some("a+b@c.example".to_owned()),
            reply: "550 5.7.1 no".to_owned(),
            cause: None,
            code: "abcd2345".to_owned(),
            account: Some(ServiceAccountId::from_uuid(Uuid::nil())),
        }
    }

    #[test]
    fn every_rule_ends_in_the_one_page_that_mends_it() {
        let account = format!("/p/bio/service-accounts/{}", ServiceAccountId::from_uuid(Uuid::nil()));
        let (sender, own) = ("/p/bio/senders?new=a%2Bb%40c.example", "/s/abcd2345");
        let suppressed = "/p/bio/suppressions?q=a%2Bb%40c.example";
        for rule in Rule::ALL {
            let (mends, looks) = match rule {
                Rule::AuthenticationRequired => ("/p/bio/networks", own),
                Rule::CredentialsInvalid
                | Rule::Throttled
                | Rule::ReversePathNotAllowed
                | Rule::NullReversePath
                | Rule::FromNotAllowed
                | Rule::SenderNotAllowed => (account.as_str(), account.as_str()),
                Rule::ReversePathNotVerified | Rule::FromNotVerified | Rule::SenderNotVerified | Rule::Sandbox => {
                    (sender, own)
                }
                Rule::HeaderAmbiguous | Rule::Loop | Rule::BareLineEnd | Rule::TooLarge | Rule::Paused => (own, own),
                Rule::SuppressedRecipient => (suppressed, suppressed),
                Rule::Limit => ("/p/bio/settings", "/p/bio/settings"),
                Rule::Suspended => ("/p/bio", "/p/bio"),
            };
            let leads = |may_mend| mend(Some("bio"), &refusal(rule), may_mend).href;
            assert_eq!((leads(true).as_str(), leads(false).as_str()), (mends, looks), "{rule:?}");
            assert_eq!(mend(None, &refusal(rule), true).href, own, "{rule:?} of no project");
        }
    }
}
