//! Reads JSON into a type with little code for each type.
//!
//! What `serde_derive` writes for a struct has two ways in: by names and by order. `serde_json` needs both, for each of
//! some hundred types, and its parser stands in each. Here the text is read once into a [`Value`]; a struct's fields are
//! then looked up by name and handed over in the struct's own order, so only the short way in is ever compiled. The JSON
//! is the same: fields are named, unknown ones are passed over, and a missing
//! one is an error or its default.

use serde::{
    Deserializer,
    de::{
        self, DeserializeOwned, DeserializeSeed, EnumAccess, Expected, IntoDeserializer, MapAccess, SeqAccess,
        Unexpected, VariantAccess, Visitor,
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Value};
use std::fmt;

/// Reads `text`.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    T::deserialize(Reader(serde_json::from_str(text).map_err(|_| Unreadable)?))
}

/// The text is no JSON, or not of this type. Nobody can do anything about where exactly, so that is not said, and the
/// code that would say it is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the JSON that was expected")]
pub struct Unreadable;

impl de::Error for Unreadable {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self
    }

    fn invalid_length(_: usize, _: &dyn Expected) -> Self {
        Self
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }

    fn missing_field(_: &'static str) -> Self {
        Self
    }

    fn duplicate_field(_: &'static str) -> Self {
        Self
    }
}

struct Reader(Value);

/// The place of `name` in `names`.
fn place(name: &str, names: &[&str]) -> Result<u32, Unreadable> {
    let at = names.iter().position(|one| *one == name);
    at.and_then(|at| u32::try_from(at).ok()).ok_or(Unreadable)
}

impl<'de> Deserializer<'de> for Reader {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => visitor.visit_u64(number),
                (_, Some(number), _) => visitor.visit_i64(number),
                (.., Some(number)) => visitor.visit_f64(number),
                _ => Err(Unreadable),
            },
            Value::String(_) => self.deserialize_string(visitor),
            Value::Array(_) => self.deserialize_seq(visitor),
            Value::Object(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::Object(fields) => visitor.visit_seq(Fields { names, fields }),
            _ => Err(Unreadable),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        let (name, content) = match self.0 {
            Value::String(name) => (name, None),
            Value::Object(object) if object.len() == 1 => match object.into_iter().next() {
                Some((name, content)) => (name, Some(content)),
                None => return Err(Unreadable),
            },
            _ => return Err(Unreadable),
        };
        visitor.visit_enum(Variant { place: place(&name, names)?, content })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(Items(items.into_iter())),
            _ => Err(Unreadable),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::Object(map) => visitor.visit_map(Entries { entries: map.into_iter(), value: Value::Null }),
            _ => Err(Unreadable),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::String(text) => visitor.visit_string(text),
            _ => Err(Unreadable),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct identifier
    }
}

/// The fields of a struct, in its own order.
struct Fields {
    names: &'static [&'static str],
    fields: Map<String, Value>,
}

impl Fields {
    fn next(&mut self) -> Option<Value> {
        let (name, rest) = self.names.split_first()?;
        self.names = rest;
        self.fields.remove(*name)
    }
}

impl<'de> SeqAccess<'de> for Fields {
    type Error = Unreadable;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unreadable> {
        self.next().map(|value| seed.deserialize(Reader(value))).transpose()
    }
}

/// The items of a list.
struct Items(std::vec::IntoIter<Value>);

impl<'de> SeqAccess<'de> for Items {
    type Error = Unreadable;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unreadable> {
        self.0.next().map(|value| seed.deserialize(Reader(value))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The entries of a map that is no struct.
struct Entries {
    entries: serde_json::map::IntoIter,
    value: Value,
}

impl<'de> MapAccess<'de> for Entries {
    type Error = Unreadable;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unreadable> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.value = value;
        seed.deserialize(Reader(Value::String(key))).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unreadable> {
        seed.deserialize(Reader(self.value.take()))
    }
}

/// One variant of an enum, by its place among them.
struct Variant {
    place: u32,
    content: Option<Value>,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = Unreadable;
    type Variant = Content;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content), Unreadable> {
        let place: serde::de::value::U32Deserializer<Unreadable> = self.place.into_deserializer();
        Ok((seed.deserialize(place)?, Content(self.content)))
    }
}

/// What a variant holds.
struct Content(Option<Value>);

impl<'de> VariantAccess<'de> for Content {
    type Error = Unreadable;

    fn unit_variant(self) -> Result<(), Unreadable> {
        if self.0.is_none() { Ok(()) } else { Err(Unreadable) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Unreadable> {
        self.0.ok_or(Unreadable).and_then(|value| seed.deserialize(Reader(value)))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unreadable> {
        self.0.ok_or(Unreadable).and_then(|value| Reader(value).deserialize_seq(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.0.ok_or(Unreadable).and_then(|value| Reader(value).deserialize_struct("", names, visitor))
    }
}

#[cfg(test)]
mod tests {
    use super::from_str;
    use serde::{Deserialize, Serialize};
    use std::{collections::BTreeMap, fmt::Debug, net::IpAddr};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Whole {
        text: String,
        number: u64,
        share: f64,
        yes: bool,
        maybe: Option<Box<Whole>>,
        kinds: Vec<Kind>,
        pair: (i32, String),
        map: BTreeMap<String, u8>,
        address: IpAddr,
        id: uuid::Uuid,
        wrapped: Wrapped,
        #[serde(default)]
        later: u32,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Wrapped(String);

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        NoContent,
        One(u8),
        Two(u8, String),
        Named { from: Option<String>, to: Vec<u8> },
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind", rename_all = "lowercase")]
    enum Tagged {
        Plain,
        Full { name: String, maybe: Option<u8> },
    }

    fn whole() -> Whole {
        Whole {
            text: "a \"b\" \u{1f600}\n".to_owned(),
            number: u64::MAX,
            share: 0.1,
            yes: true,
            maybe: None,
            kinds: vec![
                Kind::NoContent,
                Kind::One(1),
                Kind::Two(2, "two".to_owned()),
                Kind::Named { from: None, to: vec![1, 2] },
            ],
            pair: (-1, String::new()),
            map: BTreeMap::from([("one".to_owned(), 1)]),
            address: IpAddr::from([192, 0, 2, 1]),
            id: uuid::Uuid::nil(),
            wrapped: Wrapped("w".to_owned()),
            later: 7,
        }
    }

    fn same<T: Debug + PartialEq + Serialize + serde::de::DeserializeOwned>(value: &T) {
        let text = serde_json::to_string(value).expect("it can be written");
        assert_eq!(&from_str::<T>(&text).expect("it can be read"), value, "{text}");
    }

    #[test]
    fn what_was_written_is_read() {
        same(&Whole { maybe: Some(Box::new(whole())), ..whole() });
        same(&vec![Tagged::Plain, Tagged::Full { name: "n".to_owned(), maybe: None }]);
        same(&Ok::<(), String>(()));
    }

    #[test]
    fn order_and_unknown_fields_do_not_matter_and_a_missing_field_is_its_default_or_an_error() {
        let mut value = serde_json::to_value(whole()).expect("it can be written");
        let fields = value.as_object_mut().expect("a struct is an object");
        fields.remove("later");
        fields.insert("unknown".to_owned(), 1.into());
        assert_eq!(from_str::<Whole>(&value.to_string()).ok(), Some(Whole { later: 0, ..whole() }));
        value.as_object_mut().expect("a struct is an object").remove("yes");
        assert!(from_str::<Whole>(&value.to_string()).is_err());
    }

    #[test]
    fn another_shape_is_an_error() {
        for text in ["", "{", "[]", "{}", "null", "\"no_content\"", "1"] {
            assert!(from_str::<Whole>(text).is_err(), "{text}");
        }
        for text in ["\"other\"", "\"one\"", "{\"no_content\":1}", "{\"one\":[1]}", "{\"one\":1,\"two\":2}", "{}"] {
            assert!(from_str::<Kind>(text).is_err(), "{text}");
        }
    }
}
