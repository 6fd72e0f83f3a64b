//! What a person may set on an account: judged, stored, told to the audit trail.

use crate::{Error, Result, audit, label::label, tables::service_account};
use relay_types::{
    Timestamp,
    audit::FieldChange,
    service_account::{AllowedSenders, ServiceAccountSettings},
};

const MOST_CIDRS: usize = 100;
const MOST_PATTERNS: usize = 200;

/// The settings with their texts tidied, or the field that cannot be used.
pub fn judged(settings: ServiceAccountSettings) -> Result<ServiceAccountSettings> {
    let label = label("label", &settings.label)?;
    if settings.allowed_cidrs.len() > MOST_CIDRS {
        return Err(Error::invalid("allowed_cidrs", format!("List at most {MOST_CIDRS} networks")));
    }
    if let AllowedSenders::Only(patterns) = &settings.allowed_senders {
        match patterns.len() {
            0 => return Err(Error::invalid("allowed_senders", "List at least one address or pattern")),
            count if count > MOST_PATTERNS => {
                return Err(Error::invalid("allowed_senders", format!("List at most {MOST_PATTERNS} patterns")));
            }
            _ => {}
        }
        let covers = |address| patterns.iter().any(|pattern| pattern.matches(address));
        if settings.default_sender.as_ref().is_some_and(|address| !covers(address)) {
            return Err(Error::invalid("default_sender", "The list of allowed senders does not cover this address"));
        }
    }
    for (field, limit) in [("limit_per_hour", settings.limits.per_hour), ("limit_per_day", settings.limits.per_day)] {
        if limit.is_some_and(|limit| i32::try_from(limit).is_err()) {
            return Err(Error::invalid(field, "Enter a smaller number, or nothing for no limit"));
        }
    }
    if settings.limits.new_per_day.is_some() {
        return Err(Error::invalid("new_per_day", "Only a project has a limit on new recipients"));
    }
    Ok(ServiceAccountSettings { label, ..settings })
}

/// `row` with judged settings.
pub(super) fn applied(
    row: service_account::Model,
    settings: &ServiceAccountSettings,
) -> Result<service_account::Model> {
    let patterns = match &settings.allowed_senders {
        AllowedSenders::All => None,
        AllowedSenders::Only(patterns) => Some(serde_json::to_string(patterns).map_err(Error::internal)?),
    };
    let stored = |limit: Option<u32>| limit.and_then(|limit| i32::try_from(limit).ok());
    Ok(service_account::Model {
        label: settings.label.clone(),
        expires_at: settings.expires_at.map(|at| at.0),
        allowed_cidrs: serde_json::to_string(&settings.allowed_cidrs).map_err(Error::internal)?,
        allowed_senders: patterns,
        default_sender: settings.default_sender.as_ref().map(ToString::to_string),
        may_notify: settings.may_notify,
        cut_through: settings.cut_through,
        limit_per_hour: stored(settings.limits.per_hour),
        limit_per_day: stored(settings.limits.per_day),
        ..row
    })
}

/// The fields in which two rows differ; all that are set, for a new one.
pub(super) fn changes(before: Option<&service_account::Model>, after: &service_account::Model) -> Vec<FieldChange> {
    let after = words(after);
    let before = before.map(words);
    let mut changes = Vec::new();
    for (i, (field, after)) in after.into_iter().enumerate() {
        let before = before.as_ref().and_then(|before| before[i].1.clone());
        if before != after {
            changes.push(FieldChange { field: field.to_owned(), before, after });
        }
    }
    changes
}

fn words(row: &service_account::Model) -> [(&'static str, Option<String>); 10] {
    // JSON lists of plain words: brackets and quotes say nothing more.
    let list = |json: &str| Some(json.replace(['[', ']', '"'], "").replace(',', ", ")).filter(|list| !list.is_empty());
    [
        ("label", Some(row.label.clone())),
        ("enabled", Some(audit::yes_no(row.enabled))),
        ("expires_at", row.expires_at.map(|at| Timestamp(at).text())),
        ("allowed_cidrs", list(&row.allowed_cidrs)),
        ("allowed_senders", row.allowed_senders.as_deref().and_then(list)),
        ("default_sender", row.default_sender.clone()),
        ("may_notify", Some(audit::yes_no(row.may_notify))),
        ("cut_through", Some(audit::yes_no(row.cut_through))),
        ("limit_per_hour", row.limit_per_hour.map(|limit| limit.to_string())),
        ("limit_per_day", row.limit_per_day.map(|limit| limit.to_string())),
    ]
}
