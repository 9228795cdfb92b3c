//! A CSV file that only grows: a row that is appended is on disk when that returns.
//!
//! **Trap:** a process that is killed may leave half a row at the end. It does not count, and is cut off by the next row, as
//! what was never acknowledged.

use std::{
    fs::File,
    io::{ErrorKind, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use openlines::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

/// The file. Nothing is changed before the first append, so it may be looked at beside a program that writes it.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    /// Bytes of whole rows.
    size: u64,
    file: Option<File>,
}

impl Journal {
    /// Reads the rows of the file, none if it is not there yet.
    pub(crate) fn open<R: DeserializeOwned>(path: &Path) -> Result<(Self, Vec<R>), AppError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let text = match std::fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound && folder.is_none_or(Path::is_dir) => {
                String::new()
            }
            text => text.map_err(|error| wrong(path, format!("it cannot be read and written ({error})")))?,
        };
        let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
        let rows = csv::Reader::from_reader(whole.as_bytes()).deserialize().collect::<Result<Vec<R>, _>>();
        let rows = rows.map_err(|error| wrong(path, format!("{error}; mend or remove that row")))?;
        Ok((Self { path: path.to_owned(), size: whole.len() as u64, file: None }, rows))
    }

    /// Appends rows.
    pub(crate) fn append<R: Serialize>(&mut self, rows: impl IntoIterator<Item = R>) -> Result<(), AppError> {
        let written = text_of(rows, self.size == 0).and_then(|text| {
            let mut file = match self.file.take() {
                Some(file) => file,
                None => File::options().create(true).truncate(false).write(true).open(&self.path)?,
            };
            file.set_len(self.size)?;
            file.seek(SeekFrom::End(0))?;
            file.write_all(&text)?;
            file.sync_data()?;
            self.size += text.len() as u64;
            self.file = Some(file);
            Ok(())
        });
        written.map_err(|error| wrong(&self.path, format!("it cannot be written ({error})")))
    }

    /// Puts these rows in place of all there are, at once.
    pub(crate) fn replace<R: Serialize>(
        &mut self,
        rows: impl IntoIterator<Item = R>,
    ) -> Result<(), AppError> {
        let mut new = Self { path: self.path.with_extension("new"), size: 0, file: None };
        new.append(rows)?;
        let renamed = std::fs::rename(&new.path, &self.path);
        renamed.map_err(|error| wrong(&self.path, format!("it cannot be written ({error})")))?;
        (self.size, self.file) = (new.size, new.file);
        Ok(())
    }
}

fn text_of<R: Serialize>(rows: impl IntoIterator<Item = R>, header: bool) -> std::io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().has_headers(header).from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).map_err(std::io::Error::other)?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}

/// What is wrong with a file.
pub(crate) fn wrong(path: &Path, why: String) -> AppError {
    AppError::failed(format!("{}: {why}", path.display()))
}
