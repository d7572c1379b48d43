//! The words that AWS reserves: as a bare attribute name each is refused, whatever its case.

use std::sync::LazyLock;

static WORDS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("reserved_words.txt").split_ascii_whitespace().collect());

/// Longer than any reserved word.
const LEN_MAX: usize = 24;

/// Whether `word` is reserved.
pub(super) fn is_reserved(word: &str) -> bool {
    let mut upper = [0_u8; LEN_MAX];
    let Some(upper) = upper.get_mut(..word.len()) else { return false };
    upper.copy_from_slice(word.as_bytes());
    upper.make_ascii_uppercase();
    WORDS.binary_search_by(|reserved| reserved.as_bytes().cmp(upper)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_fits() {
        assert_eq!(WORDS.len(), 573);
        assert!(WORDS.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(WORDS.iter().all(|word| word.len() < LEN_MAX));
    }

    #[test]
    fn common_names_are_known() {
        for word in
            ["status", "Name", "SIZE", "key", "owner", "date", "time", "timestamp", "count", "value", "state"]
        {
            assert!(is_reserved(word), "{word}");
        }
        for word in ["data", "ttl", "region", "bucket", "source", "token", "path", "owner", "zone", "abort"] {
            assert!(is_reserved(word), "{word}");
        }
        for word in ["lane", "pk", "sk", "expires_at", "", "a_very_long_name_that_no_list_has"] {
            assert!(!is_reserved(word), "{word}");
        }
    }
}
