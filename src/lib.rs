//! openlines.
