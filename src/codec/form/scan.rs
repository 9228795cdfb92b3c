//! Finding the next byte that matters, eight bytes at a time.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Where the first byte stands that is one of `wanted`; the length of `bytes` if none is.
#[inline]
pub(super) fn first_of<const N: usize>(bytes: &[u8], wanted: [u8; N]) -> usize {
    let (chunks, rest) = bytes.as_chunks::<8>();
    for (at, chunk) in chunks.iter().enumerate() {
        let word = u64::from_le_bytes(*chunk);
        let mut found = 0;
        for byte in wanted {
            // A byte of `off` is zero where the wanted one stands; the subtraction then sets its high bit. Bits above
            // the first such byte may be wrong, the first one is not.
            let off = word ^ (ONES * u64::from(byte));
            found |= off.wrapping_sub(ONES) & !off & HIGHS;
        }
        if found != 0 {
            return at * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let tail = rest.iter().position(|byte| wanted.contains(byte)).unwrap_or(rest.len());
    bytes.len() - rest.len() + tail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wanted_byte_is_found_wherever_it_stands() {
        for length in 0..40 {
            for at in 0..=length {
                let mut bytes = vec![b'&' ^ 1; length];
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = b'&';
                }
                assert_eq!(first_of(&bytes, [b'=', b'&']), at, "{at} of {length}");
            }
        }
    }

    #[test]
    fn every_byte_value_is_told_from_every_other() {
        for wanted in 0..=255 {
            for other in 0..=255u8 {
                let found = first_of(&[other; 8], [wanted]);
                assert_eq!(found, if other == wanted { 0 } else { 8 }, "{wanted} in {other}");
            }
        }
    }
}
