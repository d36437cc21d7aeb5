//! How a value lies on disk: a format byte, a CRC-32 of key, format and content, the content. The key is part of the
//! checksum, so a value that ended up at another key is noticed too.

use crate::StoreError;
use crate::error::show_key;

/// A value that stands whole behind its frame.
pub(crate) const WHOLE: u8 = 1;
/// A value that was cut: the frame holds how many parts there are and what the whole must come to.
pub(crate) const CUT: u8 = 2;

const HEAD: usize = 5;

/// A framed value's content and its format.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Framed<'a> {
    Whole(&'a [u8]),
    Cut { parts: u32, sum: u32 },
}

pub(crate) fn seal(key: &[u8], content: &[u8]) -> Vec<u8> {
    frame(WHOLE, key, content)
}

pub(crate) fn seal_cut(key: &[u8], parts: u32, sum: u32) -> Vec<u8> {
    let mut content = parts.to_be_bytes().to_vec();
    content.extend(sum.to_be_bytes());
    frame(CUT, key, &content)
}

pub(crate) fn open<'a>(key: &[u8], framed: &'a [u8]) -> Result<Framed<'a>, StoreError> {
    let corrupt = || StoreError::Corrupt { key: show_key(key) };
    let ([format, sum @ ..], content) = framed.split_first_chunk::<HEAD>().ok_or_else(corrupt)?;
    if u32::from_be_bytes(*sum) != checksum(*format, key, content) {
        return Err(corrupt());
    }
    match *format {
        WHOLE => Ok(Framed::Whole(content)),
        CUT => {
            let (parts, sum) = content.split_first_chunk::<4>().ok_or_else(corrupt)?;
            let sum: [u8; 4] = sum.try_into().map_err(|_| corrupt())?;
            Ok(Framed::Cut {
                parts: u32::from_be_bytes(*parts),
                sum: u32::from_be_bytes(sum),
            })
        }
        version => Err(StoreError::Newer {
            key: show_key(key),
            version,
        }),
    }
}

fn frame(format: u8, key: &[u8], content: &[u8]) -> Vec<u8> {
    let mut framed = Vec::with_capacity(HEAD + content.len());
    framed.push(format);
    framed.extend(checksum(format, key, content).to_be_bytes());
    framed.extend(content);
    framed
}

fn checksum(format: u8, key: &[u8], content: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    // Without the length, a byte could pass from the key to the content unnoticed.
    hasher.update(&(key.len() as u64).to_be_bytes());
    hasher.update(key);
    hasher.update(&[format]);
    hasher.update(content);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_is_noticed() {
        let framed = seal(b"key", b"content");
        assert_eq!(open(b"key", &framed).unwrap(), Framed::Whole(b"content"));
        for bit in 0..framed.len() * 8 {
            let mut bad = framed.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(
                matches!(open(b"key", &bad), Err(StoreError::Corrupt { .. })),
                "bit {bit}"
            );
        }
        for short in 0..framed.len() {
            assert!(open(b"key", &framed[..short]).is_err(), "{short} bytes");
        }
        assert!(open(b"kez", &framed).is_err());
    }

    #[test]
    fn a_later_format_is_named() {
        let framed = frame(9, b"k", b"");
        assert!(matches!(
            open(b"k", &framed),
            Err(StoreError::Newer { version: 9, .. })
        ));
    }
}
