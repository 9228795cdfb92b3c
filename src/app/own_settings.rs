//! Settings of a bot's own, from one TOML file.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::{App, AppError, AppErrorKind};

impl App {
    /// Settings of the bot's own: from the TOML file that `--settings` or `OPENLINES_SETTINGS` names, else from `file` in
    /// the current directory if it is there, else the defaults of `T`.
    ///
    /// What is wrong is named by file, key and what is allowed; give `T` `#[serde(deny_unknown_fields)]`, so that a
    /// misspelt key is, too. What a type checks while it is read, as [`WorkingHours`](crate::clock::WorkingHours) does,
    /// is named in the same way.
    ///
    /// ```
    /// use openlines::prelude::*;
    ///
    /// #[derive(Debug, Default, serde::Deserialize)]
    /// #[serde(deny_unknown_fields, default)]
    /// struct Settings {
    ///     greeting: String,
    /// }
    ///
    /// let dir = tempfile::tempdir().unwrap();
    /// let file = dir.path().join("shop.toml");
    /// std::fs::write(&file, "greeting = 5").unwrap();
    /// let app = App::from_args(["shop", "--settings", file.to_str().unwrap()])?;
    /// let wrong = app.settings::<Settings>("shop.toml").unwrap_err();
    /// assert!(wrong.to_string().ends_with("shop.toml: `greeting`: invalid type: integer `5`, expected a string"));
    /// # Ok::<(), AppError>(())
    /// ```
    ///
    /// **Trap:** an error may repeat the value that is wrong. Keep secrets in the environment, not in the file.
    pub fn settings<T: DeserializeOwned + Default>(&self, file: &str) -> Result<T, AppError> {
        let (path, named) = match &self.settings {
            Some(path) => (path.clone(), true),
            None => (PathBuf::from(file), false),
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => settings_of(&path, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !named => Ok(T::default()),
            Err(error) => {
                let what = format!("{}: the settings cannot be read ({error})", path.display());
                Err(AppError::new(AppErrorKind::Setting, what).caused(error))
            }
        }
    }
}

/// Reads `text`, the content of the TOML file `path`, as [`App::settings`] does: for what a bot keeps in further files.
///
/// ```
/// use openlines::app::settings_of;
/// use std::{collections::BTreeMap, path::Path};
///
/// type Prices = BTreeMap<String, u32>;
/// assert_eq!(settings_of::<Prices>(Path::new("prices.toml"), "tea = 60")?["tea"], 60);
/// let wrong = settings_of::<Prices>(Path::new("prices.toml"), "tea = -1").unwrap_err();
/// assert!(wrong.to_string().starts_with("prices.toml: `tea`: "));
/// # Ok::<(), openlines::prelude::AppError>(())
/// ```
pub fn settings_of<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, AppError> {
    let wrong = |key: Option<String>, why: &toml::de::Error| {
        let line = why.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        let place = match (key, line) {
            (Some(key), _) => format!("`{key}`"),
            (None, Some(line)) => format!("line {line}"),
            (None, None) => "the file".into(),
        };
        let what = format!("{}: {place}: {}", path.display(), why.message().trim_end());
        AppError::new(AppErrorKind::Setting, what)
    };
    let document = toml::Deserializer::parse(text).map_err(|error| wrong(None, &error))?;
    serde_path_to_error::deserialize(document).map_err(|error| {
        let path = error.path().to_string();
        wrong((path != ".").then_some(path), error.inner())
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Shop {
        name: String,
        queues: Vec<Queue>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Queue {
        line: u32,
        kind: Kind,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Sales,
        Help,
    }

    fn wrong(text: &str) -> String {
        let error = settings_of::<Shop>(Path::new("shop.toml"), text).unwrap_err();
        assert_eq!(error.kind(), AppErrorKind::Setting);
        error.to_string()
    }

    #[test]
    fn what_is_wrong_is_named_by_file_key_and_what_is_allowed() {
        assert_eq!(
            wrong("[[queues]]\nline = 5\nkind = \"sales\"\n[[queues]]\nline = 5\nkind = \"repair\""),
            "shop.toml: `queues[1].kind`: unknown variant `repair`, expected `sales` or `help`"
        );
        let unknown = wrong("[[queues]]\nlines = 5");
        assert!(unknown.contains("`queues[0].lines`") && unknown.contains("`line`"), "{unknown}");
        let range = wrong("[[queues]]\nline = -1\nkind = \"help\"");
        assert!(range.starts_with("shop.toml: `queues[0].line`: "), "{range}");
        let broken = wrong("name = \"shop\"\nname\n");
        assert!(broken.starts_with("shop.toml: line 2: "), "{broken}");
    }

    #[test]
    fn a_file_that_is_named_has_to_be_there_and_the_usual_one_need_not() {
        let app = App::from_args(["shop"]).unwrap();
        assert_eq!(app.settings::<Shop>("there-is-no-such-file.toml").unwrap(), Shop::default());
        let app = App::from_args(["shop", "--settings", "there-is-no-such-file.toml"]).unwrap();
        let wrong = app.settings::<Shop>("shop.toml").unwrap_err().to_string();
        assert!(wrong.starts_with("there-is-no-such-file.toml: the settings cannot be read"), "{wrong}");
    }
}
