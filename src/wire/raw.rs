//! A callback as decoded, before anything in it is understood.

/// The decoded pairs of one callback.
#[derive(Debug, Default)]
pub struct Raw {}

/// One place in a [`Raw`]: a scalar or a map.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    _raw: &'a Raw,
}
