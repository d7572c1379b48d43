//! Members that many answers share and the protocol layer spells out one by one.

use s3s::dto::{ChecksumAlgorithm, ChecksumType};

use super::checksum::{Algorithm, Checksum, Kind};

/// Sets the one `checksum_…` member of an answer that the checksum belongs to.
macro_rules! set_checksum {
    ($output:expr, $checksum:expr) => {{
        let value = Some($checksum.value.clone());
        match $checksum.algorithm {
            $crate::s3::checksum::Algorithm::Crc32 => $output.checksum_crc32 = value,
            $crate::s3::checksum::Algorithm::Crc32c => $output.checksum_crc32c = value,
            $crate::s3::checksum::Algorithm::Crc64Nvme => $output.checksum_crc64nvme = value,
            $crate::s3::checksum::Algorithm::Sha1 => $output.checksum_sha1 = value,
            $crate::s3::checksum::Algorithm::Sha256 => $output.checksum_sha256 = value,
        }
    }};
}
pub(super) use set_checksum;

/// Sets the encryption members of an answer.
macro_rules! set_encryption {
    ($output:expr, $encryption:expr) => {{
        $output.server_side_encryption = Some($encryption.algorithm());
        $output.ssekms_key_id = $encryption.kms_key_id.clone();
        $output.bucket_key_enabled = $encryption.bucket_key_enabled;
    }};
}
pub(super) use set_encryption;

/// The checksum that a request or one of its parts carries, whichever member it is in.
macro_rules! given_checksum {
    ($input:expr) => {
        [
            ($crate::s3::checksum::Algorithm::Crc32, &$input.checksum_crc32),
            ($crate::s3::checksum::Algorithm::Crc32c, &$input.checksum_crc32c),
            ($crate::s3::checksum::Algorithm::Crc64Nvme, &$input.checksum_crc64nvme),
            ($crate::s3::checksum::Algorithm::Sha1, &$input.checksum_sha1),
            ($crate::s3::checksum::Algorithm::Sha256, &$input.checksum_sha256),
        ]
        .into_iter()
        .find_map(|(algorithm, value)| Some((algorithm, value.clone()?)))
    };
}
pub(super) use given_checksum;

pub(super) fn checksum_type(kind: Kind) -> ChecksumType {
    ChecksumType::from(kind.name().to_owned())
}

pub(super) fn checksum_algorithm(algorithm: Algorithm) -> ChecksumAlgorithm {
    ChecksumAlgorithm::from(algorithm.name().to_owned())
}

/// The checksum as `Checksum` of GetObjectAttributes, which writes a composite one without its number of parts.
pub(super) fn checksum_document(checksum: &Checksum) -> s3s::dto::Checksum {
    let mut document =
        s3s::dto::Checksum { checksum_type: Some(checksum_type(checksum.kind)), ..Default::default() };
    set_checksum!(document, Checksum { value: checksum.digest().to_owned(), ..checksum.clone() });
    document
}
