//! What stands around every page.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::{project::ProjectFrame, user::Me};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::{
    api::slug,
    ssr::{actor, core},
};

/// The person and the project of a project page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Console {
    /// Who is signed in.
    pub me: Me,
    /// The project, with the counts beside the places.
    pub frame: ProjectFrame,
}

/// The frame of a project's pages.
#[server]
pub async fn load_console(slug: String) -> Result<Console, AppError> {
    let (core, actor) = (core()?, actor().await?);
    let frame = relay_core::projects::frame(&core, &actor, &self::slug(&slug)?).await?;
    Ok(Console { me: relay_core::users::me(&core, &actor).await?, frame })
}

/// Who is signed in.
#[server]
pub async fn load_me() -> Result<Me, AppError> {
    Ok(relay_core::users::me(&core()?, &actor().await?).await?)
}
