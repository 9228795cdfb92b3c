//! Who the portal is, kept in a file, so that a bot's environment serves again after a restart.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
//! use openlines_emulator::Emulator;
//! let folder = tempfile::tempdir()?;
//! let file = folder.path().join("portal.json");
//! let first = Emulator::builder().identity(&file)?.start().await?.portal().app();
//! let second = Emulator::builder().identity(&file)?.start().await?.portal().app();
//! assert_eq!(first.client_secret, second.client_secret);
//! assert_eq!(first.member_id, second.member_id);
//! # Ok(()) }
//! ```
//!
//! Kept are names and secrets, and the authority of a TLS port; chats, bots and tokens are not. A bot remembers the
//! numbers of messages that it has seen, so every start begins its numbers where the last one cannot have come to.
//!
//! The trap: the file is as good as the secrets in it. It is written for its owner alone.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::tls::Authority;
use crate::world::identity::Secrets;

/// The form of the file.
const VERSION: u32 = 1;

/// An identity that a file keeps, as one start uses it.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) secrets: Secrets,
    /// How often the portal was started before.
    pub(crate) starts: i64,
    pub(super) authority: Authority,
    /// Where the authority's certificate is put for clients.
    pub(super) certificate: PathBuf,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("starts", &self.starts).finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct Written {
    version: u32,
    starts: i64,
    secrets: Secrets,
    authority: Authority,
}

impl Kept {
    /// Reads the file, or makes it, and counts this start in it.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let mut written = match fs::read(&path) {
            Ok(bytes) => read(&bytes).map_err(|why| {
                let text = format!(
                    "{} holds no identity of a portal: {why}; remove it to begin anew",
                    path.display()
                );
                io::Error::new(io::ErrorKind::InvalidData, text)
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Written {
                version: VERSION,
                starts: -1,
                secrets: Secrets::random(),
                authority: Authority::new()?,
            },
            Err(error) => return Err(told("read", &path, &error)),
        };
        written.starts += 1;
        if written.authority.ends_soon() {
            written.authority = Authority::new()?;
        }
        let bytes = serde_json::to_vec_pretty(&written).map_err(io::Error::other)?;
        replace(&path, &bytes).map_err(|error| told("write", &path, &error))?;
        let mut certificate = path.into_os_string();
        certificate.push(".ca.pem");
        let Written { starts, secrets, authority, .. } = written;
        Ok(Self { secrets, starts, authority, certificate: certificate.into() })
    }

    /// Puts the authority's certificate where clients look for it.
    pub(super) fn write_certificate(&self) -> io::Result<()> {
        replace(&self.certificate, self.authority.certificate().as_bytes())
            .map_err(|error| told("write", &self.certificate, &error))
    }
}

/// What is wrong is told by its place: an error of the parser may quote a secret.
fn read(bytes: &[u8]) -> Result<Written, String> {
    let written: Written = serde_json::from_slice(bytes)
        .map_err(|error| format!("it cannot be read at line {}, column {}", error.line(), error.column()))?;
    if written.version != VERSION {
        return Err(format!("its version is {}, not {VERSION}", written.version));
    }
    if !(0..=MOST_STARTS).contains(&written.starts) {
        return Err("its count of starts is out of range".to_owned());
    }
    Ok(written)
}

/// Beyond it the portal's numbers would leave 32 bits, which some bots keep them in.
const MOST_STARTS: i64 = 2_000;

fn told(what: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot {what} {}: {error}", path.display()))
}

/// Writes the whole file or nothing, for its owner alone.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // The owner's alone from the start: it is made with mode 0600.
    let mut file = tempfile::Builder::new().prefix(".openlines-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_identity_is_left_alone_and_its_secrets_are_not_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("portal.json");
        let whole = Kept::open(&path).map(|_| fs::read_to_string(&path).expect("it was written"));
        let whole = whole.expect("a fresh identity");
        for (spoilt, place) in [
            ("", "line 1"),
            ("{\"version\": \"sesame\"}", "line 1"),
            (&whole.replace("\"version\": 1", "\"version\": 9"), "version is 9"),
            (&whole.replace("\"starts\": 0", "\"starts\": 9000000"), "out of range"),
        ] {
            fs::write(&path, spoilt).expect("it can be written");
            let error = Kept::open(&path).expect_err(spoilt).to_string();
            assert!(error.contains(place) && error.contains("remove it"), "{error}");
            assert!(!error.contains("sesame"), "{error}");
            assert_eq!(fs::read_to_string(&path).expect("it is there"), spoilt);
        }
    }

    #[test]
    fn nothing_secret_is_in_its_debug_form() {
        let folder = tempfile::tempdir().expect("a folder");
        let kept = Kept::open(&folder.path().join("portal.json")).expect("a fresh identity");
        assert_eq!(format!("{kept:?}"), "Kept { starts: 0, .. }");
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_reads_it_whatever_was_there_before() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("portal.json");
        let mode = || fs::metadata(&path).expect("it is there").permissions().mode() & 0o777;
        Kept::open(&path).expect("a fresh identity");
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("it is ours");
        Kept::open(&path).expect("the same identity");
        assert_eq!(mode(), 0o600);
    }
}
