//! The test that a state's type is not changed under those who are in it.

use std::collections::BTreeMap;

use serde::{
    Deserializer,
    de::{self, Visitor},
    forward_to_deserialize_any,
};
use serde_json::{Map, Value};

use super::{
    DialogState,
    record::Stored,
    state::{read, write},
};

/// Asserts that states of type `S` are written as `golden` says, and that what older versions wrote still opens.
///
/// `samples` are states of every variant. `golden` is what each version wrote of them, kept beside the test as a file;
/// when it has to change, the panic shows what it should be. Begin with `{}`.
///
/// ```
/// # use openlines::dispatch::{DialogState, assert_shape};
/// # use serde::{Deserialize, Serialize};
/// #[derive(Serialize, Deserialize)]
/// enum Order {
///     Start,
///     Address { dish: String },
/// }
/// # impl DialogState for Order {
/// #     const VERSION: u32 = 1;
/// #     fn fallback() -> Self { Self::Start }
/// # }
///
/// // In a test, with `include_str!("order.shape.json")`:
/// let golden = r#"{"1": ["Start", {"Address": {"dish": "soup"}}]}"#;
/// assert_shape(golden, &[Order::Start, Order::Address { dish: "soup".into() }]);
/// ```
///
/// # Panics
///
/// If what is written changed without a new [`VERSION`](DialogState::VERSION), if a variant has no sample, or if what an
/// older version wrote does not open.
#[track_caller]
#[allow(clippy::panic, reason = "an assertion, made in tests")]
pub fn assert_shape<S: DialogState>(golden: &str, samples: &[S]) {
    if let Err(wrong) = check::<S>(golden, samples) {
        panic!("{}: {wrong}", std::any::type_name::<S>());
    }
}

fn check<S: DialogState>(golden: &str, samples: &[S]) -> Result<(), String> {
    let written = samples.iter().map(|sample| write(sample).map(|stored| stored.value));
    let written: Vec<Value> = written.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    if written.is_empty() {
        return Err("there are no samples; give one of every variant".into());
    }
    if let Some(missing) = variants::<S>().iter().find(|name| !is_sampled::<S>(name, &written)) {
        return Err(format!("variant `{missing}` has no sample; give one of every variant"));
    }
    let mut known: BTreeMap<u32, Vec<Value>> =
        serde_json::from_str(golden).map_err(|error| format!("the golden shapes cannot be read: {error}"))?;
    if let Some(newest) = known.keys().next_back().filter(|newest| **newest > S::VERSION) {
        return Err(format!("the golden shapes know version {newest}, `VERSION` is {}", S::VERSION));
    }
    match known.get(&S::VERSION) {
        Some(shape) if *shape == written => {}
        before => {
            let why = match before {
                Some(_) => format!(
                    "what is written changed, and those who are in a state written before would be locked out.\n\
                     Raise `VERSION` to {} and write `migrate({}, …)`; what then is written is added to the golden shapes.\n\
                     If only samples were added, the golden shapes should be",
                    S::VERSION.saturating_add(1),
                    S::VERSION
                ),
                None => format!("version {} is new; the golden shapes should be", S::VERSION),
            };
            known.insert(S::VERSION, written);
            let shown = serde_json::to_string_pretty(&known).map_err(|error| error.to_string())?;
            return Err(format!("{why}\n{shown}"));
        }
    }
    for (version, shapes) in known {
        for value in shapes {
            let shown = value.to_string();
            read::<S>(&Stored { version, value, session: false })
                .map_err(|error| format!("{shown}, written by version {version}, does not open: {error}"))?;
        }
    }
    Ok(())
}

/// Whether there is a sample of this variant, under this name or another that it is an alias of.
fn is_sampled<S: DialogState>(name: &str, samples: &[Value]) -> bool {
    samples.iter().any(|sample| {
        let renamed = match sample {
            Value::String(tag) if tag == name => return true,
            Value::String(_) => Value::String(name.to_owned()),
            Value::Object(fields) if fields.len() == 1 => match fields.iter().next() {
                Some((tag, _)) if tag == name => return true,
                Some((_, inner)) => Value::Object(Map::from_iter([(name.to_owned(), inner.clone())])),
                None => return false,
            },
            _ => return false,
        };
        let again = S::deserialize(&renamed).ok().and_then(|state| serde_json::to_value(state).ok());
        again.as_ref() == Some(sample)
    })
}

/// The variants that a type names when it is read; none if it is no enum, or one that is tagged inside.
fn variants<S: DialogState>() -> &'static [&'static str] {
    S::deserialize(Asked).err().map_or(&[], |Told(names)| names)
}

/// Reads nothing, and tells what was asked for.
struct Asked;

#[derive(Debug)]
struct Told(&'static [&'static str]);

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "variants {}", self.0.join(", "))
    }
}

impl std::error::Error for Told {}

impl de::Error for Told {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self(&[])
    }
}

impl<'de> Deserializer<'de> for Asked {
    type Error = Told;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Told> {
        Err(Told(&[]))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Told> {
        Err(Told(variants))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Serialize, Deserialize)]
    enum Order {
        Start,
        #[serde(alias = "Where")]
        Address {
            dish: String,
        },
    }

    impl DialogState for Order {
        const VERSION: u32 = 2;
        fn migrate(version: u32, state: Value) -> Option<Value> {
            (version == 1).then_some(state)
        }
        fn fallback() -> Self {
            Self::Start
        }
    }

    fn samples() -> [Order; 2] {
        [Order::Start, Order::Address { dish: "soup".into() }]
    }

    const NOW: &str = r#""2": ["Start", {"Address": {"dish": "soup"}}]"#;

    #[test]
    fn a_shape_that_did_not_change_passes_and_old_ones_open() {
        assert_shape(&format!(r#"{{"1": [{{"Where": {{"dish": "tea"}}}}], {NOW}}}"#), &samples());
    }

    #[test]
    fn a_shape_that_changed_without_a_new_version_fails_and_says_what_to_do() {
        let before = r#"{"2": ["Start", {"Address": {"meal": "soup"}}]}"#;
        let wrong = check(before, &samples()).unwrap_err();
        assert!(wrong.contains("Raise `VERSION` to 3 and write `migrate(2, …)`"), "{wrong}");
        assert!(wrong.contains("\"dish\": \"soup\""), "it shows what is written now: {wrong}");
    }

    #[test]
    fn a_new_version_asks_for_its_shape_to_be_kept() {
        let wrong = check("{}", &samples()).unwrap_err();
        assert!(wrong.starts_with("version 2 is new; the golden shapes should be\n{"), "{wrong}");
        assert!(check(r#"{"3": []}"#, &samples()).unwrap_err().contains("know version 3"));
    }

    #[test]
    fn what_an_older_version_wrote_has_to_open() {
        let golden = format!(r#"{{"1": [{{"Street": {{"dish": "tea"}}}}], {NOW}}}"#);
        let wrong = check(&golden, &samples()).unwrap_err();
        assert!(wrong.contains("written by version 1, does not open"), "{wrong}");
    }

    #[test]
    fn every_variant_needs_a_sample() {
        let wrong = check(r#"{"2": ["Start"]}"#, &[Order::Start]).unwrap_err();
        assert!(wrong.contains("variant `Address` has no sample"), "{wrong}");
        assert!(check::<Order>("{}", &[]).is_err());
    }
}
