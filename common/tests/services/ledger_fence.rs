//! The fence: who does not hold it writes nothing, and terminal states absorb.

use common::ledger::{Claim, Queued, Status, Written};

use crate::ledger_bench::{Bench, Write};

#[tokio::test(start_paused = true)]
async fn every_write_is_done_under_the_current_fence() {
    for write in Write::ALL {
        let bench = Bench::claimed("a").await;
        assert_eq!(write.by(&bench.ledger, &bench.held(1, "a")).await, Ok(Written::Done), "{write:?}");
        assert_eq!(bench.item().await["status"], write.status(), "{write:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_write_is_done_under_a_stale_fence() {
    let bench = Bench::claimed("a").await;
    assert_eq!(bench.fence("b").await, 2);
    let item = bench.item().await;
    for write in Write::ALL {
        assert_eq!(write.by(&bench.ledger, &bench.held(1, "a")).await, Ok(Written::Lost), "{write:?}");
    }
    assert_eq!(bench.item().await, item);
}

#[tokio::test(start_paused = true)]
async fn the_right_number_under_another_name_is_no_fence_nor_is_the_name_alone() {
    let bench = Bench::claimed("a").await;
    let item = bench.item().await;
    for write in Write::ALL {
        for held in [bench.held(1, "b"), bench.held(2, "a"), bench.held(0, "a")] {
            assert_eq!(write.by(&bench.ledger, &held).await, Ok(Written::Lost), "{write:?} {held:?}");
        }
    }
    assert_eq!(bench.item().await, item);
}

#[tokio::test(start_paused = true)]
async fn no_write_makes_an_item() {
    let bench = Bench::empty().await;
    for write in Write::ALL {
        assert_eq!(write.by(&bench.ledger, &bench.held(1, "a")).await, Ok(Written::Lost), "{write:?}");
    }
    assert!(bench.item().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_released_attempt_writes_no_more() {
    for write in Write::ALL {
        let bench = Bench::claimed("a").await;
        let held = bench.held(1, "a");
        Write::Release.by(&bench.ledger, &held).await.unwrap();
        let item = bench.item().await;
        let again = matches!(write, Write::Release | Write::ReleaseSpent);
        let expected = if again { Written::Done } else { Written::Lost };
        assert_eq!(write.by(&bench.ledger, &held).await, Ok(expected), "{write:?}");
        assert_eq!(bench.item().await, item, "{write:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn terminal_states_absorb_every_step() {
    for (end, status) in
        Write::TERMINAL.into_iter().zip([Status::Completed, Status::Failed, Status::Superseded])
    {
        let bench = Bench::claimed("a").await;
        let held = bench.held(1, "a");
        end.by(&bench.ledger, &held).await.unwrap();
        let item = bench.item().await;
        tokio::time::advance(std::time::Duration::from_secs(60)).await;
        assert_eq!(bench.queue().await, Ok(Queued::Beyond(status)));
        assert_eq!(bench.claim("b").await, Ok(Claim::Over(status)));
        assert_eq!(bench.claim("a").await, Ok(Claim::Over(status)));
        for write in Write::ALL {
            let expected = if write == end { Written::Done } else { Written::Lost };
            assert_eq!(write.by(&bench.ledger, &held).await, Ok(expected), "{write:?} after {end:?}");
        }
        assert_eq!(bench.item().await, item, "after {end:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_terminal_write_of_a_stale_holder_is_lost_even_when_it_says_the_same() {
    for end in Write::TERMINAL {
        let bench = Bench::claimed("a").await;
        assert_eq!(bench.fence("b").await, 2);
        end.by(&bench.ledger, &bench.held(2, "b")).await.unwrap();
        assert_eq!(end.by(&bench.ledger, &bench.held(1, "a")).await, Ok(Written::Lost), "{end:?}");
    }
}
