//! From a rule that refused to the page that mends it. Every refusal ends in one.

use crate::{components::notice::Go, next::encode};
use relay_types::refusal::Rule;

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
        Rule::Limit => "Over a limit",
        Rule::Suspended => "Project suspended",
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
        Rule::Limit => {
            "The project or the account has sent as much as it may for now. Nothing is lost: the program is told to try again and \
             after how many seconds. An operator can raise the limit."
        }
        Rule::Suspended => "An operator has suspended the project. The reason stands on its overview.",
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

/// The page of a project that mends a refusal by `rule`; none when only the program itself can be mended.
pub fn mend(slug: &str, rule: Rule, address: Option<&str>) -> Option<Go> {
    let base = format!("/p/{slug}");
    let (path, words) = match rule {
        Rule::AuthenticationRequired => ("/networks".to_owned(), "Add the network"),
        Rule::CredentialsInvalid
        | Rule::Throttled
        | Rule::ReversePathNotAllowed
        | Rule::NullReversePath
        | Rule::FromNotAllowed
        | Rule::SenderNotAllowed => ("/service-accounts".to_owned(), "See the account"),
        Rule::ReversePathNotVerified | Rule::FromNotVerified | Rule::SenderNotVerified | Rule::Sandbox => match address
        {
            Some(address) => (format!("/senders?address={}", encode(address)), "Verify it"),
            None => ("/senders".to_owned(), "Verify it"),
        },
        Rule::Limit => ("/settings".to_owned(), "See the limits"),
        Rule::Suspended => (String::new(), "Read the reason"),
        Rule::HeaderAmbiguous | Rule::Loop | Rule::BareLineEnd | Rule::TooLarge => return None,
    };
    Some(Go { href: format!("{base}{path}"), text: words.to_owned() })
}
