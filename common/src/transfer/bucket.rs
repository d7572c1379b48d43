//! Which texts S3 takes as the name of a bucket.
//!
//! A name that S3 would refuse is worse than a typing mistake: two spellings that reach one bucket (`landing` and `landing/`, or a bucket
//! and the alias of its access point) hide from every comparison of names that the target feeds the rules again.

/// The fewest and the most bytes of a name.
const LEN_BYTES: std::ops::RangeInclusive<usize> = 3..=63;
/// Reserved by S3: names that begin or end so belong to access points, directory buckets, table buckets and examples.
const PREFIXES: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
const SUFFIXES: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

/// Whether S3 would make a general purpose bucket of this name today. Names from before 2018 with capitals or underscores are refused
/// as well: S3 serves them in one region only, and not by host name.
///
/// # Errors
/// What was expected of the name.
pub fn check_bucket_name(name: &str) -> Result<(), &'static str> {
    if !LEN_BYTES.contains(&name.len()) {
        return Err("expected a bucket name of 3 to 63 characters");
    }
    let edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if !name.bytes().all(|b| edge(b) || matches!(b, b'-' | b'.')) {
        return Err("expected a bucket name of a–z, 0–9, `-` and `.`, without a path");
    }
    let (first, last) = (name.bytes().next(), name.bytes().next_back());
    if !first.is_some_and(edge) || !last.is_some_and(edge) {
        return Err("expected a bucket name that begins and ends with a letter or a digit");
    }
    if name.contains("..") {
        return Err("expected a bucket name without two dots in a row");
    }
    if name.split('.').count() == 4 && name.split('.').all(|part| part.bytes().all(|b| b.is_ascii_digit())) {
        return Err("expected a bucket name that does not look like an IP address");
    }
    if PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
    {
        return Err(
            "expected the bucket's own name: S3 reserves this beginning or ending (aliases are not followed)",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_s3_makes_buckets_of() {
        let longest = "a".repeat(63);
        for good in ["abc", "landing", "my-bucket.example.com", "1.2.3", "0a0", "a--b", longest.as_str()] {
            assert_eq!(check_bucket_name(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn names_that_s3_refuses() {
        let too_long = "a".repeat(64);
        let bad = [
            "",
            "ab",
            too_long.as_str(),
            "landing/",
            "/landing",
            "landing/in",
            "Landing",
            "land_ing",
            " landing",
            "landing ",
            "landing\n",
            "lánding",
            "-landing",
            "landing-",
            ".landing",
            "landing.",
            "land..ing",
            "192.168.5.4",
            "xn--landing",
            "sthree-landing",
            "amzn-s3-demo-landing",
            "landing-s3alias",
            "landing--ol-s3",
            "landing.mrap",
            "landing--use1-az5--x-s3",
            "landing--table-s3",
            "arn:aws:s3:::landing",
            "s3://landing",
            "landing?versionId=1",
            "land%69ng",
        ];
        for bad in bad {
            assert!(check_bucket_name(bad).is_err(), "{bad:?}");
        }
    }
}
