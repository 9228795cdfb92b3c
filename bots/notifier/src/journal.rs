//! A CSV file that only grows, and of which the last row for each key counts. A row that was added is on disk.
//!
//! **Trap:** a process that is killed may leave half a row at the end. It does not count, and is cut off by the next row, as
//! what was never acknowledged.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{ErrorKind, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use openlines::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

/// The file. Nothing is changed before something is added, so it may be looked at beside a program that writes it.
#[derive(Debug)]
pub struct Journal<K, R> {
    path: PathBuf,
    /// Bytes of whole rows.
    size: u64,
    key: fn(&R) -> K,
    last: BTreeMap<K, R>,
}

impl<K: Ord, R: Serialize + DeserializeOwned> Journal<K, R> {
    /// Reads the file, which is made with its first row.
    pub(crate) fn open(path: &Path, key: fn(&R) -> K) -> Result<Self, AppError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let text = match std::fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound && folder.is_none_or(Path::is_dir) => {
                String::new()
            }
            text => text.map_err(|error| wrong(path, format!("it cannot be read and written ({error})")))?,
        };
        let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
        let rows = csv::Reader::from_reader(whole.as_bytes()).into_deserialize::<R>();
        let last = rows.map(|row| row.map(|row| (key(&row), row))).collect::<Result<_, _>>();
        let last = last.map_err(|error| wrong(path, format!("{error}; mend or remove that row")))?;
        Ok(Self { path: path.to_owned(), size: whole.len() as u64, key, last })
    }

    /// The last row for this key.
    pub fn of(&self, key: &K) -> Option<&R> {
        self.last.get(key)
    }

    /// Adds rows.
    pub(crate) fn add(&mut self, rows: Vec<R>) -> Result<(), AppError> {
        if !rows.is_empty() {
            self.size = write(&self.path, self.size, &rows)?;
        }
        self.last.extend(rows.into_iter().map(|row| ((self.key)(&row), row)));
        Ok(())
    }

    /// Leaves one row for each key, at once: in this order, and the others behind.
    pub(crate) fn tidy(&mut self, order: impl IntoIterator<Item = K>) -> Result<(), AppError> {
        let mut rest: BTreeMap<&K, &R> = self.last.iter().collect();
        let mut rows: Vec<&R> = order.into_iter().filter_map(|key| rest.remove(&key)).collect();
        rows.extend(rest.into_values());
        let new = self.path.with_extension("new");
        let size = write(&new, 0, &rows)?;
        std::fs::rename(&new, &self.path).map_err(|error| unwritten(&self.path, &error))?;
        self.size = size;
        Ok(())
    }
}

/// Puts the rows behind the first `size` bytes of the file; how many it has then.
fn write<R: Serialize>(path: &Path, size: u64, rows: &[R]) -> Result<u64, AppError> {
    let put = || {
        let mut text = csv::WriterBuilder::new().has_headers(size == 0).from_writer(Vec::new());
        rows.iter().try_for_each(|row| text.serialize(row)).map_err(std::io::Error::other)?;
        let text = text.into_inner().map_err(|error| error.into_error())?;
        let mut file = File::options().create(true).truncate(false).write(true).open(path)?;
        file.set_len(size)?;
        file.seek(SeekFrom::End(0))?;
        file.write_all(&text)?;
        file.sync_data()?;
        Ok(size + text.len() as u64)
    };
    put().map_err(|error| unwritten(path, &error))
}

fn unwritten(path: &Path, error: &std::io::Error) -> AppError {
    wrong(path, format!("it cannot be written ({error})"))
}

/// What is wrong with a file.
pub(crate) fn wrong(path: &Path, why: String) -> AppError {
    AppError::failed(format!("{}: {why}", path.display()))
}
