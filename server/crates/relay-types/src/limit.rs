//! How much may be sent. A limit is never a permanent refusal: over it the relay answers 451 with the wait.

use serde::{Deserialize, Serialize};

/// Limits on accepted recipients; `None` is no limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Recipients in any 60 minutes (counted in whole clock minutes).
    pub per_hour: Option<u32>,
    /// Recipients in any 24 hours (counted in whole clock hours).
    pub per_day: Option<u32>,
    /// Recipients in any 24 hours that the project has not written to before; never of a service account. Of the
    /// platform it is what holds for projects that have none of their own.
    pub new_per_day: Option<u32>,
}

/// A limit and how much of it is used now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitUse {
    /// The limits in force.
    pub limits: Limits,
    /// Recipients accepted in the last 60 minutes.
    pub last_hour: u64,
    /// Recipients accepted in the last 24 hours.
    pub last_day: u64,
    /// New recipients in the last 24 hours; counted only while there is a limit.
    pub new_day: u64,
}

/// What a limit is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LimitPeriod {
    /// Recipients in an hour.
    Hour,
    /// Recipients in a day.
    Day,
    /// New recipients in a day.
    New,
}

impl LimitPeriod {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::New => "new",
        }
    }

    /// In words, behind a number.
    pub fn words(self) -> &'static str {
        match self {
            Self::Hour => "recipients in an hour",
            Self::Day => "recipients in a day",
            Self::New => "new recipients in a day",
        }
    }
}

/// A limit of which four fifths are used, or all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearLimit {
    /// The label of the service account; none for the project's own or the platform's.
    pub account: Option<String>,
    /// What it is counted in.
    pub period: LimitPeriod,
    /// How much is used.
    pub used: u64,
    /// Of how much.
    pub limit: u32,
}

impl NearLimit {
    /// From this share on people are warned.
    const WARNED: u64 = 80;

    /// Percent that people are warned at: 80, or 100 when nothing is left.
    pub fn level(&self) -> u8 {
        if self.used >= u64::from(self.limit) { 100 } else { 80 }
    }
}

impl LimitUse {
    /// Those limits of which four fifths are used, or all. A limit of nothing is always reached; nobody is warned of it.
    pub fn near(&self) -> Vec<NearLimit> {
        let Limits { per_hour, per_day, new_per_day } = self.limits;
        let each = [
            (LimitPeriod::Hour, per_hour, self.last_hour),
            (LimitPeriod::Day, per_day, self.last_day),
            (LimitPeriod::New, new_per_day, self.new_day),
        ];
        let near = each.into_iter().filter_map(|(period, limit, used)| {
            let limit = limit.filter(|&limit| limit > 0 && used * 100 >= u64::from(limit) * NearLimit::WARNED)?;
            Some(NearLimit { account: None, period, used, limit })
        });
        near.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_fifths_are_near_and_all_is_all() {
        let limits = Limits { per_hour: Some(10), per_day: Some(1_000), new_per_day: Some(0) };
        let near = |last_hour, last_day| {
            let near = LimitUse { limits, last_hour, last_day, new_day: 0 }.near();
            near.iter().map(|one| (one.period, one.level())).collect::<Vec<_>>()
        };
        assert_eq!(near(7, 799), []);
        assert_eq!(near(8, 799), [(LimitPeriod::Hour, 80)]);
        assert_eq!(near(9, 800), [(LimitPeriod::Hour, 80), (LimitPeriod::Day, 80)]);
        assert_eq!(near(10, 1_200), [(LimitPeriod::Hour, 100), (LimitPeriod::Day, 100)]);
    }
}
