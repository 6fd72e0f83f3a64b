//! The first run: someone who reads the terminal makes the first operator and project.

use super::{came_in, hash_new, insert};
use crate::{
    Actor, Core, Error, Result, audit,
    audit::field,
    members, projects,
    tables::{
        setting,
        user::{Column, Entity},
    },
    throttle::{self, SIGN_IN_CLIENT},
};
use relay_types::{
    EmailAddress,
    id::{ALPHABET, read_typed},
    member::Role,
    project::Slug,
    user::UserId,
};
use sea_orm::{ActiveValue::Set, EntityTrait, QuerySelect};
use std::net::IpAddr;
use subtle::ConstantTimeEq;
use uuid::Uuid;
use zeroize::Zeroizing;

/// What the first-run page asks for.
pub struct Setup {
    /// Printed on the terminal at start; proves that the person is the machine's administrator.
    pub code: String,
    /// The operator's address.
    pub email: String,
    /// The operator's name; may be empty.
    pub name: String,
    /// The operator's password, 12 characters at least.
    pub password: Zeroizing<String>,
    /// Name of the first project.
    pub project_name: String,
    /// Its slug.
    pub project_slug: String,
}

/// Whether no user exists, so that the first-run page is open.
pub async fn setup_needed(core: &Core) -> Result<bool> {
    let one: Option<Uuid> = Entity::find().select_only().column(Column::Id).into_tuple().one(core.db.read()).await?;
    Ok(one.is_none())
}

/// The code the first-run page asks for, as `XXXX-XXXX`: 40 bits derived from the sealing key, so that it is the same
/// on every node and after a restart.
pub fn setup_code(core: &Core) -> String {
    let signature = core.sealing.sign("setup", b"first operator");
    let letter = |octet: &u8| char::from(ALPHABET[usize::from(octet & 31)]);
    let letters: String = signature[..8].iter().map(letter).collect();
    format!("{}-{}", &letters[..4], &letters[4..])
}

/// Makes the first operator and project (live, not in the sandbox, owned by the operator), once; a `Conflict` when a
/// user exists. Fields: those of [`Setup`]. Wrong codes are throttled.
pub async fn set_up(core: &Core, client: Option<IpAddr>, setup: Setup) -> Result<(UserId, Slug)> {
    let done = || Error::conflict("Relaykeep is set up already; sign in instead");
    if !setup_needed(core).await? {
        return Err(done());
    }
    judge_code(core, client, &setup.code).await?;
    let email = EmailAddress::parse(setup.email.trim()).map_err(|why| Error::invalid("email", why.to_string()))?;
    let slug = Slug::parse(setup.project_slug.trim()).map_err(|why| Error::invalid("project_slug", why.to_string()))?;
    let hash = hash_new(core, "password", setup.password, &email).await?;

    let transaction = core.db.begin().await?;
    // The primary key lets one of two who arrive together pass.
    let row = setting::ActiveModel {
        name: Set("set_up".to_owned()),
        value: Set(email.to_string()),
        updated_at: Set(core.now().0),
    };
    let inserted = setting::Entity::insert(row).exec_without_returning(&transaction).await;
    inserted.map_err(|error| projects::error_of_insert(error, done))?;
    let one: Option<Uuid> = Entity::find().select_only().column(Column::Id).into_tuple().one(&transaction).await?;
    if one.is_some() {
        return Err(done());
    }
    let id = insert(core, &transaction, &email, &setup.name, Some(hash), true).await?;
    came_in(core, &transaction, id).await?;
    let actor = Actor::User { id, email: email.clone(), operator: true, desk: false, client, password_at: None };
    let changes = vec![field("operator", None::<bool>, Some(true))];
    audit::record(core, &transaction, &actor, None, "user.set_up", &email.to_string(), changes).await?;
    let project = projects::insert(core, &transaction, &actor, &setup.project_name, &slug, false).await;
    let project = project.map_err(of_project)?;
    members::insert(core, &transaction, &actor, project, id, &email, Role::Owner).await?;
    transaction.commit().await?;
    Ok((id, slug))
}

/// The project's fields as this form names them.
fn of_project(error: Error) -> Error {
    match error {
        Error::Invalid { field: "name", reason } => Error::Invalid { field: "project_name", reason },
        Error::Invalid { field: "slug", reason } => Error::Invalid { field: "project_slug", reason },
        other => other,
    }
}

/// Compares in constant time; forgives case, spaces, hyphens and look-alikes.
async fn judge_code(core: &Core, client: Option<IpAddr>, typed: &str) -> Result<()> {
    let guesses = SIGN_IN_CLIENT.key(core, &format!("setup {}", client.map(throttle::key_of).unwrap_or_default()));
    if let Some(seconds) = guesses.attempt(core).await? {
        return Err(Error::TooMany { seconds });
    }
    if bool::from(read_typed(typed).as_bytes().ct_eq(read_typed(&setup_code(core)).as_bytes())) {
        return guesses.forgive(core).await;
    }
    Err(Error::invalid("code", "This is not the code that was printed on the terminal when Relaykeep started"))
}
