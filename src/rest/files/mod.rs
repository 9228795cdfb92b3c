//! Files: into a chat up to 100 MiB, and out of one within limits, neither ever whole in memory unless wanted.
//!
//! ```no_run
//! use openlines::{rest::{DownloadLimits, Upload}, prelude::*};
//!
//! async fn copy(cx: Context, message: Message) -> Result<(), HandlerError> {
//!     let pictures = DownloadLimits::new().max_bytes(5 << 20).types(["png", "jpg"]);
//!     for file in &message.files {
//!         let picture = cx.download(file, &pictures).await?;
//!         let name = picture.name().to_owned();
//!         cx.upload(&Upload::bytes(name, picture.bytes().await?).message("Thank you")).await?;
//!     }
//!     Ok(())
//! }
//! # fn main() {}
//! ```
//!
//! **Trap:** the address of a file is a secret: whoever has it has the file. It is shown nowhere.

mod content;
mod download;
mod error;
mod limits;
mod name;
mod upload;

pub use content::FileContent;
pub(super) use content::Trouble;
pub(crate) use download::KeptFiles;
pub use download::{Download, Downloads};
pub use error::{DownloadError, DownloadErrorKind};
pub use limits::DownloadLimits;
pub use upload::{FILE_LIMIT, Upload};
