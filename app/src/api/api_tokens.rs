//! Tokens of the HTTP API.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::api_token::ApiToken;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::{
    api::{id, slug},
    components::dialog::confirmed,
    ssr::{actor, actor_with, core, done},
    typed,
};
#[cfg(feature = "ssr")]
use relay_core::api_tokens;
#[cfg(feature = "ssr")]
use relay_types::api_token::ApiScope;

/// A token on its one way to the person who asked for it. It has no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub struct IssuedToken {
    /// What it is for.
    pub label: String,
    /// The token.
    pub token: String,
    /// Base of the API's addresses.
    pub base: String,
}

/// All tokens of a project.
#[server]
pub async fn load_api_tokens(slug: String) -> Result<Vec<ApiToken>, AppError> {
    Ok(api_tokens::list(&core()?, &actor().await?, &self::slug(&slug)?).await?)
}

/// Issues a token, which is shown this once; `password` when it was typed long ago.
#[server]
pub async fn issue_api_token(
    slug: String,
    label: String,
    scope: Option<String>,
    #[server(default)] expires_at: String,
    password: Option<String>,
) -> Result<IssuedToken, AppError> {
    let (core, project) = (core()?, self::slug(&slug)?);
    let scopes: Vec<ApiScope> = scope.as_deref().and_then(ApiScope::parse).into_iter().collect();
    let until = typed::end_of_day("expires_at", &expires_at)?;
    let actor = actor_with(password).await?;
    let (_, token) = api_tokens::issue(&core, &actor, &project, &label, &scopes, until).await?;
    let base = format!("{}/api/v1", core.config().public_url.trim_end_matches('/'));
    Ok(IssuedToken { label, token: token.reveal().to_owned(), base })
}

/// Ends a token; `confirm` is its label.
#[server]
pub async fn revoke_api_token(slug: String, id: String, confirm: String) -> Result<(), AppError> {
    let (core, actor, project) = (core()?, actor().await?, self::slug(&slug)?);
    let all = api_tokens::list(&core, &actor, &project).await?;
    let id = self::id(&id)?;
    let token = all.iter().find(|token| token.id == id).ok_or(AppError::NotFound)?;
    confirmed(&confirm, &token.label)?;
    api_tokens::revoke(&core, &actor, &project, id).await?;
    done(&format!("/p/{slug}/api-tokens"), "token-revoked");
    Ok(())
}
