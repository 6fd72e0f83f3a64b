//! The configuration file: TOML, flattened to the keys of [`KEYS`]; an unknown key is an error with the nearest name.

use super::{
    KEYS, ListenerSettings,
    value::{Origin, Values},
};
use anyhow::{Context, Result, anyhow, bail};
use std::path::Path;
use toml::{Table, Value};

/// Reads a file.
pub fn read(path: &Path) -> Result<(Values, Vec<ListenerSettings>)> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| format!("in {}", path.display()))
}

/// Reads the text of a file.
pub fn parse(text: &str) -> Result<(Values, Vec<ListenerSettings>)> {
    let mut table: Table = toml::from_str(text)?;
    let listeners = match table.remove("listener") {
        None => Vec::new(),
        Some(Value::Array(all)) => all.into_iter().map(listener).collect::<Result<_>>()?,
        Some(_) => bail!("write [[listener]] with two brackets: it is a list"),
    };
    let mut values = Values::default();
    flatten("", table, &mut values)?;
    Ok((values, listeners))
}

fn listener(value: Value) -> Result<ListenerSettings> {
    let Value::Table(table) = value else { bail!("each [[listener]] is a table") };
    let pairs =
        table.into_iter().map(|(key, value)| Ok((key.clone(), text_of(&key, value)?))).collect::<Result<Vec<_>>>()?;
    ListenerSettings::from_pairs(pairs)
}

fn flatten(prefix: &str, table: Table, values: &mut Values) -> Result<()> {
    for (name, value) in table {
        let name = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            Value::Table(inner) => flatten(&name, inner, values)?,
            value => {
                let key = KEYS
                    .iter()
                    .find(|key| key.name == name)
                    .ok_or_else(|| unknown(&name, KEYS.iter().map(|key| key.name)))?;
                values.set(key.name, text_of(&name, value)?, Origin::File);
            }
        }
    }
    Ok(())
}

fn text_of(name: &str, value: Value) -> Result<String> {
    Ok(match value {
        Value::String(text) => text,
        Value::Integer(number) => number.to_string(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Array(items) => items.into_iter().map(|item| text_of(name, item)).collect::<Result<Vec<_>>>()?.join(","),
        other => bail!("{name} cannot be a {}", other.type_str()),
    })
}

/// Names the nearest known key.
pub fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> anyhow::Error {
    match nearest(name, known) {
        Some(nearest) => anyhow!("unknown key {name}; did you mean {nearest}?"),
        None => anyhow!("unknown key {name}"),
    }
}

/// The known name that is most like this one.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known.max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)))
}
