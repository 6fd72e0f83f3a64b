//! The unit of everything: the project (tenant).

use crate::{EmailAddress, Id, Timestamp, limit::Limits, route::Route};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// Marker of [`ProjectId`].
pub enum ProjectKind {}
/// Identifies a project.
pub type ProjectId = Id<ProjectKind>;

/// A project's place in URLs: 2 to 40 lower-case letters, digits and hyphens, beginning with a letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(String);

/// The text is not a slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Use 2 to 40 lower-case letters, digits and hyphens, beginning with a letter")]
pub struct SlugError;

impl Slug {
    /// Reads a slug.
    pub fn parse(text: &str) -> Result<Self, SlugError> {
        let shape = (2..=40).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('-')
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if shape { Ok(Self(text.to_owned())) } else { Err(SlugError) }
    }

    /// A slug made from a project's name, for the form's suggestion; none when the name has too few letters.
    pub fn suggest(name: &str) -> Option<Self> {
        let mut text = String::new();
        for c in name.chars().flat_map(char::to_lowercase).map(plain) {
            if c.is_ascii_lowercase() || (c.is_ascii_digit() && !text.is_empty()) {
                text.push(c);
            } else if !text.is_empty() && !text.ends_with('-') {
                text.push('-');
            }
            if text.len() == 40 {
                break;
            }
        }
        Self::parse(text.trim_end_matches('-')).ok()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The letter without its marks, for the letters of Europe's larger languages.
fn plain(c: char) -> char {
    match c {
        'à'..='æ' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' | 'đ' | 'ð' => 'd',
        'è'..='ë' | 'ē' | 'ę' | 'ě' | 'ė' => 'e',
        'ğ' | 'ģ' => 'g',
        'ì'..='ï' | 'ī' | 'į' | 'ı' => 'i',
        'ķ' => 'k',
        'ł' | 'ļ' | 'ľ' => 'l',
        'ñ' | 'ń' | 'ň' | 'ņ' => 'n',
        'ò'..='ö' | 'ø' | 'ő' | 'œ' => 'o',
        'ř' => 'r',
        'ß' | 'ś' | 'š' | 'ş' | 'ș' => 's',
        'ť' | 'ţ' | 'ț' => 't',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' | 'ų' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        other => other,
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Slug {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Self, SlugError> {
        Self::parse(text)
    }
}

impl Serialize for Slug {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Slug {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A project as its settings page and the operator's list show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Identifier.
    pub id: ProjectId,
    /// Place in URLs.
    pub slug: Slug,
    /// Name.
    pub name: String,
    /// Why it is suspended; none while it is not.
    pub suspended: Option<Suspension>,
    /// Since when it is closed: it is suspended, and its names go after a grace.
    pub closed_at: Option<Timestamp>,
    /// In the sandbox only verified recipients are allowed.
    pub sandbox: bool,
    /// Who hears of the project's bounces and warnings; none means the owners.
    pub bounce_contact: Option<EmailAddress>,
    /// Limits of the project.
    pub limits: Limits,
    /// Route of the project.
    pub route: Route,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Project {
    /// Whether its mail is taken, and for whom.
    pub fn state(&self) -> ProjectState {
        ProjectState::of(self.suspended.is_some(), self.sandbox)
    }
}

/// Whether a project's mail is taken, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProjectState {
    /// For anyone, within the limits.
    Active,
    /// For verified senders and members alone.
    Sandbox,
    /// For nobody.
    Suspended,
}

impl ProjectState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Active, Self::Sandbox, Self::Suspended];

    /// Suspension counts before the sandbox.
    pub fn of(suspended: bool, sandbox: bool) -> Self {
        match (suspended, sandbox) {
            (true, _) => Self::Suspended,
            (false, true) => Self::Sandbox,
            (false, false) => Self::Active,
        }
    }

    /// The word in URLs and lists.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Sandbox => "sandbox",
            Self::Suspended => "suspended",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Why and since when a project may not send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// In words, shown to the project and in the SMTP reply.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// A row of the operator's list of projects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectRow {
    /// The project.
    pub project: Project,
    /// Number of members.
    pub members: u64,
    /// Recipients accepted in the last 24 hours.
    pub accepted_day: u64,
    /// Refusals in the last 24 hours.
    pub refused_day: u64,
}

/// What a person may do here, for pages that hide what would be refused. The use cases decide again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abilities {
    /// Owner or operator: members and settings.
    pub administer: bool,
    /// Member, owner or operator: accounts, senders, networks, messages.
    pub manage: bool,
    /// Operator: limits, sandbox, suspension, marking senders verified.
    pub operate: bool,
}

/// A project page's frame: the project, what may be done, and the counts beside the navigation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectFrame {
    /// The project.
    pub project: Project,
    /// What the person who asks may do.
    pub abilities: Abilities,
    /// Service accounts.
    pub service_accounts: u64,
    /// Senders and domains.
    pub senders: u64,
    /// Trusted networks.
    pub networks: u64,
    /// Members.
    pub members: u64,
    /// Refusals in the last 24 hours.
    pub refusals_day: u64,
    /// Addresses and prefixes.
    pub addresses: u64,
    /// Open tickets.
    pub tickets: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suggested_slug_keeps_letters_without_their_marks() {
        for (name, slug) in [
            ("Bioinformatics", Some("bioinformatics")),
            ("Östra Åbo 2", Some("ostra-abo-2")),
            ("Jyväskylä, fysiikka", Some("jyvaskyla-fysiikka")),
            ("7 sisters", Some("sisters")),
            ("日本", None),
        ] {
            assert_eq!(Slug::suggest(name).map(|slug| slug.to_string()).as_deref(), slug, "{name}");
        }
    }
}
