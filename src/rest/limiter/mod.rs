//! Keeps what a portal allows (protocol 8.6): its rate, and the operating time of each method.
//!
//! [`Limited`] is the face of it. Behind it a turnstile for each portal: a bucket, a line, and a gauge for each method.
//! Examples stand with what they show.
//!
//! **Trap:** a slot is given before its caller runs; whoever drops a call gives it back.

mod bucket;
mod gauge;
mod levels;
mod limited;
mod limits;
mod line;
mod operating;
mod portals;
mod turnstile;

pub use levels::{Level, LevelKeeper, MemoryLevels};
pub use limited::Limited;
pub use limits::Limits;
pub use line::CallPriority;
pub(crate) use line::{Line, Spot};
pub use operating::Operating;
pub(super) use operating::Told;
pub use portals::Slots;
