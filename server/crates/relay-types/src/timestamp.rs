//! A moment: milliseconds since 1970-01-01 UTC, as stored and as sent to the browser.

use serde::{Deserialize, Serialize};
use std::time::Duration;
use time::OffsetDateTime;

/// Milliseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z, the dates RFC 3339 can write.
const FIRST: i64 = -62_167_219_200_000;
const LAST: i64 = 253_402_300_799_999;

impl Timestamp {
    /// This moment plus `duration`, saturating.
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This moment minus `duration`, saturating.
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Whole seconds since the epoch.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The start of the UTC hour this moment is in.
    pub fn hour(self) -> Self {
        Self(self.0 - self.0.rem_euclid(3_600_000))
    }

    /// As a calendar date and time in UTC; outside of the years 0 to 9999 the nearest moment of them.
    pub fn utc(self) -> OffsetDateTime {
        let millis = self.0.clamp(FIRST, LAST);
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// RFC 3339, for `<time datetime>` and JSON; with milliseconds when there are any.
    pub fn rfc3339(self) -> String {
        let clock = self.clock_text();
        format!("{}T{}Z", self.date_text(), clock.strip_suffix(".000").unwrap_or(&clock))
    }

    /// `2026-11-21 13:58:02 UTC`, for people.
    pub fn text(self) -> String {
        let (hour, minute, second) = self.utc().to_hms();
        format!("{} {hour:02}:{minute:02}:{second:02} UTC", self.date_text())
    }

    /// `13:58:02.114`, for timelines.
    pub fn clock_text(self) -> String {
        let (hour, minute, second, milli) = self.utc().to_hms_milli();
        format!("{hour:02}:{minute:02}:{second:02}.{milli:03}")
    }

    /// `2026-11-21`.
    pub fn date_text(self) -> String {
        let (year, month, day) = self.utc().to_calendar_date();
        format!("{year:04}-{:02}-{day:02}", u8::from(month))
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn a_moment_is_written_in_utc() {
        let at = Timestamp(1_795_269_482_014);
        assert_eq!(at.rfc3339(), "2026-11-21T13:58:02.014Z");
        assert_eq!(Timestamp(1_795_269_482_000).rfc3339(), "2026-11-21T13:58:02Z");
        assert_eq!((at.text().as_str(), at.clock_text().as_str()), ("2026-11-21 13:58:02 UTC", "13:58:02.014"));
        assert_eq!(Timestamp(-1).text(), "1969-12-31 23:59:59 UTC");
    }

    #[test]
    fn what_no_calendar_has_is_written_as_the_nearest_moment() {
        // Whoever chooses 9999-12-31 as the last day means the midnight behind it.
        assert_eq!(Timestamp(253_402_300_800_000).rfc3339(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp(i64::MAX).date_text(), "9999-12-31");
        assert_eq!(Timestamp(i64::MIN).text(), "0000-01-01 00:00:00 UTC");
    }
}
