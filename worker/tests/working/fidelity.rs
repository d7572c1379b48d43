//! What a copy cannot carry: a strict route fails the file before anything is written, any other copies without.

use common::ledger::Status;
use common::transfer::{CopyOptions, Fidelity, Strategy, TagPolicy, Transfer};
use simcloud::{Effect, Fault};

use super::yard::{KIB, MIB, Yard, bytes};

const WAYS: [(usize, Strategy); 5] = [
    (10, Strategy::Stream),
    (300 * KIB, Strategy::Stream),
    (9 * MIB, Strategy::Stream),
    (10, Strategy::ServerSide),
    (9 * MIB, Strategy::Auto),
];

/// What a HEAD or GET may show of a source.
const BEYOND: [(&str, &str, &str); 6] = [
    ("x-amz-object-lock-mode", "COMPLIANCE", "an object lock's retention"),
    ("x-amz-object-lock-retain-until-date", "2030-01-01T00:00:00Z", "an object lock's retention"),
    ("x-amz-object-lock-legal-hold", "ON", "a legal or event hold"),
    ("x-amz-missing-meta", "1", "metadata that no header can hold"),
    ("x-amz-storage-class", "OUTPOSTS", "a storage class that no other bucket has"),
    ("x-amz-storage-class", "EXPRESS_ONEZONE", "a storage class that no other bucket has"),
];

fn show(yard: &Yard, name: &str, value: &str) {
    for operation in ["HeadObject", "GetObject"] {
        let shown = Effect::response_header(name, value);
        yard.faults().add(Fault::on("S3", operation).key("landing/").always().effect(shown));
    }
}

fn options(fidelity: Fidelity, strategy: Strategy) -> CopyOptions {
    CopyOptions { strategy, fidelity, ..CopyOptions::default() }
}

/// The file fails at once for `what`, and nothing was begun at the target.
async fn is_refused(yard: &Yard, transfer: &Transfer, what: &str) {
    let writes = ["PutObject", "CreateMultipartUpload", "CopyObject"].map(|operation| yard.count(operation));
    yard.send(transfer).await;
    yard.work_until(Status::Failed).await;
    assert_eq!(writes.map(|operation| operation.count()), [0; 3], "{what}");
    let record = yard.assert_parked(transfer, "cannot_carry").await;
    assert_eq!(record.attempts, 1, "{what}");
    assert!(record.error_message.unwrap().ends_with(what), "{what}");
    assert_eq!(yard.delivered("k").await, None);
}

#[tokio::test(start_paused = true)]
async fn a_strict_route_fails_what_it_sees_that_it_cannot_carry() {
    for (number, (name, value, what)) in BEYOND.into_iter().enumerate() {
        // Every way with one of them, every one of them in one way.
        for (size, strategy) in WAYS.into_iter().take(if number == 0 { WAYS.len() } else { 1 }) {
            let yard = Yard::new().await;
            let transfer = yard.put("k", &bytes(size, 1)).await;
            show(&yard, name, value);
            let options = options(Fidelity::Strict, strategy);
            is_refused(&yard, &Transfer { options, ..transfer }, what).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn any_other_route_copies_without_it() {
    for (name, value, what) in BEYOND {
        for (size, strategy) in WAYS {
            let yard = Yard::new().await;
            let body = bytes(size, 2);
            show(&yard, name, value);
            let transfer = yard.land_on(&options(Fidelity::BestEffort, strategy), "k", &body).await;
            yard.work_until(Status::Completed).await;
            yard.assert_delivered(&transfer, &body).await;
            let head = yard.head("k").await;
            assert_eq!((head.object_lock_mode(), head.storage_class()), (None, None), "{what}");
        }
    }
}

async fn with_unreadable_tags(yard: &Yard, options: CopyOptions, body: &[u8]) -> Transfer {
    let denied = Effect::respond(403, "AccessDenied", "no");
    yard.faults().add(Fault::on("S3", "GetObjectTagging").key("landing/").always().effect(denied));
    Transfer { options, ..yard.put_with("k", body, |put| put.tagging("a=1")).await }
}

#[tokio::test(start_paused = true)]
async fn tags_that_may_not_be_read_fail_a_strict_route_and_are_left_by_any_other() {
    for (size, strategy) in WAYS {
        let body = bytes(size, 3);
        let yard = Yard::new().await;
        let transfer = with_unreadable_tags(&yard, options(Fidelity::Strict, strategy), &body).await;
        is_refused(&yard, &transfer, "tags that may not be read").await;

        let yard = Yard::new().await;
        let transfer = with_unreadable_tags(&yard, options(Fidelity::BestEffort, strategy), &body).await;
        yard.send(&transfer).await;
        yard.work_until(Status::Completed).await;
        yard.assert_delivered(&transfer, &body).await;
        let tags = yard.s3.get_object_tagging().bucket("delivered").key("k").send().await.unwrap();
        assert!(tags.tag_set().is_empty(), "{size} {strategy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_strict_route_that_drops_tags_and_sees_no_hold_copies() {
    let yard = Yard::new().await;
    let options = CopyOptions { tags: TagPolicy::Drop, ..options(Fidelity::Strict, Strategy::Stream) };
    let transfer = with_unreadable_tags(&yard, options, b"body").await;
    show(&yard, "x-amz-object-lock-legal-hold", "OFF");
    yard.send(&transfer).await;
    yard.work_until(Status::Completed).await;
    yard.assert_delivered(&transfer, b"body").await;
}

#[tokio::test(start_paused = true)]
async fn a_strict_route_that_chooses_the_storage_class_minds_no_other() {
    let yard = Yard::new().await;
    show(&yard, "x-amz-storage-class", "SNOW");
    let storage_class = Some("STANDARD_IA".to_owned());
    let options = CopyOptions { storage_class, ..options(Fidelity::Strict, Strategy::Stream) };
    let transfer = yard.land_on(&options, "k", b"body").await;
    yard.work_until(Status::Completed).await;
    yard.assert_delivered(&transfer, b"body").await;
    assert_eq!(yard.head("k").await.storage_class().map(|class| class.as_str()), Some("STANDARD_IA"));
}

#[tokio::test(start_paused = true)]
async fn an_expires_is_carried_as_it_is_whether_it_is_a_date_or_not() {
    for (number, expires) in [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Mon, 06 Nov 1994 08:49:37 GMT",
        "0",
        "-1",
        "when it is cold",
    ]
    .into_iter()
    .enumerate()
    {
        for (size, strategy) in WAYS.into_iter().take(if number == 1 { WAYS.len() } else { 1 }) {
            let yard = Yard::new().await;
            show(&yard, "expires", expires);
            let body = bytes(size, 5);
            let transfer = yard.land_on(&options(Fidelity::Strict, strategy), "k", &body).await;
            yard.work_until(Status::Completed).await;
            yard.assert_delivered(&transfer, &body).await;
            // The fault shows it of the source only.
            yard.faults().clear();
            assert_eq!(yard.head("k").await.expires_string(), Some(expires), "{size} {strategy:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn tags_that_nobody_may_count_fail_a_strict_route_too() {
    for (size, strategy) in WAYS {
        let yard = Yard::new().await;
        let transfer =
            with_unreadable_tags(&yard, options(Fidelity::Strict, strategy), &bytes(size, 4)).await;
        // S3 leaves the count out for who may not read the tags, as for an object that has none.
        let untag = yard.s3.delete_object_tagging().bucket("landing").key("k").send();
        untag.await.unwrap();
        is_refused(&yard, &transfer, "tags that may not be read").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_strict_route_asks_for_the_tags_of_a_file_that_shows_none() {
    let yard = Yard::new().await;
    let asked = yard.count("GetObjectTagging");
    let transfer = yard.land_on(&options(Fidelity::Strict, Strategy::Stream), "k", b"body").await;
    yard.work_until(Status::Completed).await;
    yard.assert_delivered(&transfer, b"body").await;
    assert_eq!(asked.count(), 1);
}
