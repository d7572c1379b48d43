//! Answers that are not AWS's, and answers of AWS's that cannot be read.

use common::ledger::{Status, attribute};
use common::transfer::{CopyOptions, Strategy, Transfer};

use super::between::{Between, Does, HTML, REQUEST_ID};
use super::yard::{KIB, MIB, Yard, bytes};

const WAYS: [(usize, Strategy); 5] = [
    (10, Strategy::Stream),
    (300 * KIB, Strategy::Stream),
    (9 * MIB, Strategy::Stream),
    (10, Strategy::ServerSide),
    (9 * MIB, Strategy::Auto),
];

async fn land(yard: &Yard, strategy: Strategy, body: &[u8]) -> Transfer {
    let options = CopyOptions { strategy, ..CopyOptions::default() };
    let put = yard.put_with("k", body, |put| put.tagging("a=1")).await;
    let transfer = Transfer { options, ..put };
    yard.send(&transfer).await;
    transfer
}

/// While `of` is answered by a stranger nothing is decided, and the ledger says whose answer it was; then the file arrives.
async fn passes(of: &[&str], does: &Does, (size, strategy): (usize, Strategy)) {
    let (yard, between) = Between::yard().await;
    let body = bytes(size, 1);
    let transfer = land(&yard, strategy, &body).await;
    of.iter().for_each(|of| between.always(of, does.clone()));
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    for _ in 0..4 {
        let item = worker.beside(watch.until(Status::Queued)).await;
        let message = item.text(attribute::ERROR_MESSAGE).to_owned();
        assert!(message.contains("not_an_aws_answer"), "{of:?} {does:?} {size}: {message}");
        assert_eq!(item.number(attribute::FAILED_ATTEMPTS), 0, "{of:?} {does:?} {size}");
    }
    between.clear();
    worker.beside(watch.until(Status::Completed)).await;
    worker.stop().await;
    yard.assert_delivered(&transfer, &body).await;
}

#[tokio::test(start_paused = true)]
async fn a_proxy_s_answer_about_the_source_decides_nothing() {
    for status in [200, 301, 400, 401, 403, 404, 405, 412, 413, 418, 502] {
        for way in if status == 404 { &WAYS[..] } else { &WAYS[..1] } {
            let of = ["GET /landing/", "HEAD /landing/"];
            passes(&of, &Does::answer(status, &[], HTML), *way).await;
            passes(&of, &Does::answer(status, &[], ""), *way).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_of_the_source_s_length_is_not_the_source() {
    for way in WAYS {
        let page = "x".repeat(way.0);
        let of = ["GET /landing/", "HEAD /landing/"];
        passes(&of, &Does::answer(200, &[], &page), way).await;
        passes(&of, &Does::answer(200, &[("etag", b"\"other\"")], &page), way).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_proxy_s_answer_about_the_target_decides_nothing() {
    for status in [200, 301, 400, 403, 404, 409, 412, 502] {
        for way in if status == 403 { &WAYS[..] } else { &WAYS[..1] } {
            passes(
                &["PUT /delivered/", "POST /delivered/", "HEAD /delivered/", "GET /delivered/"],
                &Does::answer(status, &[], HTML),
                *way,
            )
            .await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_publish_that_a_proxy_answers_for_is_recognised() {
    for does in [
        Does::answer_after(200, &[], HTML),
        Does::answer_after(403, &[], HTML),
        Does::answer_after(502, &[], HTML),
        // AWS's, and not to be read.
        Does::answer_after(200, REQUEST_ID, HTML),
        Does::header("x-amz-server-side-encryption-bucket-key-enabled", b"perhaps"),
    ] {
        for (size, strategy) in WAYS {
            let (yard, between) = Between::yard().await;
            let body = bytes(size, 2);
            // The last request of each way.
            for of in [
                "PUT /delivered/k?x-id=PutObject",
                "PUT /delivered/k?x-id=CopyObject",
                "POST /delivered/k?uploadId=",
            ] {
                between.some(of, 0, 1, does.clone());
            }
            let transfer = land(&yard, strategy, &body).await;
            yard.work_until(Status::Completed).await;
            let record = yard.assert_delivered(&transfer, &body).await;
            assert_eq!((record.attempts, record.failed_attempts), (1, 0), "{does:?} {size} {strategy:?}");
        }
    }
}

/// Each request of a file's way, whatever the service, answered once by a stranger, or by AWS in a way that cannot be read.
#[tokio::test(start_paused = true)]
async fn any_one_answer_may_be_a_stranger_s() {
    for way in [
        (10, Strategy::Stream),
        (11, Strategy::Stream),
        (9 * MIB, Strategy::Stream),
        (10, Strategy::ServerSide),
    ] {
        let body = bytes(way.0, 3);
        let (yard, between) = Between::yard().await;
        land(&yard, way.1, &body).await;
        let before = between.requests().len();
        yard.work_until(Status::Completed).await;
        for (nth, request) in between.requests().into_iter().skip(before).enumerate() {
            let answers = [
                Does::answer(404, &[], HTML),
                Does::answer(403, &[], ""),
                Does::answer(200, &[], HTML),
                Does::answer(200, REQUEST_ID, "{]"),
            ];
            // In turn, and each way begins with another one.
            let does = &answers[(nth + way.0) % answers.len()];
            let (yard, between) = Between::yard().await;
            let transfer = land(&yard, way.1, &body).await;
            between.some("", nth, 1, does.clone());
            yard.work_until(Status::Completed).await;
            between.clear();
            let record = yard.record(&transfer).await;
            assert!(record.failed_attempts <= 1, "{request} {does:?}");
            assert_eq!(yard.delivered("k").await.as_deref(), Some(&body[..]), "{request} {does:?}");
        }
    }
}

/// Three attempts, a reason, and nothing left over.
async fn ends(of: &[&str], does: &Does, (size, strategy): (usize, Strategy)) {
    let (yard, between) = Between::yard().await;
    let transfer = land(&yard, strategy, &bytes(size, 4)).await;
    of.iter().for_each(|of| between.always(of, does.clone()));
    yard.work_until(Status::Failed).await;
    let record = yard.record(&transfer).await;
    assert_eq!(record.error_code.as_deref(), Some("unreadable_reply"), "{of:?} {size} {strategy:?}");
    assert_eq!((record.attempts, record.failed_attempts), (3, 3), "{of:?} {size} {strategy:?}");
    assert_eq!(yard.dead_letters().await.remove(0).code, "unreadable_reply");
    assert_eq!(yard.delivered("k").await, None);
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_can_never_be_read_ends_the_file_after_three_attempts() {
    let garbled = Does::header("x-amz-missing-meta", b"\xe9");
    let page = Does::answer(200, REQUEST_ID, HTML);
    for way in WAYS {
        ends(&["GET /landing/k?x-id", "HEAD /landing/"], &garbled, way).await;
    }
    for way in [WAYS[0], WAYS[3]] {
        ends(&["GET /landing/k?x-id", "HEAD /landing/"], &page, way).await;
        ends(&["GET /landing/k?tagging"], &page, way).await;
    }
    for (of, way) in [
        ("POST /delivered/k?uploads", WAYS[2]),
        ("PUT /delivered/k?x-id=UploadPart", WAYS[2]),
        ("POST /delivered/k?uploadId=", WAYS[2]),
        ("HEAD /delivered/", WAYS[2]),
        ("PUT /delivered/k?x-id=CopyObject", WAYS[3]),
    ] {
        ends(&[of], &page, way).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_cannot_be_read_is_not_failed_while_its_publish_is_in_doubt() {
    let (yard, between) = Between::yard().await;
    between.some("PUT /delivered/k", 0, 1, Does::answer_after(502, &[], HTML));
    between.always("HEAD /delivered/", Does::header("x-amz-missing-meta", b"\xe9"));
    let transfer = land(&yard, Strategy::Stream, b"body").await;
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    for _ in 0..5 {
        worker.beside(watch.until(Status::Queued)).await;
    }
    between.clear();
    worker.beside(watch.until(Status::Completed)).await;
    worker.stop().await;
    yard.assert_delivered(&transfer, b"body").await;
}

#[tokio::test(start_paused = true)]
async fn a_head_s_404_is_believed_when_a_get_names_it() {
    let (yard, between) = Between::yard().await;
    let body = bytes(9 * MIB, 5);
    let transfer = land(&yard, Strategy::Stream, &body).await;
    between.some("HEAD /landing/", 0, 1, Does::answer(404, REQUEST_ID, ""));
    yard.work_until(Status::Completed).await;
    let record = yard.assert_delivered(&transfer, &body).await;
    assert_eq!((record.attempts, record.failed_attempts), (2, 0));
}
