//! [`Layer`]: what is done around every handler of a router: logging, timing, permissions.
//!
//! ```
//! use openlines::prelude::*;
//!
//! struct Timed;
//!
//! #[async_trait]
//! impl Layer for Timed {
//!     async fn around(&self, cx: &Context, incoming: &Incoming, next: Next<'_>) -> Handled {
//!         let (began, route) = (std::time::Instant::now(), next.route().to_owned());
//!         let handled = next.run(cx, incoming).await;
//!         println!("{route} took {:?}", began.elapsed());
//!         handled
//!     }
//! }
//!
//! // Around a whole bot, whatever its kind:
//! # async fn echo(_cx: Context, message: Message) -> String { literal(&message.text).to_string() }
//! let router = Router::new().layer(Timed).rest(echo);
//! # let _ = router;
//! ```
//!
//! **Trap:** a turn that fails runs again, and the layer with it. What it does besides asking its [`Context`] it does
//! again.

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use super::{endpoint::Endpoint, table::Scope};
use crate::{
    dispatch::{Context, Handled},
    wire::Incoming,
};

/// Something around handlers, see [`Router::layer`](super::Router::layer).
#[async_trait]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no layer",
    note = "implement `Layer` for it: `#[async_trait] impl Layer for {Self} {{ async fn around(&self, cx: &Context, incoming: &Incoming, next: Next<'_>) -> Handled {{ next.run(cx, incoming).await }} }}`"
)]
pub trait Layer: Send + Sync + 'static {
    /// Calls `next`, or answers itself. What the handler asked of `cx` before it failed is thrown away with the turn.
    async fn around(&self, cx: &Context, incoming: &Incoming, next: Next<'_>) -> Handled;
}

/// What a layer is around of: the next layer, or the handler.
#[must_use = "the handler does not run unless `run` is called"]
pub struct Next<'a> {
    layers: &'a [Arc<dyn Layer>],
    endpoint: &'a Endpoint,
    scope: &'a Scope,
    route: &'a str,
}

impl<'a> Next<'a> {
    pub(super) fn new(endpoint: &'a Endpoint, scope: &'a Scope, route: &'a str) -> Self {
        Self { layers: &scope.layers, endpoint, scope, route }
    }

    /// The route that was taken, in words; the same that [`Router::takes`](super::Router::takes) says.
    pub fn route(&self) -> &str {
        self.route
    }

    /// Goes on. An event that is changed on the way reaches the handler as it is then; the way stays.
    pub async fn run(self, cx: &Context, incoming: &Incoming) -> Handled {
        match self.layers.split_first() {
            Some((layer, layers)) => layer.around(cx, incoming, Next { layers, ..self }).await,
            None => (self.endpoint)(cx, incoming, self.scope).await,
        }
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("route", &self.route).finish_non_exhaustive()
    }
}
