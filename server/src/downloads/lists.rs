//! The lists of the portal as CSV: each by the use case of its page, so that who may see the page may download it, and
//! nobody else. Messages, refusals, suppressions and activity take the filters of the page; short lists are given whole.

mod reverse_dns;
mod rows;

use super::{Refused, actor, csv, place};
use app::api::{audit::ActivityQuery, messages::MessageQuery, refusals::RefusalQuery, suppressions::SuppressionQuery};
use axum::{
    Extension, Router,
    extract::{FromRequestParts, Path, Query},
    http::{StatusCode, request::Parts},
    response::Response,
    routing::get,
};
use relay_core::{
    Actor, Core, audit, domains, members, messages, networks, projects, queue, refusals, senders, service_accounts,
    suppressions, users,
};
use relay_types::{
    audit::AuditFilter, message::MessageFilter, page::PageSize, project::Slug, refusal::RefusalFilter,
    suppression::SuppressionFilter,
};
use std::{collections::HashMap, net::IpAddr};
use tower_sessions::Session;

/// The routes.
pub fn routes() -> Router<Core> {
    Router::new()
        .route("/p/{project}/messages.csv", get(of_messages))
        .route("/p/{project}/refusals.csv", get(of_refusals))
        .route("/p/{project}/activity.csv", get(of_activity))
        .route("/p/{project}/service-accounts.csv", get(of_service_accounts))
        .route("/p/{project}/senders.csv", get(of_senders))
        .route("/p/{project}/networks.csv", get(of_networks))
        .route("/p/{project}/suppressions.csv", get(of_suppressions))
        .route("/p/{project}/members.csv", get(of_members))
        .route("/admin/projects.csv", get(all_projects))
        .route("/admin/users.csv", get(all_users))
        .route("/admin/queue.csv", get(the_queue))
        .route("/admin/refusals.csv", get(unassigned_refusals))
        .route("/admin/activity.csv", get(all_activity))
        .merge(reverse_dns::routes())
}

/// Who asks, for which project, and the query string.
struct Asked {
    core: Core,
    actor: Actor,
    project: Option<Slug>,
    query: HashMap<String, String>,
}

impl FromRequestParts<Core> for Asked {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, core: &Core) -> Result<Self, Refused> {
        let unread = |_| Refused(StatusCode::BAD_REQUEST);
        let session = Session::from_request_parts(parts, core).await;
        let session = session.map_err(|_| Refused(StatusCode::SERVICE_UNAVAILABLE))?;
        let client = parts.extensions.get::<IpAddr>().copied().map(Extension);
        let actor = actor(core, &session, client).await?;
        let names = Path::<HashMap<String, String>>::from_request_parts(parts, core).await;
        let names = names.map_err(|_| Refused(StatusCode::BAD_REQUEST))?;
        let project = names.get("project").map(|text| place(text)).transpose()?;
        let Query(query) = Query::from_request_parts(parts, core).await.map_err(unread)?;
        Ok(Self { core: core.clone(), actor, project, query })
    }
}

impl Asked {
    /// The project of the path; a path without one has no such list.
    fn project(&self) -> Result<Slug, Refused> {
        self.project.clone().ok_or(Refused(StatusCode::NOT_FOUND))
    }

    /// A parameter of the page's URL.
    fn get(&self, name: &str) -> Option<String> {
        self.query.get(name).cloned()
    }

    /// What the file is called: whose list, of what, of which day.
    fn name(&self, noun: &str) -> String {
        let of = self.project.as_ref().map_or("relaykeep", Slug::as_str);
        format!("{of}-{noun}-{}.csv", self.core.now().utc().date())
    }
}

async fn of_messages(asked: Asked) -> Result<Response, Refused> {
    let (project, name) = (asked.project()?, asked.name("messages"));
    let filter = MessageQuery::read(|name| asked.get(name)).filter(asked.core.now());
    let fetch = move |after| {
        let (core, actor, project) = (asked.core.clone(), asked.actor.clone(), project.clone());
        let filter = MessageFilter { after, size: PageSize::Download, ..filter.clone() };
        async move { messages::list(&core, &actor, &project, &filter).await }
    };
    csv::answer(&name, rows::MESSAGE, fetch, rows::message).await
}

async fn of_refusals(asked: Asked) -> Result<Response, Refused> {
    let (project, name) = (asked.project()?, asked.name("refusals"));
    let filter = RefusalQuery::read(|name| asked.get(name)).filter();
    let fetch = move |after| {
        let (core, actor, project) = (asked.core.clone(), asked.actor.clone(), project.clone());
        let filter = RefusalFilter { after, size: PageSize::Download, ..filter.clone() };
        async move { refusals::list(&core, &actor, &project, &filter).await }
    };
    csv::answer(&name, rows::REFUSAL, fetch, rows::refusal).await
}

async fn unassigned_refusals(asked: Asked) -> Result<Response, Refused> {
    let name = asked.name("refusals");
    let filter = RefusalQuery::read(|name| asked.get(name)).filter();
    let fetch = move |after| {
        let (core, actor) = (asked.core.clone(), asked.actor.clone());
        let filter = RefusalFilter { after, size: PageSize::Download, ..filter.clone() };
        async move { refusals::list_unassigned(&core, &actor, &filter).await }
    };
    csv::answer(&name, rows::REFUSAL, fetch, rows::refusal).await
}

async fn of_activity(asked: Asked) -> Result<Response, Refused> {
    let (project, name) = (asked.project()?, asked.name("activity"));
    let filter = ActivityQuery::read(|name| asked.get(name)).filter(asked.core.now());
    let fetch = move |after| {
        let (core, actor, project) = (asked.core.clone(), asked.actor.clone(), project.clone());
        let filter = AuditFilter { after, size: PageSize::Download, ..filter.clone() };
        async move { audit::list(&core, &actor, &project, &filter).await }
    };
    csv::answer(&name, rows::ENTRY, fetch, rows::entry).await
}

async fn all_activity(asked: Asked) -> Result<Response, Refused> {
    let name = asked.name("activity");
    let filter = ActivityQuery::read(|name| asked.get(name)).filter(asked.core.now());
    let fetch = move |after| {
        let (core, actor) = (asked.core.clone(), asked.actor.clone());
        let filter = AuditFilter { after, size: PageSize::Download, ..filter.clone() };
        async move { audit::list_all(&core, &actor, &filter).await }
    };
    csv::answer(&name, rows::ENTRY, fetch, rows::entry).await
}

async fn of_service_accounts(asked: Asked) -> Result<Response, Refused> {
    let all = service_accounts::list(&asked.core, &asked.actor, &asked.project()?).await?;
    Ok(csv::whole(&asked.name("service-accounts"), rows::ACCOUNT, all, rows::account))
}

async fn of_senders(asked: Asked) -> Result<Response, Refused> {
    let project = asked.project()?;
    let domains = domains::list(&asked.core, &asked.actor, &project).await?;
    let senders = senders::list(&asked.core, &asked.actor, &project).await?;
    let all = domains.into_iter().map(rows::SenderRow::Domain).chain(senders.into_iter().map(rows::SenderRow::Address));
    Ok(csv::whole(&asked.name("senders"), rows::SENDER, all, rows::sender))
}

async fn of_networks(asked: Asked) -> Result<Response, Refused> {
    let all = networks::list(&asked.core, &asked.actor, &asked.project()?).await?;
    Ok(csv::whole(&asked.name("networks"), rows::NETWORK, all, rows::network))
}

async fn of_suppressions(asked: Asked) -> Result<Response, Refused> {
    let (project, name) = (asked.project()?, asked.name("suppressions"));
    let filter = SuppressionQuery::read(|name| asked.get(name)).filter();
    let fetch = move |after| {
        let (core, actor, project) = (asked.core.clone(), asked.actor.clone(), project.clone());
        let filter = SuppressionFilter { after, size: PageSize::Download, ..filter.clone() };
        async move { suppressions::list(&core, &actor, &project, &filter).await }
    };
    csv::answer(&name, rows::SUPPRESSION, fetch, rows::suppression).await
}

async fn of_members(asked: Asked) -> Result<Response, Refused> {
    let (members, invited) = members::list(&asked.core, &asked.actor, &asked.project()?).await?;
    let now = asked.core.now();
    let invited = invited.into_iter().map(|one| rows::MemberRow::Invited { ended: one.expires_at <= now, one });
    let all = members.into_iter().map(rows::MemberRow::Member).chain(invited);
    Ok(csv::whole(&asked.name("members"), rows::MEMBER, all, rows::member))
}

async fn all_projects(asked: Asked) -> Result<Response, Refused> {
    let all = projects::list(&asked.core, &asked.actor).await?;
    Ok(csv::whole(&asked.name("projects"), rows::PROJECT, all, rows::project))
}

async fn all_users(asked: Asked) -> Result<Response, Refused> {
    let all = users::list(&asked.core, &asked.actor).await?;
    Ok(csv::whole(&asked.name("users"), rows::USER, all, rows::user))
}

async fn the_queue(asked: Asked) -> Result<Response, Refused> {
    let (_, all) = queue::destinations(&asked.core, &asked.actor).await?;
    Ok(csv::whole(&asked.name("queue"), rows::DESTINATION, all, rows::destination))
}
