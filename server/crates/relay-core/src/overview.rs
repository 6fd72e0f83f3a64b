//! Numbers over time and the steps to the first message.

use crate::{Actor, Core, Result};
use relay_types::{
    overview::{Overview, Period},
    project::Slug,
};

/// A project's overview. Any member.
pub async fn get(core: &Core, actor: &Actor, project: &Slug, period: Period) -> Result<Overview> {
    todo!()
}
