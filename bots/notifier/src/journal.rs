//! A CSV file that only grows: a row that is appended is on disk when that returns.
//!
//! **Trap:** a process that is killed may leave half a row at the end. It is cut off when the file is opened again, as what
//! was never acknowledged.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use openlines::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

/// The open file.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    path: PathBuf,
    empty: bool,
}

impl Journal {
    /// Opens the file, which is made if need be, and reads its rows.
    pub(crate) fn open<R: DeserializeOwned>(path: &Path) -> Result<(Self, Vec<R>), AppError> {
        let unreadable = |error| wrong(path, format!("it cannot be read and written ({error})"));
        let mut options = File::options();
        let mut file =
            options.create(true).truncate(false).read(true).write(true).open(path).map_err(unreadable)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(unreadable)?;
        text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
        file.set_len(text.len() as u64).map_err(unreadable)?;
        file.seek(SeekFrom::End(0)).map_err(unreadable)?;
        let rows: Result<Vec<R>, csv::Error> =
            csv::Reader::from_reader(text.as_bytes()).deserialize().collect();
        let rows = rows.map_err(|error| wrong(path, format!("{error}; mend or remove that row")))?;
        Ok((Self { file, path: path.to_owned(), empty: text.is_empty() }, rows))
    }

    /// Appends rows.
    pub(crate) fn append<R: Serialize>(&mut self, rows: impl IntoIterator<Item = R>) -> Result<(), AppError> {
        let written = text_of(rows, self.empty).and_then(|text| {
            self.file.write_all(&text)?;
            self.file.sync_data()?;
            Ok(!text.is_empty())
        });
        match written {
            Ok(wrote) => self.empty &= !wrote,
            Err(error) => return Err(wrong(&self.path, format!("it cannot be written ({error})"))),
        }
        Ok(())
    }

    /// Puts these rows in place of all there are, at once.
    pub(crate) fn replace<R: Serialize>(
        &mut self,
        rows: impl IntoIterator<Item = R>,
    ) -> Result<(), AppError> {
        let beside = self.path.with_extension("new");
        let replaced = text_of(rows, true).and_then(|text| {
            let mut file = File::create(&beside)?;
            file.write_all(&text)?;
            file.sync_data()?;
            std::fs::rename(&beside, &self.path)?;
            Ok(file)
        });
        self.file = replaced.map_err(|error| wrong(&self.path, format!("it cannot be written ({error})")))?;
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
