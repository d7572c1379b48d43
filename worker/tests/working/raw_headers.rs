//! Headers of a source that hold bytes which are no text, or come twice: the target gets them as they are.

use common::ledger::Status;
use common::transfer::{CopyOptions, Fidelity, Strategy, Transfer};

use super::between::{Between, Does};
use super::yard::{KIB, MIB, Yard, bytes};

const WAYS: [(usize, Strategy); 5] = [
    (10, Strategy::Stream),
    (300 * KIB, Strategy::Stream),
    (9 * MIB, Strategy::Stream),
    (10, Strategy::ServerSide),
    (9 * MIB, Strategy::Auto),
];

const SYSTEM: [(&str, &[u8]); 6] = [
    ("content-disposition", b"attachment; filename=\"r\xe9sum\xe9.pdf\""),
    ("cache-control", b"max-age=60, x=\xff"),
    ("content-encoding", b"\xe9"),
    ("content-language", b"fran\xe7ais"),
    ("content-type", b"text/plain; x=\xe9"),
    ("expires", b"dem\xe4chst"),
];

/// AWS's replies about the source have this header.
fn show(between: &Between, name: &str, value: &[u8]) {
    for of in ["GET /landing/k?", "HEAD /landing/k"] {
        between.always(of, Does::header(name, value));
    }
}

async fn land(yard: &Yard, strategy: Strategy, fidelity: Fidelity, body: &[u8]) -> Transfer {
    let options = CopyOptions { strategy, fidelity, ..CopyOptions::default() };
    yard.land_on(&options, "k", body).await
}

#[tokio::test(start_paused = true)]
async fn bytes_that_are_no_utf_8_are_carried_as_they_are() {
    for (size, strategy) in WAYS {
        let (yard, between) = Between::yard().await;
        SYSTEM.iter().for_each(|(name, value)| show(&between, name, value));
        let body = bytes(size, 1);
        let transfer = land(&yard, strategy, Fidelity::Strict, &body).await;
        yard.work_until(Status::Completed).await;
        let record = yard.assert_delivered(&transfer, &body).await;
        assert_eq!((record.attempts, record.failed_attempts), (1, 0), "{size} {strategy:?}");
        let mut kept = between.kept("/delivered/k");
        kept.sort();
        let mut expected: Vec<_> =
            SYSTEM.map(|(name, value)| (name.to_owned(), value.to_vec())).into_iter().collect();
        expected.sort();
        assert_eq!(kept, expected, "{size} {strategy:?}");
        assert_eq!(between.unsigned(), Vec::<String>::new(), "{size} {strategy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn text_in_utf_8_is_carried_as_it_is() {
    let (yard, between) = Between::yard().await;
    let name = "attachment; filename=\"\u{2014}\u{e9}\u{1f451}.pdf\"";
    show(&between, "content-disposition", name.as_bytes());
    let transfer = land(&yard, Strategy::Stream, Fidelity::Strict, b"body").await;
    yard.work_until(Status::Completed).await;
    yard.assert_delivered(&transfer, b"body").await;
    let kept = [("content-disposition".to_owned(), name.as_bytes().to_vec())];
    assert_eq!(between.kept("/delivered/k"), kept);
}

/// What a HEAD of the target shows of the metadata `m`, and what S3 keeps of it is what was sent.
async fn metadata_at_target(yard: &Yard) -> String {
    yard.head("k").await.metadata().unwrap()["m"].clone()
}

#[tokio::test(start_paused = true)]
async fn metadata_has_the_same_text_at_the_target() {
    // As a store may show it, and as S3 shows the same text.
    let cases: [(&[u8], &str); 6] = [
        (b"caf\xe9", "=?UTF-8?Q?caf=C3=A9?="),
        ("caf\u{e9}".as_bytes(), "=?UTF-8?Q?caf=C3=A9?="),
        (b"=?UTF-8?Q?caf=C3=A9?=", "=?UTF-8?Q?caf=C3=A9?="),
        (b"=?UTF-8?B?Y2Fmw6k=?=", "=?UTF-8?Q?caf=C3=A9?="),
        (b"=?UTF-8?Q?actually-ascii?=", "=?UTF-8?Q?actually-ascii?="),
        (b"plain", "plain"),
    ];
    for (number, (shown, expected)) in cases.into_iter().enumerate() {
        for (size, strategy) in WAYS.into_iter().take(if number == 0 { WAYS.len() } else { 1 }) {
            let (yard, between) = Between::yard().await;
            show(&between, "x-amz-meta-m", shown);
            let body = bytes(size, 2);
            let transfer = land(&yard, strategy, Fidelity::Strict, &body).await;
            yard.work_until(Status::Completed).await;
            yard.assert_delivered(&transfer, &body).await;
            assert_eq!(metadata_at_target(&yard).await, expected, "{size} {strategy:?}");
            assert_eq!(between.unsigned(), Vec::<String>::new(), "{size} {strategy:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_header_that_comes_twice_is_carried_as_one() {
    let (yard, between) = Between::yard().await;
    for value in ["1", "2"] {
        show(&between, "x-amz-meta-m", value.as_bytes());
        show(&between, "cache-control", format!("max-age={value}").as_bytes());
    }
    let transfer = land(&yard, Strategy::Stream, Fidelity::Strict, b"body").await;
    yard.work_until(Status::Completed).await;
    yard.assert_delivered(&transfer, b"body").await;
    assert_eq!(metadata_at_target(&yard).await, "1,2");
    assert_eq!(yard.head("k").await.cache_control(), Some("max-age=1,max-age=2"));
}

#[tokio::test(start_paused = true)]
async fn raw_bytes_that_would_have_to_be_signed_are_left() {
    for (size, strategy) in WAYS {
        let body = bytes(size, 3);
        let (yard, between) = Between::yard().await;
        show(&between, "x-amz-website-redirect-location", b"/caf\xe9");
        let transfer = land(&yard, strategy, Fidelity::BestEffort, &body).await;
        yard.work_until(Status::Completed).await;
        yard.assert_delivered(&transfer, &body).await;
        assert_eq!(between.kept("/delivered/k"), []);

        let (yard, between) = Between::yard().await;
        show(&between, "x-amz-website-redirect-location", b"/caf\xe9");
        let transfer = land(&yard, strategy, Fidelity::Strict, &body).await;
        yard.work_until(Status::Failed).await;
        let record = yard.assert_parked(&transfer, "cannot_carry").await;
        assert!(record.error_message.unwrap().ends_with("a website redirect that is no text"));
    }
}
