//! Live pages: the server says "something changed here" (`server/src/events.rs`), and the page reads its data again.
//!
//! A console opens one stream, and only while its page is live and can be seen: a browser has few connections to one
//! host. A page is read again at most once a second (the queue less often), under the query it has, and not while the
//! person is in a field, a dialog or a row of a table: nothing moves under their hands. Without JavaScript nothing of
//! this happens.

mod stream;

use crate::components::status::{Status, Tone};
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use relay_types::change::Topic;
use std::time::Duration;
use stream::{Heard, Stream};

/// A page is read again at most this often.
const APART: Duration = Duration::from_secs(1);
/// The queue of all projects at most this often: it is counted anew each time.
const QUEUE_APART: Duration = Duration::from_secs(3);
/// While the person is busy with the page, it is looked at again after this.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// After a stream was refused, the first of the growing waits.
const AGAIN: Duration = Duration::from_secs(5);

/// How the stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not open yet, or not asked for.
    Silent,
    Live,
    Reconnecting,
    /// The person may not listen any more.
    Ended,
}

/// What a console knows of its stream.
#[derive(Clone, Copy)]
struct Live {
    state: RwSignal<State>,
    /// How often each topic was heard, in the order of `Topic::ALL`.
    heard: RwSignal<[u32; Topic::ALL.len()]>,
    /// Live parts of the page that is open.
    users: RwSignal<u32>,
    /// A change waits until the person is done.
    paused: RwSignal<bool>,
    /// Rung to open the stream anew.
    again: RwSignal<u32>,
    /// How often in a row it was refused.
    refused: StoredValue<u32>,
    /// The address of the last stream and where it had come to.
    place: StoredValue<Option<(String, String)>>,
}

/// Makes the pages below live: of a project, or of the platform.
pub fn provide_live(project: Option<String>) {
    let live = Live {
        state: RwSignal::new(State::Silent),
        heard: RwSignal::new([0; Topic::ALL.len()]),
        users: RwSignal::new(0),
        paused: RwSignal::new(false),
        again: RwSignal::new(0),
        refused: StoredValue::new(0),
        place: StoredValue::new(None),
    };
    provide_context(live);
    let visible = RwSignal::new(true);
    Effect::new(move || {
        let look = move || {
            visible.try_set(!document().hidden());
        };
        look();
        let handle = window_event_listener_untyped("visibilitychange", move |_| look());
        on_cleanup(move || handle.remove());
    });
    let path = use_location().pathname;
    let wanted = Memo::new(move |_| {
        let open = live.users.get() > 0 && visible.get() && live.state.get() != State::Ended;
        open.then(|| path.with(|path| address(project.as_deref(), path)))
    });
    Effect::new(move |before: Option<Option<Stream>>| {
        // This closes it.
        drop(before);
        live.again.track();
        wanted.get().and_then(|address| live.open(address))
    });
}

/// The stream for a page.
fn address(project: Option<&str>, path: &str) -> String {
    let Some(project) = project else { return "/events".to_owned() };
    let message = path.split("/messages/").nth(1).filter(|id| id.chars().all(|c| c.is_ascii_alphanumeric()));
    match message {
        Some(id) if !id.is_empty() => format!("/events?project={project}&message={id}"),
        _ => format!("/events?project={project}"),
    }
}

impl Live {
    fn open(self, address: String) -> Option<Stream> {
        let place = self.place.get_value().filter(|(of, _)| *of == address).map(|(_, place)| place);
        let mut catch_up = place.is_none();
        let sign = if address.contains('?') { '&' } else { '?' };
        let url = place.map_or_else(|| address.clone(), |place| format!("{address}{sign}after={place}"));
        Stream::open(&url, move |heard| match heard {
            Heard::Here(place) => {
                self.place.try_set_value(Some((address.clone(), place)));
                self.state.try_set(State::Live);
                self.refused.try_set_value(0);
                // The page was made before the stream was open.
                if std::mem::take(&mut catch_up) {
                    self.note(Topic::ALL);
                }
            }
            Heard::Changed(topics, place) => {
                self.place.try_set_value(Some((address.clone(), place)));
                self.note(topics);
            }
            Heard::Lost => {
                self.state.try_set(State::Reconnecting);
            }
            Heard::Refused => {
                self.state.try_set(State::Reconnecting);
                self.try_again();
            }
            Heard::Ended => {
                self.state.try_set(State::Ended);
            }
        })
    }

    fn note(self, topics: impl IntoIterator<Item = Topic>) {
        self.heard.try_update(|heard| {
            for topic in topics {
                heard[place_of(topic)] += 1;
            }
        });
    }

    /// Opens the stream anew after a wait that grows to a minute or so.
    fn try_again(self) {
        let times = self.refused.try_get_value().unwrap_or_default();
        self.refused.try_set_value(times + 1);
        let again = move || {
            self.again.try_update(|again| *again += 1);
        };
        set_timeout(again, AGAIN * 2_u32.pow(times.min(4)));
    }
}

fn place_of(topic: Topic) -> usize {
    Topic::ALL.iter().position(|one| *one == topic).unwrap_or_default()
}

/// Reads the page's data again when one of `topics` has changed: `use_live(&[Topic::Messages], move || data.refetch())`.
pub fn use_live(topics: &'static [Topic], refetch: impl Fn() + Clone + 'static) {
    let Some(live) = use_context::<Live>() else { return };
    let using = StoredValue::new(false);
    Effect::new(move || {
        using.set_value(true);
        live.users.try_update(|users| *users += 1);
    });
    on_cleanup(move || {
        if using.try_get_value() == Some(true) {
            live.users.try_update(|users| *users = users.saturating_sub(1));
        }
        live.paused.try_set(false);
    });
    let apart = if topics.contains(&Topic::Queue) { QUEUE_APART } else { APART };
    follow(live, topics, apart, refetch);
}

/// As [`use_live`], for what stands around pages and is less urgent: it opens no stream.
pub fn follow_live(topics: &'static [Topic], apart: Duration, refetch: impl Fn() + Clone + 'static) {
    if let Some(live) = use_context::<Live>() {
        follow(live, topics, apart, refetch);
    }
}

fn follow(live: Live, topics: &'static [Topic], apart: Duration, refetch: impl Fn() + Clone + 'static) {
    let turn = Turn { live, apart, waiting: StoredValue::new(false), last: StoredValue::new(0.0) };
    Effect::new(move |before: Option<u32>| {
        let sum = |heard: &[u32; Topic::ALL.len()]| topics.iter().map(|&topic| heard[place_of(topic)]).sum();
        let times: u32 = live.heard.try_with(sum).unwrap_or_default();
        if before.is_some_and(|before| before != times) {
            turn.ask(refetch.clone());
        }
        times
    });
}

/// When a page may be read again.
#[derive(Clone, Copy)]
struct Turn {
    live: Live,
    apart: Duration,
    waiting: StoredValue<bool>,
    /// Milliseconds of the browser's clock.
    last: StoredValue<f64>,
}

impl Turn {
    fn ask(self, refetch: impl Fn() + 'static) {
        if self.waiting.try_get_value() != Some(false) {
            return;
        }
        self.waiting.set_value(true);
        let apart = self.apart.as_secs_f64() * 1_000.0;
        let since = (js_sys::Date::now() - self.last.get_value()).max(0.0);
        let wait = Duration::from_secs_f64((apart - since).max(0.0) / 1_000.0);
        set_timeout(move || self.take(refetch), wait);
    }

    fn take(self, refetch: impl Fn() + 'static) {
        // The page is gone.
        if self.waiting.try_get_value().is_none() {
            return;
        }
        if is_busy() {
            self.live.paused.try_set(true);
            return set_timeout(move || self.take(refetch), LOOK_AGAIN);
        }
        self.live.paused.try_set(false);
        self.waiting.set_value(false);
        self.last.set_value(js_sys::Date::now());
        refetch();
    }
}

/// Does it once the person is busy no more.
pub fn when_idle(then: impl FnOnce() + 'static) {
    if is_busy() {
        return set_timeout(move || when_idle(then), LOOK_AGAIN);
    }
    then();
}

/// Whether the person is in a field, a dialog, or by keyboard in a row of a table.
pub fn is_busy() -> bool {
    let busy = "main :is(input, textarea, select):focus, main tbody :focus-visible, dialog[open]";
    document().query_selector(busy).is_ok_and(|found| found.is_some())
}

/// How the stream of this page is: a dot and a word, not announced.
#[component]
pub fn LiveDot() -> impl IntoView {
    let live = use_context::<Live>();
    move || {
        // The dot may be looked at once more after the console it stands in has gone: then there is nothing to say.
        let live = live.filter(|live| live.users.try_get().is_some_and(|users| users > 0))?;
        let state = match (live.state.try_get()?, live.paused.try_get()?) {
            (State::Silent, _) => return None,
            (State::Live, true) => (Tone::Unknown, "Paused"),
            (State::Live, false) => (Tone::Good, "Live"),
            (State::Reconnecting, _) => (Tone::Warn, "Reconnecting"),
            (State::Ended, _) => (Tone::Bad, "Not live"),
        };
        Some(view! { <span class="live"><Status state/></span> })
    }
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn a_message_page_listens_to_its_message_too() {
        for (project, path, expected) in [
            (Some("bio"), "/p/bio", "/events?project=bio"),
            (Some("bio"), "/p/bio/messages", "/events?project=bio"),
            (Some("bio"), "/p/bio/messages/", "/events?project=bio"),
            (Some("bio"), "/p/bio/messages/01ABC", "/events?project=bio&message=01ABC"),
            (Some("bio"), "/p/bio/messages/01ABC/raw", "/events?project=bio"),
            (Some("bio"), "/p/bio/messages/a&b=c", "/events?project=bio"),
            (None, "/admin/queue", "/events"),
        ] {
            assert_eq!(address(project, path), expected, "{path}");
        }
    }
}
