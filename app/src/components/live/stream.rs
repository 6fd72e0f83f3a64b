//! One server-sent stream of the browser, in the words of this portal. Closed when it is dropped.

use relay_types::change::Topic;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{EventSource, MessageEvent};

/// What comes out of a stream.
pub(super) enum Heard {
    /// It is open (again), at this place.
    Here(String),
    /// These changed; the stream has come to this place.
    Changed(Vec<Topic>, String),
    /// It broke; the browser tries by itself.
    Lost,
    /// The server did not take it; the browser has given up.
    Refused,
    /// The person may not listen any more.
    Ended,
}

type Listener = Closure<dyn FnMut(MessageEvent)>;

/// An open stream.
pub(super) struct Stream {
    source: EventSource,
    /// Live as long as the source can call them.
    _listeners: Vec<Listener>,
}

impl Stream {
    /// Opens the stream at an address of ours.
    pub(super) fn open(url: &str, hear: impl FnMut(Heard) + 'static) -> Option<Self> {
        let source = EventSource::new(url).ok()?;
        let hear = Rc::new(RefCell::new(hear));
        let on = |name: &str, words: fn(&MessageEvent) -> Heard| {
            let hear = hear.clone();
            let listener: Listener = Closure::new(move |event: MessageEvent| {
                let heard = words(&event);
                if let (Heard::Ended, Some(source)) = (&heard, source_of(&event)) {
                    source.close();
                }
                (hear.borrow_mut())(heard);
            });
            let _ = source.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
            listener
        };
        let listeners = vec![
            on("here", |event| Heard::Here(event.last_event_id())),
            on("changed", |event| Heard::Changed(topics(event), event.last_event_id())),
            on("ended", |_| Heard::Ended),
            on("error", |event| match source_of(event) {
                Some(source) if source.ready_state() == EventSource::CLOSED => Heard::Refused,
                _ => Heard::Lost,
            }),
        ];
        Some(Self { source, _listeners: listeners })
    }
}

fn source_of(event: &MessageEvent) -> Option<EventSource> {
    event.target()?.dyn_into().ok()
}

fn topics(event: &MessageEvent) -> Vec<Topic> {
    event.data().as_string().unwrap_or_default().split(' ').filter_map(Topic::parse).collect()
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.close();
    }
}
