//! Values as text with where they came from, and the parsers of durations, sizes and lists.

use super::KEYS;
use anyhow::{Context, Result, anyhow, bail};
use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    str::FromStr,
    time::Duration,
};

/// Where a value came from, so that an error can name the place.
#[derive(Clone)]
pub enum Origin {
    /// The configuration file.
    File,
    /// This environment variable.
    Environment(String),
    /// A flag.
    Flag,
}

/// Values by key; a later one replaces an earlier one.
#[derive(Default)]
pub struct Values {
    by_key: BTreeMap<&'static str, (String, Origin)>,
}

impl Values {
    /// Sets a known key.
    pub fn set(&mut self, key: &'static str, text: String, origin: Origin) {
        self.by_key.insert(key, (text, origin));
    }

    /// The text of a key: given, or its default.
    fn text(&self, key: &str) -> Option<&str> {
        let given = self.by_key.get(key).map(|(text, _)| text.as_str());
        given
            .or_else(|| KEYS.iter().find(|known| known.name == key).map(|known| known.default))
            .filter(|text| !text.is_empty())
    }

    fn place(&self, key: &str) -> String {
        match self.by_key.get(key) {
            Some((_, Origin::Environment(variable))) => format!("{key} (from {variable})"),
            Some((_, Origin::Flag)) => format!("{key} (from --{})", key.replace(['.', '_'], "-")),
            _ => key.to_owned(),
        }
    }

    fn read<T>(&self, key: &str, parse: impl Fn(&str) -> Result<T>) -> Result<Option<T>> {
        let Some(text) = self.text(key) else { return Ok(None) };
        // The value may be a secret: an error shows it only when its parser does.
        parse(text.trim()).map(Some).with_context(|| self.place(key))
    }

    /// A value that may be absent.
    pub fn optional<T: FromStr<Err: fmt::Display>>(&self, key: &str) -> Result<Option<T>> {
        self.read(key, parsed)
    }

    /// A value that is given or has a default.
    pub fn get<T: FromStr<Err: fmt::Display>>(&self, key: &str) -> Result<T> {
        self.optional(key)?.with_context(|| format!("{} is empty", self.place(key)))
    }

    /// A number within `range`.
    pub fn number<T>(&self, key: &str, range: RangeInclusive<T>) -> Result<T>
    where
        T: FromStr<Err: fmt::Display> + PartialOrd + fmt::Display,
    {
        let number = self.read(key, |text| {
            let number = parsed(text).with_context(|| format!("{text} is not a number this key takes"))?;
            if range.contains(&number) {
                return Ok(number);
            }
            bail!("must be between {} and {}, not {text}", range.start(), range.end())
        })?;
        number.with_context(|| format!("{} is empty", self.place(key)))
    }

    /// A duration within `range`.
    pub fn duration(&self, key: &str, range: RangeInclusive<Duration>) -> Result<Duration> {
        let read = self.read(key, |text| within(duration(text)?, &range))?;
        read.with_context(|| format!("{} is empty", self.place(key)))
    }

    /// How long something is kept, a day to ten years; none for `never`, which ends it never.
    pub fn life(&self, key: &str) -> Result<Option<Duration>> {
        let kept = Duration::from_secs(86_400)..=Duration::from_secs(3_650 * 86_400);
        let read = self.read(key, |text| match text {
            "never" => Ok(None),
            text => within(duration(text)?, &kept).map(Some),
        })?;
        read.with_context(|| format!("{} is empty", self.place(key)))
    }

    /// A duration within `range` that may be absent.
    pub fn optional_duration(&self, key: &str, range: RangeInclusive<Duration>) -> Result<Option<Duration>> {
        self.read(key, |text| within(duration(text)?, &range))
    }

    /// A size in octets within `range`.
    pub fn size(&self, key: &str, range: RangeInclusive<u64>) -> Result<u64> {
        let read = self.read(key, |text| {
            let size = size(text)?;
            if range.contains(&size) {
                return Ok(size);
            }
            bail!("must be between {} and {} octets, not {text}", range.start(), range.end())
        })?;
        read.with_context(|| format!("{} is empty", self.place(key)))
    }

    /// A list between commas.
    pub fn list<T>(&self, key: &str, parse: impl Fn(&str) -> Result<T>) -> Result<Vec<T>> {
        let all = |text: &str| text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(&parse).collect();
        Ok(self.read(key, all)?.unwrap_or_default())
    }
}

/// By the type's own parser.
pub fn parsed<T: FromStr<Err: fmt::Display>>(text: &str) -> Result<T> {
    text.parse().map_err(|error| anyhow!("{error}"))
}

/// `30s`, `5m`, `4h`, `5d`.
pub fn duration(text: &str) -> Result<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let count: u64 =
        digits.trim().parse().with_context(|| format!("{text} is not a duration; write 30s, 5m, 4h or 5d"))?;
    let seconds = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => bail!("{text} is not a duration; write 30s, 5m, 4h or 5d"),
    };
    Ok(Duration::from_secs(count.saturating_mul(seconds)))
}

/// The duration, when it lies within `range`.
pub fn within(duration: Duration, range: &RangeInclusive<Duration>) -> Result<Duration> {
    if range.contains(&duration) {
        return Ok(duration);
    }
    let (low, high, seconds) = (range.start().as_secs(), range.end().as_secs(), duration.as_secs());
    bail!("must be between {low}s and {high}s, not {seconds}s")
}

/// `25 MB`, `512 KB`, `1000000`; a KB is 1,000 octets.
pub fn size(text: &str) -> Result<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let count: u64 = digits
        .trim()
        .parse()
        .with_context(|| format!("{text} is not a size; write 25 MB, 512 KB or a number of octets"))?;
    let unit = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "KB" => 1_000,
        "MB" => 1_000_000,
        _ => bail!("{text} is not a size; write 25 MB, 512 KB or a number of octets"),
    };
    Ok(count.saturating_mul(unit))
}

/// An address, with a port when it is not 53.
pub fn nameserver(text: &str) -> Result<SocketAddr> {
    if let Ok(with_port) = text.parse() {
        return Ok(with_port);
    }
    let address: IpAddr =
        text.parse().map_err(|_| anyhow!("{text} is not an address; write 192.0.2.53 or 192.0.2.53:5353"))?;
    Ok(SocketAddr::new(address, 53))
}
