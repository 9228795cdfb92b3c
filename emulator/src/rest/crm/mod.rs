//! `crm.*`: the few methods that bots of open lines use. They read names in any case and refuse with an empty code.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let emulator = openlines_emulator::Emulator::start().await;
//! let url = format!("{}crm.lead.list?filter[%3CID]=3&select[]=TITLE", emulator.portal().webhook_url());
//! let body: serde_json::Value = reqwest::get(url).await.unwrap().json().await.unwrap();
//! assert_eq!((&body["total"], &body["result"][1]["TITLE"]), (&2.into(), &"Lead 2".into()));
//! # }
//! ```
//!
//! The trap: with an empty code, only `error_description` tells what is wrong.

pub(super) mod duplicates;
pub(super) mod entities;
pub(super) mod timeline;

use super::{Call, RestError};

/// A refusal of the CRM's old methods: no code, only a text.
fn refused(text: &str) -> RestError {
    RestError::bad("", text)
}

/// Refuses a caller without the right to read the CRM.
fn reader(call: &Call<'_>) -> Result<(), RestError> {
    if call.world.crm.blind.contains(&call.auth.user_id) {
        return Err(RestError::forbidden("ACCESS_DENIED", "Access denied."));
    }
    Ok(())
}
