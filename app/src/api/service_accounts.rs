//! Service accounts and their secrets.

use crate::{error::AppError, typed};
use leptos::prelude::*;
use relay_types::{
    Cidr, EmailAddress, SenderPattern,
    limit::Limits,
    prediction::Prediction,
    service_account::{
        AllowedSenders, ClientAccess, ServiceAccount, ServiceAccountDetail, ServiceAccountId, ServiceAccountSettings,
    },
};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::{
    api::{domains, id, slug},
    components::dialog::confirmed,
    ssr::{actor, actor_with, core, done},
};
#[cfg(feature = "ssr")]
use relay_core::service_accounts;

/// The page of all accounts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccountsPage {
    /// By label.
    pub accounts: Vec<ServiceAccount>,
    /// What the form for a new one suggests as its usual sender.
    pub usual_sender: Option<EmailAddress>,
}

/// The page of one account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccountPage {
    /// The account, its secrets and where they were used.
    pub detail: ServiceAccountDetail,
    /// Where its programs connect.
    pub access: ClientAccess,
    /// What would become of mail from its usual sender.
    pub predictions: Vec<Prediction>,
}

/// A secret on its one way to the person who asked for it. It has no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub struct Issued {
    /// The account.
    pub id: ServiceAccountId,
    /// What it is for.
    pub label: String,
    /// SASL user name.
    pub username: String,
    /// The secret.
    pub secret: String,
    /// The From of client lines.
    pub sender: Option<EmailAddress>,
    /// Where programs connect.
    pub access: ClientAccess,
}

/// What the forms of an account send. Names are those of the settings, so that the use case's errors find their field.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SettingsForm {
    /// What it is for.
    pub label: String,
    /// `all` or `only`.
    pub allowed_senders: String,
    /// With `only`: one a line.
    pub patterns: String,
    /// May be empty.
    pub default_sender: String,
    /// One block a line; empty means anywhere.
    pub allowed_cidrs: String,
    /// The day at whose end it expires; may be empty.
    pub expires_at: String,
    /// A checkbox.
    pub may_notify: Option<String>,
    /// A checkbox.
    pub cut_through: Option<String>,
    /// Recipients an hour; may be empty.
    pub limit_per_hour: String,
    /// Recipients a day; may be empty.
    pub limit_per_day: String,
}

impl SettingsForm {
    /// Reads every field; the error stands at the first wrong one.
    pub fn parse(&self) -> Result<ServiceAccountSettings, AppError> {
        let patterns = typed::lines("patterns", &self.patterns, SenderPattern::parse)?;
        let allowed_senders = match (self.allowed_senders.as_str(), patterns.is_empty()) {
            ("only", true) => return Err(AppError::invalid("patterns", "List at least one address or pattern")),
            ("only", false) => AllowedSenders::Only(patterns),
            _ => AllowedSenders::All,
        };
        Ok(ServiceAccountSettings {
            label: self.label.trim().to_owned(),
            allowed_senders,
            default_sender: typed::optional("default_sender", &self.default_sender, EmailAddress::parse)?,
            allowed_cidrs: typed::lines("allowed_cidrs", &self.allowed_cidrs, Cidr::parse)?,
            expires_at: typed::end_of_day("expires_at", &self.expires_at)?,
            may_notify: self.may_notify.is_some(),
            cut_through: self.cut_through.is_some(),
            limits: Limits {
                per_hour: typed::limit("limit_per_hour", &self.limit_per_hour)?,
                per_day: typed::limit("limit_per_day", &self.limit_per_day)?,
                new_per_day: None,
            },
        })
    }
}

/// All accounts.
#[server]
pub async fn list_accounts(slug: String) -> Result<AccountsPage, AppError> {
    let (core, actor, project) = (core()?, actor().await?, self::slug(&slug)?);
    let accounts = service_accounts::list(&core, &actor, &project).await?;
    Ok(AccountsPage { accounts, usual_sender: relay_core::senders::first_verified(&core, &actor, &project).await? })
}

/// One account.
#[server]
pub async fn load_account(slug: String, id: String) -> Result<AccountPage, AppError> {
    let (core, actor, project) = (core()?, actor().await?, self::slug(&slug)?);
    let detail = service_accounts::get(&core, &actor, &project, self::id(&id)?).await?;
    let from = detail.account.default_sender.as_ref();
    let predictions = domains::predictions(&core, &actor, &project, from).await?;
    Ok(AccountPage { detail, access: service_accounts::client_access(&core), predictions })
}

/// Makes an account; its secret is shown this once. `password` when it was typed long ago.
#[server]
pub async fn create_account(
    slug: String,
    password: Option<String>,
    #[server(flatten)] settings: SettingsForm,
) -> Result<Issued, AppError> {
    let (core, project, settings) = (core()?, self::slug(&slug)?, settings.parse()?);
    let actor = actor_with(password).await?;
    let (id, secret) = service_accounts::create(&core, &actor, &project, settings).await?;
    let account = service_accounts::get(&core, &actor, &project, id).await?.account;
    Ok(issued(&core, account, &secret))
}

/// Changes an account.
#[server]
pub async fn update_account(
    slug: String,
    id: String,
    #[server(flatten)] settings: SettingsForm,
) -> Result<(), AppError> {
    let (core, actor, project, settings) = (core()?, actor().await?, self::slug(&slug)?, settings.parse()?);
    service_accounts::update(&core, &actor, &project, self::id(&id)?, settings).await?;
    done(&format!("/p/{slug}/service-accounts/{id}"), "saved");
    Ok(())
}

/// Switches an account on (`on`) or off; `confirm` is its label when it is switched off.
#[server]
pub async fn switch_account(slug: String, id: String, to: String, confirm: Option<String>) -> Result<(), AppError> {
    let (core, actor, project, on) = (core()?, actor().await?, self::slug(&slug)?, to == "on");
    let of = self::id(&id)?;
    if !on {
        let account = service_accounts::get(&core, &actor, &project, of).await?.account;
        confirmed(&confirm.unwrap_or_default(), &account.label)?;
    }
    service_accounts::set_enabled(&core, &actor, &project, of, on).await?;
    let code = if on { "account-enabled" } else { "account-disabled" };
    done(&format!("/p/{slug}/service-accounts/{id}"), code);
    Ok(())
}

/// Issues a second secret; it is shown this once. `password` when it was typed long ago.
#[server]
pub async fn issue_secret(slug: String, id: String, password: Option<String>) -> Result<Issued, AppError> {
    let (core, actor, project, id) = (core()?, actor_with(password).await?, self::slug(&slug)?, self::id(&id)?);
    let secret = service_accounts::issue_secret(&core, &actor, &project, id).await?;
    let account = service_accounts::get(&core, &actor, &project, id).await?.account;
    Ok(issued(&core, account, &secret))
}

/// Revokes the secret `id` of `account`.
#[server]
pub async fn revoke_secret(slug: String, account: String, id: String, confirm: String) -> Result<(), AppError> {
    let (core, actor, project) = (core()?, actor().await?, self::slug(&slug)?);
    let (of, id) = (self::id(&account)?, self::id(&id)?);
    let secrets = service_accounts::get(&core, &actor, &project, of).await?.secrets;
    let secret = secrets.iter().find(|secret| secret.id == id).ok_or(AppError::NotFound)?;
    confirmed(&confirm, &secret.hint)?;
    service_accounts::revoke_secret(&core, &actor, &project, of, id).await?;
    done(&format!("/p/{slug}/service-accounts/{account}"), "secret-revoked");
    Ok(())
}

/// Removes an account for good.
#[server]
pub async fn remove_account(slug: String, id: String, confirm: String) -> Result<(), AppError> {
    let (core, actor, project, id) = (core()?, actor().await?, self::slug(&slug)?, self::id(&id)?);
    let account = service_accounts::get(&core, &actor, &project, id).await?.account;
    confirmed(&confirm, &account.label)?;
    service_accounts::remove(&core, &actor, &project, id).await?;
    done(&format!("/p/{slug}/service-accounts"), "account-removed");
    Ok(())
}

#[cfg(feature = "ssr")]
fn issued(core: &relay_core::Core, account: ServiceAccount, secret: &relay_core::IssuedSecret) -> Issued {
    Issued {
        id: account.id,
        sender: sender_of(&account),
        label: account.label,
        username: account.username,
        secret: secret.reveal().to_owned(),
        access: service_accounts::client_access(core),
    }
}

/// As whom an account's client lines send: its default sender, or the one address it is limited to.
pub fn sender_of(account: &ServiceAccount) -> Option<EmailAddress> {
    account.default_sender.clone().or_else(|| match &account.allowed_senders {
        AllowedSenders::Only(patterns) => patterns
            .iter()
            .map(ToString::to_string)
            .find(|p| !p.contains('*'))
            .and_then(|p| EmailAddress::parse(&p).ok()),
        AllowedSenders::All => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> SettingsForm {
        SettingsForm { label: " web ".to_owned(), allowed_senders: "all".to_owned(), ..SettingsForm::default() }
    }

    #[test]
    fn an_empty_form_limits_nothing() {
        let settings = form().parse().expect("settings");
        assert_eq!((settings.label.as_str(), settings.allowed_senders), ("web", AllowedSenders::All));
        assert!(settings.allowed_cidrs.is_empty() && settings.expires_at.is_none() && !settings.may_notify);
        assert_eq!(settings.limits, Limits::default());
    }

    #[test]
    fn each_error_stands_at_its_field() {
        for (form, field) in [
            (SettingsForm { allowed_senders: "only".to_owned(), ..form() }, "patterns"),
            (SettingsForm { patterns: "a@b".to_owned(), ..form() }, "patterns"),
            (SettingsForm { default_sender: "nobody".to_owned(), ..form() }, "default_sender"),
            (SettingsForm { allowed_cidrs: "10.0.0.1/8".to_owned(), ..form() }, "allowed_cidrs"),
            (SettingsForm { expires_at: "soon".to_owned(), ..form() }, "expires_at"),
            (SettingsForm { limit_per_day: "many".to_owned(), ..form() }, "limit_per_day"),
        ] {
            let error = form.parse().expect_err(field);
            assert_eq!(error.field(), Some(field));
        }
    }
}
