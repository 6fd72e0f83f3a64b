//! The description of the API (OpenAPI 3.1), served beside it. It is a file written by hand; the tests here hold it to the
//! routes, the codes and the JSON that the API really gives.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};

/// The document.
pub const DOCUMENT: &str = include_str!("openapi.json");

/// `GET /api/v1/openapi.json`: for everybody.
pub async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{dns::QUESTIONS, error, suppressions::PATHS};
    use relay_types::{
        Timestamp,
        finding::{Finding, Link, LookedUp, RecordChange, Report, Severity, Subject},
        page::Page,
        prediction::{DkimPrediction, DmarcPrediction, Fate, ForwardedPrediction, Prediction, ReceiverPrediction},
        reverse::ServerAnswer,
        spf::{SpfEvaluation, SpfResult, SpfStep},
        suppression::{Suppression, SuppressionKind},
    };
    use serde_json::{Value, json};
    use std::collections::BTreeSet;

    fn document() -> Value {
        serde_json::from_str(DOCUMENT).expect("JSON")
    }

    /// A report in which everything is there that may be there; with `bare`, nothing that may be missing.
    fn report(bare: bool) -> Report {
        let some = |text: &str| (!bare).then(|| text.to_owned());
        let server = ServerAnswer {
            server: "ns1.example (192.0.2.1)".to_owned(),
            said: "1 record".to_owned(),
            records: vec!["x".to_owned()],
            temporary: false,
        };
        let change = RecordChange {
            name: "gene.example".to_owned(),
            kind: "TXT".to_owned(),
            found: vec!["v=spf1 -all".to_owned()],
            publish: some("v=spf1 include:x -all"),
            added: some("include:x"),
        };
        let step = SpfStep {
            depth: 0,
            domain: "gene.example".to_owned(),
            term: "-all".to_owned(),
            said: "matches".to_owned(),
            decided: true,
            lookups: 0,
        };
        Report {
            about: "gene.example".to_owned(),
            findings: vec![Finding {
                check: "spf.record".to_owned(),
                outcome: "missing".to_owned(),
                subject: Subject::Spf,
                severity: Severity::Error,
                title: "t".to_owned(),
                effect: "e".to_owned(),
                details: vec!["d".to_owned()],
                changes: vec![change],
                link: (!bare).then(|| Link { text: "t".to_owned(), url: "https://x.example/".to_owned() }),
                asked: vec!["TXT gene.example".to_owned()],
            }],
            evaluations: vec![SpfEvaluation {
                ip: "192.0.2.1".parse().expect("an address"),
                domain: "gene.example".to_owned(),
                sender: "postmaster@relay.example".to_owned(),
                helo: "relay.example".to_owned(),
                result: SpfResult::SoftFail,
                because: "b".to_owned(),
                explanation: some("x"),
                lookups: 1,
                voids: 0,
                steps: vec![step],
            }],
            predictions: vec![Prediction {
                from: "gene.example".to_owned(),
                envelope: "gene.example".to_owned(),
                egress: (!bare).then(|| "2001:db8::1".parse().expect("an address")),
                spf: SpfResult::TempError,
                spf_because: "b".to_owned(),
                spf_aligned: true,
                dkim: DkimPrediction::Pass,
                dkim_because: "b".to_owned(),
                dkim_aligned: true,
                dmarc: DmarcPrediction::Unknown,
                dmarc_because: "b".to_owned(),
                receivers: vec![ReceiverPrediction {
                    receiver: "Gmail".to_owned(),
                    fate: Fate::Doubtful,
                    because: "b".to_owned(),
                }],
                forwarded: (!bare).then(|| ForwardedPrediction { fate: Fate::Refused, because: "b".to_owned() }),
            }],
            answers: vec![LookedUp {
                question: "TXT gene.example".to_owned(),
                said: "1 record".to_owned(),
                records: vec!["x".to_owned()],
                ttl: (!bare).then_some(300),
                servers: vec![server.clone()],
                resolver: (!bare).then_some(server),
                dig: ";; x".to_owned(),
                asked_at: Timestamp(1),
            }],
            checked_at: Timestamp(2),
        }
    }

    /// Holds a value to a schema: exactly its properties, its types, its words.
    fn hold(document: &Value, schema: &Value, value: &Value, place: &str) {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.strip_prefix("#/components/schemas/").expect("a schema of ours");
            let schema = &document["components"]["schemas"][name];
            assert!(schema.is_object(), "{name} is described nowhere");
            return hold(document, schema, value, place);
        }
        if let Some(any) = schema["anyOf"].as_array().filter(|_| schema["type"].is_null()) {
            let fitting = any.iter().find(|one| (one["type"] == "null") == value.is_null()).expect("null or not");
            if !value.is_null() {
                hold(document, fitting, value, place);
            }
            return;
        }
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let kinds = match &schema["type"] {
            Value::Array(kinds) => kinds.clone(),
            one => vec![one.clone()],
        };
        assert!(kinds.contains(&json!(kind)), "{place} is {kind}, not {kinds:?}");
        if let Some(words) = schema["enum"].as_array() {
            assert!(words.contains(value), "{place}: {value} is not described");
        }
        match value {
            Value::Array(items) => items.iter().for_each(|item| hold(document, &schema["items"], item, place)),
            Value::Object(fields) => {
                let described = schema["properties"].as_object().expect("properties");
                let names: BTreeSet<&String> = fields.keys().collect();
                assert_eq!(names, described.keys().collect(), "{place}");
                fields.iter().for_each(|(name, field)| {
                    hold(document, &described[name], field, &format!("{place}.{name}"));
                });
            }
            _ => {}
        }
    }

    #[test]
    fn the_report_is_described_as_it_is_sent() {
        let document = document();
        let schema = &document["components"]["schemas"]["Report"];
        for bare in [false, true] {
            hold(&document, schema, &serde_json::to_value(report(bare)).expect("JSON"), "Report");
        }
    }

    #[test]
    fn a_suppression_is_described_as_it_is_sent() {
        let document = document();
        for bare in [false, true] {
            let one = Suppression {
                id: "00000000000000000000000001".parse().expect("an id"),
                address: "a@b.example".parse().expect("an address"),
                kind: SuppressionKind::NoMailbox,
                since: Timestamp(1),
                expires_at: (!bare).then_some(Timestamp(2)),
                reason: "550 5.1.1 x".to_owned(),
                message: (!bare).then(|| "00000000000000000000000001".parse().expect("an id")),
            };
            let page = Page { items: vec![one], next: (!bare).then(|| "x".to_owned()) };
            let schema = &document["components"]["schemas"]["SuppressionPage"];
            hold(&document, schema, &serde_json::to_value(page).expect("JSON"), "SuppressionPage");
        }
        let kinds = &document["components"]["schemas"]["SuppressionKind"]["enum"];
        assert_eq!(*kinds, serde_json::to_value(SuppressionKind::ALL).expect("JSON"));
    }

    #[test]
    fn every_word_is_described() {
        let document = document();
        let words = |name: &str| document["components"]["schemas"][name]["enum"].clone();
        assert_eq!(words("Severity"), serde_json::to_value(Severity::ALL).expect("JSON"));
        assert_eq!(words("SpfResult"), serde_json::to_value(SpfResult::ALL).expect("JSON"));
        use Subject::*;
        // A new subject is missed by the compiler here, and then to be described.
        let title = |subject: Subject| match subject {
            Proof | Spf | Dkim | Dmarc | Mx | MtaSts | TlsRpt | Caa | Dnssec | Bimi | Ptr | Ehlo | Blocklist
            | Port25 | Certificate => subject.title(),
        };
        let subjects =
            [Proof, Spf, Dkim, Dmarc, Mx, MtaSts, TlsRpt, Caa, Dnssec, Bimi, Ptr, Ehlo, Blocklist, Port25, Certificate];
        assert!(subjects.iter().all(|subject| !title(*subject).is_empty()));
        assert_eq!(words("Subject"), serde_json::to_value(subjects).expect("JSON"));
        let dkim = [DkimPrediction::Pass, DkimPrediction::Fail, DkimPrediction::None, DkimPrediction::Unknown];
        assert_eq!(words("DkimPrediction"), serde_json::to_value(dkim).expect("JSON"));
        let dmarc = [DmarcPrediction::Pass, DmarcPrediction::Fail, DmarcPrediction::None, DmarcPrediction::Unknown];
        assert_eq!(words("DmarcPrediction"), serde_json::to_value(dmarc).expect("JSON"));
        let fates = [Fate::Accepted, Fate::Doubtful, Fate::Refused, Fate::Unknown];
        assert_eq!(words("Fate"), serde_json::to_value(fates).expect("JSON"));
        let codes = error::CODES.map(|(code, ..)| code);
        let problem = &document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"];
        assert_eq!(*problem, serde_json::to_value(codes).expect("JSON"));
    }

    #[test]
    fn every_route_and_parameter_is_described() {
        let document = document();
        let paths = document["paths"].as_object().expect("paths");
        let described: BTreeSet<&str> = paths.keys().map(String::as_str).collect();
        let paths_of = QUESTIONS.iter().map(|(path, _)| *path).chain(PATHS.iter().map(|(path, _)| *path));
        assert_eq!(described, paths_of.collect());
        for (path, methods) in PATHS {
            let methods: BTreeSet<&str> = methods.iter().copied().chain(["parameters"]).collect();
            let operations = paths[path].as_object().expect("operations");
            assert_eq!(operations.keys().map(String::as_str).collect::<BTreeSet<_>>(), methods, "{path}");
            for (_, operation) in operations.iter().filter(|(name, _)| *name != "parameters") {
                for status in ["400", "401", "403", "404", "429", "503"] {
                    assert!(operation["responses"][status].is_object(), "{path} {status}");
                }
            }
        }
        for (path, names) in QUESTIONS {
            let operation = &paths[path]["get"];
            let parameters = operation["parameters"].as_array().expect("parameters");
            let described: Vec<&str> = parameters.iter().filter_map(|one| one["name"].as_str()).collect();
            assert_eq!(described, names, "{path}");
            let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/Report", "{path}");
            for status in ["400", "401", "403", "429", "503"] {
                assert!(operation["responses"][status].is_object(), "{path} {status}");
            }
        }
        assert_eq!(document["servers"][0]["url"], "/api/v1");
    }
}
