//! Our mark on an object, and checksums as stores write them.

use std::collections::HashMap;

use worker::copy::checksum::{Crc64, Own};
use worker::copy::marker::{METADATA_NAME, Marker};

use crate::fields::transfer;

/// Metadata that anybody may have written, and a transfer (its lines behind the first):
/// - what is read as a mark is read again from what it writes;
/// - a copy's mark is fit for a header, is read back as it is, and counts one hop more; a file that goes round is refused.
pub fn marker(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (found, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let metadata = |value: &str| HashMap::from([(METADATA_NAME.to_owned(), value.to_owned())]);
    let earlier = Marker::of(&metadata(found));
    if let Some(earlier) = &earlier {
        assert_eq!(Marker::of(&metadata(&earlier.value())).as_ref(), Some(earlier));
    }
    let hops = earlier.map_or(0, |earlier| earlier.hops);
    match Marker::for_copy(&transfer(rest), &metadata(found)) {
        Some(mark) => {
            let value = mark.value();
            assert!(value.bytes().all(|byte| byte.is_ascii_graphic()) && value.len() < 200);
            assert_eq!(mark.hops, hops + 1);
            assert_eq!(Marker::of(&metadata(&value)), Some(mark));
        }
        None => assert!(hops >= 16),
    }
}

/// Three texts as CRC64NVME, CRC32 and CRC32C: what is read is exactly eight or four bytes in base64, never a composite value, and
/// the strongest that is there is the one that counts.
pub fn checksums(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let [long, short, castagnoli] = crate::fields::lines(&text);
    let crc64 = Crc64::parse(long);
    if let Some(crc64) = crc64 {
        assert_eq!((crc64.to_string().as_str(), long.len()), (long, 12));
    }
    let given = |text: &'static str| Own::parse(None, Some(text), None);
    assert!(given("y/Q5Jg==").is_some() && given("y/Q5Jg==-1").is_none());
    let own = Own::parse(Some(long), Some(short), Some(castagnoli));
    match own {
        Some(Own::Crc64Nvme(value)) => assert_eq!(Some(value), crc64),
        Some(Own::Crc32c(_)) => assert!(crc64.is_none() && castagnoli.len() == 8),
        Some(Own::Crc32(_)) => {
            assert!(
                crc64.is_none() && short.len() == 8 && Own::parse(None, None, Some(castagnoli)).is_none()
            );
        }
        None => assert!(crc64.is_none()),
    }
}
