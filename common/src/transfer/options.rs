//! What a route asks of the copy.

/// The same for an object of any size.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CopyOptions {
    /// `None` keeps the source's storage class.
    pub storage_class: Option<String>,
    pub tags: TagPolicy,
    pub strategy: Strategy,
    pub encryption: Encryption,
    pub fidelity: Fidelity,
}

/// Whether the source's tags go along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TagPolicy {
    #[default]
    Copy,
    Drop,
}

/// Whose hands the bytes pass through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// The worker's, which checks them on the way.
    #[default]
    Stream,
    /// The store's alone.
    ServerSide,
    /// The store's where that is cheaper and can be checked as well; the worker's otherwise, and when the store refuses.
    Auto,
}

/// How the target is encrypted at rest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Encryption {
    /// As the target's bucket says.
    #[default]
    BucketDefault,
    SseS3,
    SseKms {
        /// A key's id, alias or ARN: see [`is_kms_key`].
        key: String,
        /// `None`: as the target's bucket says.
        bucket_key: Option<bool>,
    },
}

/// What becomes of a file that has something which a copy cannot carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fidelity {
    /// It is copied without.
    #[default]
    BestEffort,
    /// It fails.
    Strict,
}

/// Whether `text` can name a KMS key: `1234abcd-…` or `mrk-…`, `alias/name`, or the ARN of either.
pub fn is_kms_key(text: &str) -> bool {
    const BYTES_MAX: usize = 2_048;
    let plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    let alias = |text: &str| text.strip_prefix("alias/").is_some_and(|name| name.split('/').all(plain));
    if text.len() > BYTES_MAX {
        return false;
    }
    let Some(arn) = text.strip_prefix("arn:") else { return plain(text) || alias(text) };
    let fields: Vec<&str> = arn.splitn(5, ':').collect();
    let [partition, "kms", region, account, resource] = fields[..] else { return false };
    let named = resource.strip_prefix("key/").is_some_and(plain) || alias(resource);
    plain(partition) && plain(region) && account.len() == 12 && plain(account) && named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kms_keys_have_four_forms() {
        for key in [
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "mrk-1234abcd12ab34cd56ef1234567890ab",
            "alias/aws/s3",
            "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws-cn:kms:cn-north-1:111122223333:alias/files",
        ] {
            assert!(is_kms_key(key), "{key}");
        }
        for other in [
            "",
            "alias/",
            "a key",
            "key/1234abcd",
            "arn:aws:s3:::bucket",
            "arn:aws:kms:eu-central-1:1111:key/1234abcd",
            "arn:aws:kms:eu-central-1:111122223333:1234abcd",
            &"k".repeat(2_049),
        ] {
            assert!(!is_kms_key(other), "{other}");
        }
    }
}
