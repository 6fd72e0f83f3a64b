//! How pages ask the server: one way for what they read and for what their forms post.
//!
//! An answer stays the JSON it came as until the page that asked reads it. So the code that sends, waits and keeps is
//! compiled once, not once for each of some eighty server functions (`server/docs/performance.md` says what it saves).

mod json;

use crate::error::AppError;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use server_fn::ServerFn;

/// What a server function returned, as JSON.
pub type Answer = Box<RawValue>;

/// What a call came to.
pub type Outcome = Result<Answer, AppError>;

/// A call of a server function, ready to be sent. Two are equal when they ask for the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Call {
    /// Path of the server function.
    pub path: &'static str,
    /// Its arguments, as `application/x-www-form-urlencoded`.
    pub arguments: String,
}

impl Call {
    /// The call of `S` with these arguments.
    pub fn of<S: ServerFn + Serialize>(arguments: &S) -> Self {
        // Arguments are texts, numbers and lists of them; all of them can be written.
        Self { path: S::PATH, arguments: serde_qs::to_string(arguments).unwrap_or_default() }
    }
}

/// The JSON of `output`.
pub fn to_json<T: Serialize>(output: &T) -> Outcome {
    serde_json::value::to_raw_value(output).map_err(|_| AppError::Internal { reference: "none".to_owned() })
}

/// What `answer` says.
pub fn from_json<T: DeserializeOwned>(answer: &RawValue) -> Result<T, AppError> {
    json::from_str(answer.get()).map_err(|_| AppError::outdated())
}

/// Calls a server function: over HTTP in the browser, directly on the server.
pub async fn ask<S>(arguments: S) -> Result<S::Output, AppError>
where
    S: ServerFn<Error = AppError> + Serialize,
    S::Output: DeserializeOwned,
{
    #[cfg(feature = "ssr")]
    return arguments.run_body().await;
    #[cfg(not(feature = "ssr"))]
    from_json(&post(Call::of(&arguments)).await?)
}

/// Sends `call` and waits for the answer. A redirect that comes with it is followed.
#[cfg(not(feature = "ssr"))]
pub async fn post(call: Call) -> Outcome {
    send_wrapper::SendWrapper::new(browser::post(call)).await
}

/// On the server nothing is posted: pages run there before anybody can press a button.
#[cfg(feature = "ssr")]
pub async fn post(_: Call) -> Outcome {
    Err(AppError::unreachable())
}

#[cfg(not(feature = "ssr"))]
mod browser {
    use super::{Call, Outcome, json};
    use crate::{error::AppError, modules::load_elsewhere};
    use leptos::prelude::window;
    use serde_json::value::RawValue;
    use server_fn::redirect::{REDIRECT_HEADER, call_redirect_hook};
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{Headers, RequestInit, Response};

    pub(super) async fn post(call: Call) -> Outcome {
        let (response, text) = fetch(call).await.map_err(|_| AppError::unreachable())?;
        if !response.ok() {
            // Something between the browser and us may have answered.
            return Err(json::from_str(&text).unwrap_or_else(|_| AppError::unreachable()));
        }
        let answer = RawValue::from_string(text).map_err(|_| AppError::unreachable())?;
        let header = |name| response.headers().get(name).ok().flatten();
        if header(REDIRECT_HEADER).is_some()
            && let Some(to) = header("location")
            && !load_elsewhere(&to)
        {
            call_redirect_hook(&to);
        }
        Ok(answer)
    }

    async fn fetch(call: Call) -> Result<(Response, String), JsValue> {
        let headers = Headers::new()?;
        headers.set("content-type", "application/x-www-form-urlencoded")?;
        headers.set("accept", "application/json")?;
        let request = RequestInit::new();
        request.set_method("POST");
        request.set_headers(&headers);
        request.set_body(&call.arguments.into());
        let response = JsFuture::from(window().fetch_with_str_and_init(call.path, &request)).await?;
        let response: Response = response.dyn_into()?;
        let text = JsFuture::from(response.text()?).await?;
        Ok((response, text.as_string().unwrap_or_default()))
    }
}
