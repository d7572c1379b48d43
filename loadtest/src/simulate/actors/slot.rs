//! A place in the fleet: a service runs in it until it crashes or is stopped; some time later another one takes its place.

use std::sync::Arc;
use std::time::Duration;

use super::{Ended, Role, Service};
use crate::simulate::faults::Kind;
use crate::simulate::plan::Plan;
use crate::simulate::stage::Stage;
use crate::simulate::world::Place;

/// Fills the place until everything is healed; the service that is in it then goes on.
pub(crate) async fn slot(
    stage: Arc<Stage>,
    place: Place,
    plan: Arc<Plan>,
    role: Role,
    number: usize,
    seed: u64,
) {
    let mut draws = fastrand::Rng::with_seed(seed ^ (number as u64 + 1).wrapping_mul(0x0009_736c_6f74));
    tokio::time::sleep(Duration::from_millis(draws.u64(0..15_000))).await;
    for incarnation in 1.. {
        if stage.healed.is_cancelled() {
            return;
        }
        let name = format!("{}-{number}.{incarnation}", role.name());
        let skew_s = if stage.strikes(Kind::ClockSkewed) { draws.i64(-1_200..=1_200) } else { 0 };
        let control = stage.enter(&name);
        let ended = Service::new(&place, role, name.clone(), skew_s).run(&plan, control).await;
        stage.say(&name, format_args!("ends: {ended:?}"));
        match ended {
            Ended::Stopped => stage.stopped(&name),
            Ended::CutShort => stage.cut_short(&name),
            Ended::Crashed => {}
        }
        tokio::select! {
            biased;
            () = stage.healed.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(draws.u64(500..20_000))) => {}
        }
    }
}
