//! Our own write whose reply was lost is recognised as ours, and is counted once.

use common::fault::Class;
use common::ledger::Written;
use simcloud::Effect;

use crate::ledger_bench::{Bench, Shown, Write};

/// The item without what the clock writes.
fn timeless(mut item: Shown) -> Shown {
    item.retain(|name, _| !name.ends_with("_timestamp") && name != "expire_at");
    item
}

#[tokio::test(start_paused = true)]
async fn every_write_is_recognised_when_its_reply_was_lost() {
    for write in Write::ALL {
        let (bench, plain) = (Bench::claimed("a").await, Bench::claimed("a").await);
        bench.fault("UpdateItem", 1, Effect::DropAfter);
        assert_eq!(write.by(&bench.ledger, &bench.held(1, "a")).await, Ok(Written::Done), "{write:?}");
        assert_eq!(bench.hits("DynamoDB.UpdateItem:DropAfter"), 1, "{write:?}");
        assert_eq!(write.by(&plain.ledger, &plain.held(1, "a")).await, Ok(Written::Done));
        assert_eq!(timeless(bench.item().await), timeless(plain.item().await), "{write:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_write_is_recognised_when_we_send_it_again_ourselves() {
    for write in Write::ALL {
        let bench = Bench::claimed("a").await;
        let held = bench.held(1, "a");
        bench.fault("UpdateItem", 4, Effect::DropAfter);
        assert!(write.by(&bench.ledger, &held).await.unwrap_err().is_uncertain(), "{write:?}");
        assert_eq!(bench.item().await["status"], write.status(), "{write:?}");
        assert_eq!(write.by(&bench.ledger, &held).await, Ok(Written::Done), "{write:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_error_after_the_write_is_a_lost_reply_too() {
    for write in Write::ALL {
        let bench = Bench::claimed("a").await;
        bench.fault("UpdateItem", 1, Effect::respond_after(500, "InternalServerError", "sorry"));
        assert_eq!(write.by(&bench.ledger, &bench.held(1, "a")).await, Ok(Written::Done), "{write:?}");
        assert_eq!(bench.hits("DynamoDB.UpdateItem:RespondAfter"), 1, "{write:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_release_that_another_claim_overtook_is_lost() {
    let bench = Bench::claimed("a").await;
    bench.fault("UpdateItem", 4, Effect::DropAfter);
    assert!(Write::Release.by(&bench.ledger, &bench.held(1, "a")).await.is_err());
    assert_eq!(bench.fence("b").await, 2);
    assert_eq!(Write::Release.by(&bench.ledger, &bench.held(1, "a")).await, Ok(Written::Lost));
    assert_eq!(bench.item().await["released_attempts"], "1");
}

#[tokio::test(start_paused = true)]
async fn a_write_that_never_arrived_changes_nothing_and_says_so() {
    for write in Write::ALL {
        let bench = Bench::claimed("a").await;
        let item = bench.item().await;
        bench.fault("UpdateItem", 4, Effect::throttled());
        let fault = write.by(&bench.ledger, &bench.held(1, "a")).await.unwrap_err();
        assert_eq!(fault.class, Class::Throttled, "{write:?}");
        assert_eq!(bench.item().await, item, "{write:?}");
    }
}
