//! Parameters of a question: each known, given once, and read into the type the use case takes.

use super::error::Problem;
use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use relay_types::{DomainName, DomainNameError};
use std::{fmt::Display, str::FromStr};

/// No name or address is longer.
const LONGEST: usize = 512;

/// What stands behind the `?`, as sent.
pub struct Parameters(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match Query::<Vec<(String, String)>>::try_from_uri(&parts.uri) {
            Ok(Query(pairs)) => Ok(Self(pairs)),
            Err(_) => Err(Problem::invalid("", "The query string cannot be read")),
        }
    }
}

impl Parameters {
    /// Refuses what is not one of `known`, and what is given twice: a typing error must not change a question unseen.
    pub fn only(self, known: &[&'static str]) -> Result<Self, Problem> {
        for (at, (name, value)) in self.0.iter().enumerate() {
            let Some(known) = known.iter().find(|known| *known == name) else {
                return Err(Problem::unknown_parameter(name, known));
            };
            if self.0[..at].iter().any(|(before, _)| before == name) {
                return Err(Problem::invalid(known, "Give this parameter once"));
            }
            if value.len() > LONGEST {
                return Err(Problem::invalid(known, "This is too long"));
            }
        }
        Ok(self)
    }

    /// The parameter `domain`, which has to be there; with a trailing dot, as DNS writes names, or without.
    pub fn domain(&self) -> Result<DomainName, Problem> {
        let typed: String = self.required("domain")?;
        let name = typed.strip_suffix('.').unwrap_or(&typed);
        name.parse().map_err(|why: DomainNameError| Problem::invalid("domain", why.to_string()))
    }

    /// A parameter that has to be there.
    pub fn required<T: FromStr<Err: Display>>(&self, name: &'static str) -> Result<T, Problem> {
        self.optional(name)?.ok_or_else(|| Problem::missing_parameter(name))
    }

    /// A parameter that may be left out; an empty one is left out.
    pub fn optional<T: FromStr<Err: Display>>(&self, name: &'static str) -> Result<Option<T>, Problem> {
        let value = self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value.trim());
        value.filter(|value| !value.is_empty()).map(|value| value.parse()).transpose().map_err(|why: T::Err| {
            let mut why = why.to_string();
            if let Some(first) = why.get(..1).map(str::to_uppercase) {
                why.replace_range(..1, &first);
            }
            Problem::invalid(name, why)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    async fn read(query: &str) -> Result<Parameters, Problem> {
        let request = axum::http::Request::builder().uri(format!("/x?{query}")).body(()).expect("a request");
        let (mut parts, ()) = request.into_parts();
        Parameters::from_request_parts(&mut parts, &()).await
    }

    #[tokio::test]
    async fn a_parameter_is_known_and_given_once() {
        for (query, code, field) in [
            ("ip=192.0.2.1&domian=x", "unknown_parameter", "domian"),
            ("ip=192.0.2.1&ip=192.0.2.2", "invalid_parameter", "ip"),
            ("IP=192.0.2.1", "unknown_parameter", "IP"),
            (&format!("ip={}", "1".repeat(600)), "invalid_parameter", "ip"),
        ] {
            let problem = read(query).await.ok().and_then(|pairs| pairs.only(&["ip", "domain"]).err());
            let problem = problem.expect("refused");
            assert_eq!((problem.code(), problem.field()), (code, Some(field)), "{query}");
        }
        let pairs = read("ip=%20192.0.2.1&domain=").await.ok().and_then(|pairs| pairs.only(&["ip", "domain"]).ok());
        let pairs = pairs.expect("read");
        assert_eq!(pairs.required::<IpAddr>("ip").ok(), "192.0.2.1".parse().ok());
        assert!(pairs.optional::<String>("domain").is_ok_and(|domain| domain.is_none()));
        let missing = pairs.required::<String>("domain").expect_err("missing");
        assert_eq!((missing.code(), missing.field()), ("missing_parameter", Some("domain")));
    }

    #[tokio::test]
    async fn what_cannot_be_read_says_why() {
        let pairs = read("ip=x").await.expect("read");
        let problem = pairs.required::<IpAddr>("ip").expect_err("refused");
        assert_eq!((problem.code(), problem.field()), ("invalid_parameter", Some("ip")));
    }
}
