//! `GET /events`: a stream of "something changed here" for pages that are open (server-sent events).
//!
//! `?project=SLUG` listens to a project, with `&message=ID` also to one message; without a project to the platform.
//! An event `changed` says topics, never content; its id is where the stream has come to, so a browser that was cut off
//! resumes by `Last-Event-ID` (or `&after=` when the page opens anew). Who listens is judged by the use cases, again
//! before every event, when anybody's access changes, and every 30 seconds; a stream that may go on no longer ends with
//! `ended`. All streams end when the process drains.

mod places;

use crate::downloads::Refused;
use app::ssr::USER;
use axum::{
    Extension, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::get,
};
use futures_util::{Stream, stream::unfold};
use places::{Place, Places};
use relay_core::{
    Actor, Core, Error,
    changes::{self, Listener, News},
    sessions, sign_in,
};
use relay_types::{message::MessageId, project::Slug, user::UserId};
use serde::Deserialize;
use std::{convert::Infallible, net::IpAddr, time::Duration};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tower_sessions::Session;

/// Who listens is judged anew at least this often.
const JUDGED: Duration = Duration::from_secs(30);
/// Proxies and browsers see at least this often that the stream is alive.
const ALIVE: Duration = Duration::from_secs(15);
/// A browser that was cut off comes back after this.
const RETRY: Duration = Duration::from_secs(2);

/// What the route needs.
#[derive(Clone)]
struct Events {
    core: Core,
    /// Cancelled when the process drains.
    stop: CancellationToken,
    places: Places,
}

/// The route.
pub fn routes(core: Core, stop: CancellationToken) -> Router {
    Router::new().route("/events", get(listen)).with_state(Events { core, stop, places: Places::default() })
}

/// What is listened to.
#[derive(Deserialize)]
struct Asked {
    project: Option<String>,
    message: Option<String>,
    after: Option<String>,
}

async fn listen(
    State(events): State<Events>,
    session: Session,
    client: Option<Extension<IpAddr>>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Refused> {
    let user = session.get::<UserId>(USER).await.map_err(|_| Refused(StatusCode::SERVICE_UNAVAILABLE))?;
    let id = session.id().filter(|_| user.is_some());
    let door = Door { session: id.map(|id| id.to_string()), client: client.map(|Extension(client)| client) };
    let actor = door.actor(&events.core).await?;
    let project: Option<Slug> = asked.project.as_deref().map(place).transpose()?;
    let message: Option<MessageId> = asked.message.as_deref().map(place).transpose()?;
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let after = last.or(asked.after.as_deref());
    let listener = changes::listen(&events.core, &actor, project.as_ref(), message, after).await?;
    let Some(place) = actor.user_id().ok().and_then(|user| events.places.take(user)) else {
        return Ok(StatusCode::TOO_MANY_REQUESTS.into_response());
    };
    let stream = Told { events, door, listener, judged: Instant::now(), begun: false, ended: false, _place: place };
    // `no` keeps nginx from gathering the stream before it passes it on.
    let headers = [("x-accel-buffering", "no"), ("cache-control", "no-store")];
    Ok((headers, Sse::new(told(stream)).keep_alive(KeepAlive::new().interval(ALIVE))).into_response())
}

fn place<T: std::str::FromStr>(text: &str) -> Result<T, Refused> {
    text.parse().map_err(|_| Refused(StatusCode::NOT_FOUND))
}

/// By what somebody came in.
struct Door {
    session: Option<String>,
    client: Option<IpAddr>,
}

impl Door {
    /// Who it is now: nobody once the session has ended or the person is locked.
    async fn actor(&self, core: &Core) -> relay_core::Result<Actor> {
        let nobody = Actor::Anonymous { client: self.client };
        let Some(id) = &self.session else { return Ok(nobody) };
        match sessions::load(core, id).await?.and_then(|session| session.user_id) {
            Some(user) => sign_in::actor(core, user, self.client, None).await,
            None => Ok(nobody),
        }
    }
}

/// One stream.
struct Told {
    events: Events,
    door: Door,
    listener: Listener,
    judged: Instant,
    begun: bool,
    ended: bool,
    _place: Place,
}

fn told(stream: Told) -> impl Stream<Item = Result<Event, Infallible>> {
    unfold(stream, |mut stream| async move { stream.next().await.map(|event| (Ok(event), stream)) })
}

impl Told {
    /// The next event; none at the end.
    async fn next(&mut self) -> Option<Event> {
        if self.ended {
            return None;
        }
        if !self.begun {
            self.begun = true;
            return Some(Event::default().event("here").id(self.listener.place()).data("live").retry(RETRY));
        }
        loop {
            let news = tokio::select! {
                () = self.events.stop.cancelled() => return None,
                news = self.listener.next() => news,
                () = sleep_until(self.judged + JUDGED) => News::Access,
            };
            match self.judgement().await {
                Judgement::May => {}
                Judgement::MayNot => {
                    self.ended = true;
                    return Some(Event::default().event("ended").data("signed out"));
                }
                // The browser comes back and is judged then.
                Judgement::Unknown => return None,
            }
            if let News::Changed(topics) = news {
                let words: Vec<_> = topics.into_iter().map(relay_types::change::Topic::as_str).collect();
                return Some(Event::default().event("changed").id(self.listener.place()).data(words.join(" ")));
            }
        }
    }

    /// Judges anew.
    async fn judgement(&mut self) -> Judgement {
        self.judged = Instant::now();
        let judged = match self.door.actor(&self.events.core).await {
            Ok(actor) => self.listener.judge(&self.events.core, &actor).await,
            Err(error) => Err(error),
        };
        match judged {
            Ok(()) => Judgement::May,
            Err(Error::SignedOut | Error::Forbidden | Error::NotFound) => Judgement::MayNot,
            Err(error) => {
                tracing::warn!(%error, "a stream of events cannot be judged");
                Judgement::Unknown
            }
        }
    }
}

/// Whether a stream may go on.
enum Judgement {
    May,
    MayNot,
    /// The database does not answer.
    Unknown,
}
