//! How the API refuses: problem details (RFC 9457) with a code that stays, and the parameter it is about.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use relay_core::Error;
use serde::Serialize;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    code: &'static str,
    detail: String,
    field: Option<String>,
    retry_after: Option<u64>,
}

/// As it is sent.
#[derive(Serialize)]
struct Body<'a> {
    /// `urn:relaykeep:problem:` and the code: the same for the same kind of refusal, for ever.
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

/// All codes, with status and title.
pub const CODES: [(&str, StatusCode, &str); 11] = [
    ("invalid_parameter", StatusCode::BAD_REQUEST, "A parameter cannot be used"),
    ("missing_parameter", StatusCode::BAD_REQUEST, "A parameter is missing"),
    ("unknown_parameter", StatusCode::BAD_REQUEST, "There is no such parameter"),
    ("unauthenticated", StatusCode::UNAUTHORIZED, "Nobody is signed in"),
    ("forbidden", StatusCode::FORBIDDEN, "This is not allowed"),
    ("not_found", StatusCode::NOT_FOUND, "There is no such thing"),
    ("method_not_allowed", StatusCode::METHOD_NOT_ALLOWED, "This path is not asked so"),
    ("conflict", StatusCode::CONFLICT, "Something is in the way"),
    ("too_many_requests", StatusCode::TOO_MANY_REQUESTS, "Asked too often"),
    ("unavailable", StatusCode::SERVICE_UNAVAILABLE, "Not possible at the moment"),
    ("internal", StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side"),
];

impl Problem {
    fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), field: None, retry_after: None }
    }

    fn kind(&self) -> (StatusCode, &'static str) {
        let known = CODES.iter().find(|(known, ..)| *known == self.code);
        known.map_or((StatusCode::INTERNAL_SERVER_ERROR, "Refused"), |(_, status, title)| (*status, *title))
    }

    fn body(&self) -> Body<'_> {
        let (status, title) = self.kind();
        let kind = format!("urn:relaykeep:problem:{}", self.code);
        let (detail, field) = (self.detail.as_str(), self.field.as_deref());
        Body { kind, title, status: status.as_u16(), detail, code: self.code, field }
    }

    /// Neither a session nor a token.
    pub fn signed_out() -> Self {
        Self::new("unauthenticated", "Sign in to the portal, or send Authorization: Bearer and a token")
    }

    /// A token that is unknown, revoked or expired: one answer for all.
    pub fn bad_token() -> Self {
        Self::new("unauthenticated", "The token is unknown, revoked or expired")
    }

    /// A parameter that cannot be used; an empty name is the whole query string.
    pub fn invalid(field: &str, why: impl Into<String>) -> Self {
        let field = (!field.is_empty()).then(|| field.to_owned());
        Self { field, ..Self::new("invalid_parameter", why) }
    }

    /// A parameter that has to be there.
    pub fn missing_parameter(field: &str) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new("missing_parameter", format!("Give {field}")) }
    }

    /// A parameter that nobody knows.
    pub fn unknown_parameter(field: &str, known: &[&str]) -> Self {
        let field: String = field.chars().take(100).collect();
        let detail = format!("Known here: {}", known.join(", "));
        Self { field: Some(field), ..Self::new("unknown_parameter", detail) }
    }

    /// No such path.
    pub fn nowhere() -> Self {
        Self::new("not_found", "There is no such path; /api/v1/openapi.json lists them")
    }

    /// A method that the path does not have; the router adds which it has.
    pub fn method_not_allowed() -> Self {
        Self::new("method_not_allowed", "Allow says how this path is asked")
    }

    /// Asked too often; may be asked again after so many seconds.
    pub fn too_many(seconds: u64) -> Self {
        let detail = format!("Ask again in {seconds} seconds");
        Self { retry_after: Some(seconds), ..Self::new("too_many_requests", detail) }
    }

    /// Something the answer depends on cannot be reached now.
    pub fn unavailable() -> Self {
        Self::new("unavailable", "Try again in a minute")
    }

    #[cfg(test)]
    pub fn code(&self) -> &'static str {
        self.code
    }

    #[cfg(test)]
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::SignedOut => Self::signed_out(),
            Error::Forbidden => Self::new("forbidden", "The token's scopes or your role do not allow this"),
            Error::NotFound => Self::new("not_found", "It does not exist, or you may not know of it"),
            Error::Invalid { field, reason } => Self::invalid(field, reason),
            Error::Conflict { reason } => Self::new("conflict", reason),
            Error::TooMany { seconds } => Self::too_many(seconds),
            Error::Unavailable { cause } | Error::Full { cause } => {
                tracing::warn!(%cause, "an API request could not be answered");
                Self::unavailable()
            }
            Error::Internal { cause } => {
                tracing::error!(%cause, "an API request failed");
                Self::new("internal", "The log of the server has the cause")
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.kind().0, axum::Json(self.body())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        // RFC 9110 §11.6.1 asks for a challenge with every 401.
        if self.code == "unauthenticated" {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"relaykeep\""));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_of_a_use_case_has_its_code_and_tells_no_cause() {
        let cause = || "host=db password=x".to_owned();
        for (error, status, code) in [
            (Error::SignedOut, 401, "unauthenticated"),
            (Error::Forbidden, 403, "forbidden"),
            (Error::NotFound, 404, "not_found"),
            (Error::invalid("domain", "Not a name"), 400, "invalid_parameter"),
            (Error::conflict("In the way"), 409, "conflict"),
            (Error::TooMany { seconds: 7 }, 429, "too_many_requests"),
            (Error::Unavailable { cause: cause() }, 503, "unavailable"),
            (Error::Full { cause: cause() }, 503, "unavailable"),
            (Error::Internal { cause: cause() }, 500, "internal"),
        ] {
            let problem = Problem::from(error);
            assert_eq!((problem.kind().0.as_u16(), problem.code), (status, code));
            let json = serde_json::to_string(&problem.body()).expect("JSON");
            assert!(!json.contains("password") && !json.contains("retry_after"), "{json}");
            let response = problem.into_response();
            assert_eq!(response.status().as_u16(), status);
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
            assert_eq!(response.headers().contains_key(header::RETRY_AFTER), status == 429);
            assert_eq!(response.headers().contains_key(header::WWW_AUTHENTICATE), status == 401);
        }
    }

    #[test]
    fn the_form_is_that_of_rfc_9457() {
        let problem = serde_json::to_value(Problem::missing_parameter("ip").body()).expect("JSON");
        let expected = serde_json::json!({
            "type": "urn:relaykeep:problem:missing_parameter",
            "title": "A parameter is missing",
            "status": 400,
            "detail": "Give ip",
            "code": "missing_parameter",
            "field": "ip",
        });
        assert_eq!(problem, expected);
    }
}
