//! What requests cost: AWS's list prices of us-east-1, in US dollars. An estimate to compare routes and releases by; a bill knows
//! the region, the discounts and everything that is no request. Pure.

const S3_WRITE: f64 = 0.005 / 1_000.0;
const S3_READ: f64 = 0.000_4 / 1_000.0;
const SQS: f64 = 0.40 / 1_000_000.0;
/// On demand, for each write request unit.
const LEDGER_WRITE_UNIT: f64 = 0.625 / 1_000_000.0;

/// The price of one request; zero for what is free, or is paid for by units ([`ledger_write`]).
pub(super) fn request(service: &str, operation: &str) -> f64 {
    match service {
        "SQS" => SQS,
        "S3" => match operation {
            "DeleteObject" | "DeleteObjects" | "AbortMultipartUpload" => 0.0,
            _ if operation.starts_with("Get") || operation.starts_with("Head") => S3_READ,
            // PUT, COPY, POST and LIST.
            _ => S3_WRITE,
        },
        _ => 0.0,
    }
}

/// The price of a write that took so many units.
pub(super) fn ledger_write(units: f64) -> f64 {
    units * LEDGER_WRITE_UNIT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_requests_cost_what_the_price_list_says() {
        let million = |service, operation| (request(service, operation) * 1e6 * 1e6).round() / 1e6;
        assert_eq!(million("S3", "PutObject"), 5.0);
        assert_eq!(million("S3", "ListParts"), 5.0);
        assert_eq!(million("S3", "GetObject"), 0.4);
        assert_eq!(million("S3", "HeadObject"), 0.4);
        assert_eq!(million("S3", "AbortMultipartUpload"), 0.0);
        assert_eq!(million("SQS", "ReceiveMessage"), 0.4);
        assert_eq!(million("DynamoDB", "UpdateItem"), 0.0, "paid for by units");
        assert_eq!((ledger_write(1e6) * 1e6).round() / 1e6, 0.625);
    }
}
