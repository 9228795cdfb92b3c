//! Rows of a conformance set: files named by `OPENLINES_FIXTURES`, else the few given here.

use std::path::PathBuf;

use serde_json::Value;

/// The rows of `file`, or `own` where no directory is named.
pub(crate) fn rows(file: &str, own: Vec<Value>) -> Vec<Value> {
    let Some(dir) = std::env::var_os("OPENLINES_FIXTURES") else { return own };
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(dir);
    let text =
        std::fs::read_to_string(dir.join(file)).unwrap_or_else(|error| panic!("{file} in {dir:?}: {error}"));
    text.lines().filter(|line| !line.is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What was sent.
pub(crate) fn input(row: &Value) -> Value {
    row.get("input_repeat").map_or_else(|| row["input"].clone(), repeated)
}

/// What the portal stored, if it stored anything.
pub(crate) fn stored(row: &Value) -> Option<Value> {
    match row.get("normalized_repeat") {
        Some(repeat) => Some(repeated(repeat)),
        None => row.get("normalized").filter(|stored| !stored.is_null()).cloned(),
    }
}

fn repeated(repeat: &Value) -> Value {
    let part = |name: &str| repeat[name].as_str().unwrap();
    let times = usize::try_from(repeat["times"].as_u64().unwrap()).unwrap();
    let text = format!("{}{}{}", part("prefix"), part("unit").repeat(times), part("suffix"));
    serde_json::from_str(&text).unwrap()
}

/// How many rows of each kind the builders could say.
#[derive(Default)]
pub(crate) struct Tally {
    stored: (usize, usize),
    oversize: (usize, usize),
    unsaid: Vec<String>,
}

impl Tally {
    /// Notes a stored row, and why no builder says it.
    pub(crate) fn stored(&mut self, row: &Value, said: Result<(), String>) {
        self.stored.1 += 1;
        match said {
            Ok(()) => self.stored.0 += 1,
            Err(why) => self.unsaid.push(format!("{}: {why}", row["name"])),
        }
    }

    /// Notes an oversize row.
    pub(crate) fn oversize(&mut self, row: &Value, said: Result<(), String>) {
        self.oversize.1 += 1;
        match said {
            Ok(()) => self.oversize.0 += 1,
            Err(why) => self.unsaid.push(format!("{}: {why}", row["name"])),
        }
    }

    /// Prints the counts. Three rows of four are to be said: the rest is what no bot means, numbers for texts, app 0.
    pub(crate) fn print(self, kind: &str) {
        let ((stored, all), (oversize, all_oversize)) = (self.stored, self.oversize);
        for unsaid in &self.unsaid {
            println!("{kind}, no builder says {unsaid}");
        }
        println!(
            "{kind}: {stored} of {all} stored rows built, each of the same form and size; \
             {oversize} of {all_oversize} oversize rows refused with the same size"
        );
        assert!(stored >= 1, "{kind}: nothing was built");
        let unsaid = self.unsaid.len();
        assert!(unsaid * 4 <= all + all_oversize, "{kind}: {unsaid} rows are unsaid");
    }
}

/// A text field; other types are said by no builder.
pub(crate) fn text<'v>(fields: &'v Value, name: &str) -> Result<Option<&'v str>, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("{name} is {other}, no text")),
    }
}

/// A number field.
pub(crate) fn number<T: TryFrom<i64>>(fields: &Value, name: &str) -> Result<Option<T>, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(given) => match given.as_i64().map(T::try_from) {
            Some(Ok(number)) => Ok(Some(number)),
            _ => Err(format!("{name} is {given}, which the builder's numbers do not hold")),
        },
    }
}

/// A text as the portal reads it in attachments: four sequences are unescaped once more.
pub(crate) fn unescaped(value: &mut Value) -> Result<(), String> {
    match value {
        Value::String(text) => {
            *text =
                text.replace("\\n", "\n").replace("\\t", "\t").replace("\\\"", "\"").replace("\\\\", "\\");
            let still = ["\\n", "\\t", "\\\"", "\\\\"].iter().any(|escape| text.contains(escape));
            if still {
                Err("a sequence that the builder would keep from being unescaped".to_owned())
            } else {
                Ok(())
            }
        }
        Value::Array(items) => items.iter_mut().try_for_each(unescaped),
        Value::Object(fields) => fields.values_mut().try_for_each(unescaped),
        _ => Ok(()),
    }
}

/// HTML entities as the characters they stand for.
pub(crate) fn html_read(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
