//! Which way a recipient's mail goes: project's route, else the platform's.

use crate::{
    Core, Result,
    config::{PlatformRoute, SmarthostAccess},
    projects,
    rules::Remembered,
};
use relay_types::{DomainName, project::ProjectId};

/// Routes of projects that were read a short time ago; `None` follows the platform.
pub(crate) type ProjectRoutes = Remembered<ProjectId, Option<PlatformRoute>>;

/// The way for one recipient domain.
#[derive(Debug, Clone)]
pub enum Way {
    /// To the domain's mail exchangers.
    Mx(DomainName),
    /// To this host.
    Smarthost(SmarthostAccess),
    /// Captured.
    Capture,
    /// To a simulated recipient.
    Simulator,
}

/// The way for mail of `project` (none: of the platform) to `domain`, as settings are now. While the platform captures, everything is
/// captured; but mail to simulated recipients is simulated, whatever the route is.
pub async fn way(core: &Core, project: Option<ProjectId>, domain: &DomainName) -> Result<Way> {
    if domain == &core.config.simulator_domain {
        return Ok(Way::Simulator);
    }
    let platform = &core.config().route;
    let own = match (platform, project) {
        (PlatformRoute::Capture, _) | (_, None) => None,
        (_, Some(project)) => {
            core.project_routes.get_or(core, project, |_| true, projects::route(core, project)).await?
        }
    };
    Ok(match own.as_ref().unwrap_or(platform) {
        PlatformRoute::Mx => Way::Mx(domain.clone()),
        PlatformRoute::Smarthost(access) => Way::Smarthost(access.clone()),
        PlatformRoute::Capture => Way::Capture,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Actor, test_support::Test};
    use relay_types::route::{RouteChange, SmarthostTls};

    fn smarthost(host: &str) -> SmarthostAccess {
        let (host, tls) = (host.to_owned(), SmarthostTls::Starttls);
        SmarthostAccess { host, port: 587, tls, credentials: None, others_only: false }
    }

    async fn words(test: &Test, project: Option<ProjectId>) -> String {
        let domain = DomainName::parse("there.example").expect("a name");
        match way(&test.core, project, &domain).await.expect("a way") {
            Way::Mx(domain) => format!("mx of {domain}"),
            Way::Smarthost(access) => {
                let user = access.credentials.map(|(user, password)| format!(" as {user} with {}", &*password));
                format!("{}:{}{}", access.host, access.port, user.unwrap_or_default())
            }
            Way::Capture => "captured".to_owned(),
            Way::Simulator => "simulated".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_projects_route_goes_before_the_platforms_unless_that_captures() {
        let own = || RouteChange::Smarthost {
            host: "own.example".to_owned(),
            port: 465,
            tls: SmarthostTls::Implicit,
            username: Some("user".to_owned()),
            password: Some("secret".to_owned()),
        };
        let at_own = "own.example:465 as user with secret";
        for (platform, words_of_platform, captures) in [
            (PlatformRoute::Mx, "mx of there.example", false),
            (PlatformRoute::Smarthost(smarthost("all.example")), "all.example:587", false),
            (PlatformRoute::Capture, "captured", true),
        ] {
            let test = Test::with(|config| config.route = platform.clone()).await;
            let (id, project) = test.project("lab").await;
            let or = |words: &'static str| if captures { "captured" } else { words };
            assert_eq!(words(&test, None).await, words_of_platform);
            for (change, expected) in [
                (RouteChange::Platform, words_of_platform),
                (RouteChange::Mx, or("mx of there.example")),
                (RouteChange::Capture, or("captured")),
                (own(), or(at_own)),
            ] {
                // A platform that captures may refuse the change; what counts is where mail goes.
                let _ = projects::set_route(&test.core, &Actor::System, &project, change).await;
                assert_eq!(words(&test, Some(id)).await, expected);
            }
        }
    }
}
