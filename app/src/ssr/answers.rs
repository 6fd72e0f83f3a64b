//! What a page asked for while it was made: each question has one answer.
//!
//! Leptos may make what is inside a page more than once before it writes it, and then its readings are made anew each
//! time. The browser does not always read the answer of the one that was rendered. So all of them get the same answer,
//! and what it costs is paid once.

use crate::wire::{Call, Outcome};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::OnceCell;

/// The answers of one request. In the context of each page that is rendered.
#[derive(Debug, Clone, Default)]
pub struct Answers(Arc<Mutex<HashMap<Call, Arc<OnceCell<Outcome>>>>>);

impl Answers {
    /// What `call` was answered, or what `ask` answers now. Who asks the same meanwhile waits for it.
    pub async fn once(&self, call: Call, ask: impl Future<Output = Outcome>) -> Outcome {
        let answer = self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(call).or_default().clone();
        answer.get_or_init(|| ask).await.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn call(arguments: &str) -> Call {
        Call { path: "/api/list", arguments: arguments.to_owned() }
    }

    #[tokio::test]
    async fn a_question_is_asked_once_in_a_page() {
        let answers = Answers::default();
        let asked = AtomicUsize::new(0);
        let ask = async |arguments: &str| {
            let asking = async {
                let turn = asked.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Ok(RawValue::from_string(turn.to_string()).unwrap())
            };
            answers.once(call(arguments), asking).await.unwrap().get().to_owned()
        };
        let (first, beside) = tokio::join!(ask("slug=bio"), ask("slug=bio"));
        assert_eq!((first.as_str(), beside.as_str()), ("0", "0"));
        assert_eq!(ask("slug=physics").await, "1", "another question has an answer of its own");
        assert_eq!(ask("slug=bio").await, "0", "what was answered is not asked again");
    }

    #[tokio::test]
    async fn who_goes_away_while_asking_leaves_the_question_open() {
        let answers = Answers::default();
        let never = answers.once(call(""), std::future::pending());
        assert!(tokio::time::timeout(std::time::Duration::ZERO, never).await.is_err());
        let answer = answers.once(call(""), async { Ok(RawValue::NULL.to_owned()) }).await;
        assert_eq!(answer.unwrap().get(), "null");
    }
}
