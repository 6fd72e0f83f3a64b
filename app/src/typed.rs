//! What people type into forms, judged by the parsers of `relay-types`: at the field in the browser (the `check_…`
//! functions) and again on the server, with the same words.

use crate::error::AppError;
use relay_types::{Cidr, DomainName, EmailAddress, SenderPattern, Timestamp, project::Slug};
use std::time::Duration;

/// One value, without space around it; the error stands at the input `field`.
pub fn one<T, E: ToString>(field: &str, typed: &str, parse: fn(&str) -> Result<T, E>) -> Result<T, AppError> {
    parse(typed.trim()).map_err(|error| AppError::invalid(field, error))
}

/// One value or nothing.
pub fn optional<T, E: ToString>(
    field: &str,
    typed: &str,
    parse: fn(&str) -> Result<T, E>,
) -> Result<Option<T>, AppError> {
    if typed.trim().is_empty() { Ok(None) } else { one(field, typed, parse).map(Some) }
}

/// One value a line, or several between commas; empty lines do not count. The error quotes the line it is about.
pub fn lines<T, E: ToString>(field: &str, typed: &str, parse: fn(&str) -> Result<T, E>) -> Result<Vec<T>, AppError> {
    each(typed)
        .map(|line| parse(line).map_err(|error| AppError::invalid(field, format!("{line}: {}", error.to_string()))))
        .collect()
}

fn each(typed: &str) -> impl Iterator<Item = &str> {
    typed.split(['\n', ',']).map(str::trim).filter(|line| !line.is_empty())
}

/// `1000` or `1,000` or nothing.
pub fn limit(field: &str, typed: &str) -> Result<Option<u32>, AppError> {
    optional(field, typed, |typed| {
        let digits: String = typed.chars().filter(|c| !matches!(c, ',' | ' ' | '_')).collect();
        match digits.parse::<u32>() {
            Ok(0) => Err("Enter at least 1, or leave it empty for no limit"),
            Ok(number) => Ok(number),
            Err(_) => Err("Enter a whole number such as 1000, or leave it empty for no limit"),
        }
    })
}

/// A calendar day `2026-12-31`: the moment it ends in UTC.
pub fn end_of_day(field: &str, typed: &str) -> Result<Option<Timestamp>, AppError> {
    optional(field, typed, |typed| {
        let day = || {
            let mut parts = typed.splitn(3, '-');
            let mut next = || parts.next();
            let (year, month, day) = (next()?.parse().ok()?, next()?.parse::<u8>().ok()?, next()?.parse().ok()?);
            time::Date::from_calendar_date(year, time::Month::try_from(month).ok()?, day).ok()
        };
        let day = day().ok_or("Enter a day such as 2026-12-31")?;
        let begins = day.midnight().assume_utc().unix_timestamp().saturating_mul(1_000);
        Ok::<_, &str>(Timestamp(begins).plus(Duration::from_secs(86_400)))
    })
}

/// The day that ends at `at`, as a date input wants it.
pub fn day_before(at: Timestamp) -> String {
    at.minus(Duration::from_millis(1)).utc().date().to_string()
}

/// The periods a list can be narrowed to: the word in the URL, the words on the page, the length.
pub const PERIODS: [(&str, &str, Duration); 4] = [
    ("1h", "Last hour", Duration::from_secs(3_600)),
    ("24h", "Last 24 hours", Duration::from_secs(24 * 3_600)),
    ("7d", "Last 7 days", Duration::from_secs(7 * 86_400)),
    ("30d", "Last 30 days", Duration::from_secs(30 * 86_400)),
];

/// When a period that ends `now` began; a word nobody knows is none.
pub fn since(period: Option<&str>, now: Timestamp) -> Option<Timestamp> {
    let (.., length) = PERIODS.into_iter().find(|(word, ..)| Some(*word) == period)?;
    Some(now.minus(length))
}

fn reason<T>(outcome: Result<T, AppError>) -> Option<String> {
    outcome.err().map(|error| error.to_string())
}

/// A mail address.
pub fn check_address(typed: &str) -> Option<String> {
    reason(one("", typed, EmailAddress::parse))
}

/// An IP address.
pub fn check_ip(typed: &str) -> Option<String> {
    typed
        .trim()
        .parse::<std::net::IpAddr>()
        .err()
        .map(|_| "Enter an address such as 192.0.2.7 or 2001:db8::7".to_owned())
}

/// A domain name.
pub fn check_domain(typed: &str) -> Option<String> {
    reason(one("", typed, DomainName::parse))
}

/// A project's place in URLs.
pub fn check_slug(typed: &str) -> Option<String> {
    reason(one("", typed, Slug::parse))
}

/// An address block.
pub fn check_cidr(typed: &str) -> Option<String> {
    reason(one("", typed, Cidr::parse))
}

/// Address blocks, one a line.
pub fn check_cidrs(typed: &str) -> Option<String> {
    reason(lines("", typed, Cidr::parse))
}

/// Sender patterns, one a line.
pub fn check_patterns(typed: &str) -> Option<String> {
    reason(lines("", typed, SenderPattern::parse))
}

/// A number of recipients.
pub fn check_limit(typed: &str) -> Option<String> {
    reason(limit("", typed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_line_by_line_and_the_wrong_line_is_named() {
        let blocks = lines("allowed_cidrs", " 192.0.2.0/24\r\n\r\n2001:db8::/48, 198.51.100.7 \n", Cidr::parse);
        assert_eq!(blocks.map(|blocks| blocks.len()), Ok(3));
        let wrong = lines("allowed_cidrs", "192.0.2.0/24\n192.0.2.1/24", Cidr::parse).map(|_| ());
        assert_eq!(
            wrong,
            Err(AppError::invalid(
                "allowed_cidrs",
                "192.0.2.1/24: The block has bits set after its prefix; did you mean 192.0.2.0/24?"
            ))
        );
    }

    #[test]
    fn an_account_works_through_its_last_day() {
        let ends = end_of_day("expires_at", "2026-12-31").ok().flatten();
        assert_eq!(ends.map(|at| at.text()).as_deref(), Some("2027-01-01 00:00:00 UTC"));
        assert_eq!(ends.map(day_before).as_deref(), Some("2026-12-31"));
        assert_eq!(end_of_day("expires_at", " "), Ok(None));
        for wrong in ["2026-02-30", "31.12.2026", "soon"] {
            assert_eq!(
                end_of_day("expires_at", wrong),
                Err(AppError::invalid("expires_at", "Enter a day such as 2026-12-31")),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_limit_is_a_number_or_nothing() {
        assert_eq!(limit("per_day", "10,000"), Ok(Some(10_000)));
        assert_eq!(limit("per_day", ""), Ok(None));
        assert!(limit("per_day", "0").is_err() && limit("per_day", "many").is_err());
    }
}
