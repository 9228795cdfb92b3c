//! What a body may hold.

use super::{FormError, FormErrorKind};

/// The named limits of a body. A body over one of them is refused whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of the body. The largest events seen have some 100 KB; half of it is tokens and encoded brackets.
    pub body_bytes: usize,
    /// Pairs of the body. PHP itself stops at 1,000, so a portal sends fewer.
    pub pairs: usize,
    /// Brackets below the first name, as many as PHP allows.
    pub brackets: usize,
    /// Bytes of one key after decoding.
    pub key_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_bytes: 1024 * 1024, pairs: 5_000, brackets: 64, key_bytes: 512 }
    }
}

impl Limits {
    /// The same with another limit on the bytes of the body; 4 GiB are the most that can be decoded.
    #[must_use = "the limits are returned, not changed in place"]
    pub fn body_bytes(self, body_bytes: usize) -> Self {
        Self { body_bytes: body_bytes.min(u32::MAX as usize / 4), ..self }
    }

    pub(in crate::codec) fn check_body(&self, bytes: usize) -> Result<(), FormError> {
        // Positions in the arena are 32 bits wide, and text that is not UTF-8 grows threefold.
        let most = self.body_bytes.min(u32::MAX as usize / 4);
        if bytes > most {
            return Err(FormError::new(FormErrorKind::BodyTooLarge { limit: most }, most));
        }
        Ok(())
    }

    pub(in crate::codec) fn check_pairs(&self, pairs: usize, at: usize) -> Result<(), FormError> {
        if pairs > self.pairs {
            return Err(FormError::new(FormErrorKind::TooManyPairs { limit: self.pairs }, at));
        }
        Ok(())
    }
}
