//! The route of a project: where its mail goes next.

use crate::{api::settings::SaveRoute, components::prelude::*};
use leptos::prelude::*;
use relay_types::route::{Route, RouteKind, Smarthost, SmarthostTls};

/// The route, as a form for owners.
#[component]
pub fn RouteCard(
    /// The project's route.
    route: Route,
    /// What it follows unless it has its own.
    platform_route: RouteKind,
    /// May change it.
    administer: bool,
) -> impl IntoView {
    let slug = use_slug().get_untracked();
    let captures = platform_route == RouteKind::Capture;
    let captured = (format!("/p/{slug}/captured"), "Captured mail");
    view! {
        <Card title="Route" note=summary(&route)>
            {captures
                .then(|| {
                    view! { <Notice tone=Tone::Info title=words::CAPTURES_TITLE link=captured>{words::CAPTURES}</Notice> }
                })}
            {if administer {
                view! { <RouteForm route platform_route/> }.into_any()
            } else {
                view! { <p>{explanation(&route)}</p> }.into_any()
            }}
        </Card>
    }
}

#[component]
fn RouteForm(route: Route, platform_route: RouteKind) -> impl IntoView {
    let form = use_form::<SaveRoute>();
    let platform = match platform_route {
        RouteKind::Mx => "As the platform: to mail exchangers",
        RouteKind::Smarthost => "As the platform: through its smarthost",
        RouteKind::Capture => "As the platform: captured",
    };
    let options = vec![
        ("platform", platform, words::PLATFORM),
        ("mx", "To mail exchangers", words::MX),
        ("smarthost", "Through a smarthost of your own", words::SMARTHOST),
        ("capture", "Captured", words::CAPTURE),
    ];
    let kind = match &route {
        Route::Platform(_) => "platform",
        Route::Mx => "mx",
        Route::Smarthost(_) => "smarthost",
        Route::Capture => "capture",
    };
    let smarthost = match route {
        Route::Smarthost(smarthost) => Some(smarthost),
        _ => None,
    };
    view! {
        <PostForm form>
            <HiddenSlug/>
            <RadioField name="kind" label="Where this project's mail goes" value=kind options/>
            <SmarthostFields smarthost/>
            <Submit kind="">"Save route"</Submit>
        </PostForm>
    }
}

/// Seen while the smarthost is chosen; the style sheet sees to that, so it holds without JavaScript.
#[component]
fn SmarthostFields(smarthost: Option<Smarthost>) -> impl IntoView {
    let kept = smarthost.as_ref().is_some_and(|smarthost| smarthost.username.is_some());
    let Smarthost { host, port, tls, username } =
        smarthost.unwrap_or(Smarthost { host: String::new(), port: 587, tls: SmarthostTls::Starttls, username: None });
    let modes = SmarthostTls::ALL.map(|mode| (mode.as_str().to_owned(), tls_words(mode).to_owned())).to_vec();
    view! {
        <div class="form only-smarthost">
            <TextField name="host" label="Host" hint="Such as smtp.example.org." mono=true required=false value=host/>
            <TextField
                name="port"
                label="Port"
                hint="Usually 587 with STARTTLS, 465 with TLS from the first byte."
                mono=true
                required=false
                value=port.to_string()
            />
            <SelectField name="tls" label="TLS" value=tls.as_str() options=modes/>
            <TextField
                name="username"
                label="User name"
                hint="Empty: it takes mail from this relay without a password."
                mono=true
                required=false
                value=username.unwrap_or_default()
            />
            <TextField
                name="password"
                label="Password"
                hint=if kept { words::KEPT } else { words::PASSWORD }
                kind="password"
                autocomplete="new-password"
                required=false
            />
        </div>
    }
}

fn summary(route: &Route) -> &'static str {
    match route {
        Route::Platform(_) => "follows the platform",
        Route::Mx => "mail exchangers",
        Route::Smarthost(_) => "smarthost",
        Route::Capture => "captured",
    }
}

fn explanation(route: &Route) -> String {
    match route {
        Route::Platform(RouteKind::Mx) | Route::Mx => words::MX.to_owned(),
        Route::Platform(RouteKind::Smarthost) => "Mail goes through the platform's smarthost.".to_owned(),
        Route::Platform(RouteKind::Capture) | Route::Capture => words::CAPTURE.to_owned(),
        Route::Smarthost(smarthost) => {
            format!("Mail goes through {}, port {} ({}).", smarthost.host, smarthost.port, tls_words(smarthost.tls))
        }
    }
}

fn tls_words(tls: SmarthostTls) -> &'static str {
    match tls {
        SmarthostTls::Starttls => "STARTTLS, certificate checked",
        SmarthostTls::Implicit => "TLS from the first byte, certificate checked",
        SmarthostTls::Require => "STARTTLS always, certificate not checked",
        SmarthostTls::Opportunistic => "STARTTLS if offered, certificate not checked",
    }
}

mod words {
    pub const CAPTURES_TITLE: &str = "The platform captures all mail.";
    pub const CAPTURES: &str = "Nothing leaves this machine, whatever is chosen here; the choice holds as soon as the \
        platform delivers.";
    pub const PLATFORM: &str = "Changes when the operator changes it.";
    pub const MX: &str = "Straight to each recipient's domain, as its MX records say.";
    pub const SMARTHOST: &str = "Everything to one host, which carries it further.";
    pub const CAPTURE: &str = "Kept and shown in the portal; nothing is delivered.";
    pub const PASSWORD: &str = "Only sent over TLS with a checked certificate. Kept sealed, never shown.";
    pub const KEPT: &str = "Empty: the one that is kept stays.";
}
