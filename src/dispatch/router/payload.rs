//! placeholder until the keyboard has it
use crate::wire::Command;
/// x
pub trait ButtonPayload: serde::Serialize + serde::de::DeserializeOwned {
    /// x
    const COMMAND: &'static str;
    /// x
    fn press(command: &str, params: &str) -> ButtonPress<Self> {
        let _ = command;
        match serde_json::from_str(params) {
            Ok(x) => ButtonPress::Payload(x),
            Err(_) => ButtonPress::Stale(()),
        }
    }
}
/// x
#[derive(Debug)]
pub enum ButtonPress<T> {
    /// x
    Payload(T),
    /// x
    NotMine,
    /// x
    Stale(()),
}
impl<T> ButtonPress<T> {
    /// x
    pub fn payload(self) -> Option<T> {
        match self {
            Self::Payload(x) => Some(x),
            _ => None,
        }
    }
}
