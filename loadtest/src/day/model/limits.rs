//! What AWS allows: token buckets, each as deep as a second of its rate.
//!
//! A request that several limits bear on takes from all of them or from none, and the first that refuses is counted. What DynamoDB
//! grants beyond (five minutes of unused capacity, where it can) is left out: nobody may count on it.

use common::ledger::{CUSTOMER_SHARDS, STATUS_SHARDS};

use super::Micros;

/// A limit by name; several buckets may have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Limit {
    EventBridge,
    Table,
    StatusIndex,
    StatusKey,
    CustomerIndex,
    CustomerKey,
    SourcePrefix,
    TargetPrefix,
    InFlight,
}

impl Limit {
    pub(crate) const ALL: [Self; 9] = [
        Self::EventBridge,
        Self::Table,
        Self::StatusIndex,
        Self::StatusKey,
        Self::CustomerIndex,
        Self::CustomerKey,
        Self::SourcePrefix,
        Self::TargetPrefix,
        Self::InFlight,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::EventBridge => "EventBridge: invocations of a region",
            Self::Table => "DynamoDB: writes of the table",
            Self::StatusIndex => "DynamoDB: writes of the index by_status",
            Self::StatusKey => "DynamoDB: writes of one key of by_status",
            Self::CustomerIndex => "DynamoDB: writes of the index by_customer",
            Self::CustomerKey => "DynamoDB: writes of one key of by_customer",
            Self::SourcePrefix => "S3: GETs of one source prefix",
            Self::TargetPrefix => "S3: PUTs of one target prefix",
            Self::InFlight => "SQS: messages in flight of one lane",
        }
    }
}

/// Rates a second; `None` is no limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rates {
    pub(crate) event_bridge: Option<u64>,
    /// Of the table, and of each of its indexes.
    pub(crate) table_writes: Option<u64>,
    /// Of one partition: an index's key whose sort key is a time does not spread over several.
    pub(crate) partition_writes: Option<u64>,
    pub(crate) status_shards: u32,
    pub(crate) customer_shards: u32,
    pub(crate) prefix_gets: Option<u64>,
    pub(crate) prefix_puts: Option<u64>,
    pub(crate) in_flight: usize,
}

impl Rates {
    /// us-east-1's default quotas, and production's shards.
    pub(crate) fn aws() -> Self {
        Self {
            event_bridge: Some(18_750),
            table_writes: Some(40_000),
            partition_writes: Some(1_000),
            status_shards: STATUS_SHARDS,
            customer_shards: CUSTOMER_SHARDS,
            prefix_gets: Some(5_500),
            prefix_puts: Some(3_500),
            in_flight: 120_000,
        }
    }

    pub(crate) fn none() -> Self {
        Self {
            event_bridge: None,
            table_writes: None,
            partition_writes: None,
            prefix_gets: None,
            prefix_puts: None,
            in_flight: usize::MAX,
            ..Self::aws()
        }
    }
}

/// The generic cell rate algorithm: a token bucket in two integers.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    limit: Limit,
    interval_ns: u64,
    /// When the bucket would be full again.
    full_at_ns: u64,
}

const DEPTH_NS: u64 = 1_000_000_000;

impl Bucket {
    fn new(limit: Limit, rate: Option<u64>) -> Self {
        let interval_ns = rate.map_or(0, |rate| 1_000_000_000 / rate.max(1));
        Self { limit, interval_ns, full_at_ns: 0 }
    }

    fn after(&self, now: Micros, units: u64) -> Option<u64> {
        let now_ns = now * 1_000;
        let full_at_ns = self.full_at_ns.max(now_ns) + units * self.interval_ns;
        (full_at_ns - now_ns <= DEPTH_NS).then_some(full_at_ns)
    }
}

/// What was refused by limits of one name.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusals {
    pub(crate) count: u64,
    pub(crate) first_at: Option<Micros>,
}

/// All limits of one AWS account.
#[derive(Debug)]
pub(super) struct Limits {
    buckets: Vec<Bucket>,
    pub(super) rates: Rates,
    tenants: usize,
    refusals: [Refusals; Limit::ALL.len()],
}

/// A bucket and how many units are wanted of it.
pub(super) type Charge = (usize, u64);

/// States that have keys of their own in the index.
const STATES: usize = 3;

impl Limits {
    pub(super) fn new(rates: Rates, tenants: usize) -> Self {
        let status = rates.status_shards as usize * STATES;
        let customers = rates.customer_shards as usize * tenants;
        let one = |limit, rate| std::iter::once(Bucket::new(limit, rate));
        let many = |limit, rate, count| std::iter::repeat_n(Bucket::new(limit, rate), count);
        let buckets = one(Limit::EventBridge, rates.event_bridge)
            .chain(one(Limit::Table, rates.table_writes))
            .chain(one(Limit::StatusIndex, rates.table_writes))
            .chain(one(Limit::CustomerIndex, rates.table_writes))
            .chain(many(Limit::StatusKey, rates.partition_writes, status))
            .chain(many(Limit::CustomerKey, rates.partition_writes, customers))
            .chain(many(Limit::SourcePrefix, rates.prefix_gets, tenants))
            .chain(many(Limit::TargetPrefix, rates.prefix_puts, tenants));
        Self { buckets: buckets.collect(), rates, tenants, refusals: Default::default() }
    }

    pub(super) const EVENT_BRIDGE: usize = 0;
    pub(super) const TABLE: usize = 1;
    pub(super) const STATUS_INDEX: usize = 2;
    pub(super) const CUSTOMER_INDEX: usize = 3;
    const SINGLE: usize = 4;

    pub(super) fn status_key(&self, state: usize, shard: u8) -> usize {
        Self::SINGLE + state * self.rates.status_shards as usize + usize::from(shard)
    }

    fn customers(&self) -> usize {
        Self::SINGLE + STATES * self.rates.status_shards as usize
    }

    pub(super) fn customer_key(&self, tenant: u16, shard: u8) -> usize {
        self.customers() + usize::from(tenant) * self.rates.customer_shards as usize + usize::from(shard)
    }

    pub(super) fn source_prefix(&self, tenant: u16) -> usize {
        self.customers() + self.tenants * self.rates.customer_shards as usize + usize::from(tenant)
    }

    pub(super) fn target_prefix(&self, tenant: u16) -> usize {
        self.source_prefix(tenant) + self.tenants
    }

    /// Takes every unit or none; says whether it took them.
    pub(super) fn take(&mut self, now: Micros, charges: &[Charge]) -> bool {
        let buckets = &self.buckets;
        let refused =
            charges.iter().filter_map(|(at, units)| buckets.get(*at).map(|bucket| (bucket, *units)));
        let refused = refused.filter(|(bucket, units)| bucket.after(now, *units).is_none());
        if let Some(limit) = refused.map(|(bucket, _)| bucket.limit).next() {
            self.refuse(now, limit);
            return false;
        }
        for (at, units) in charges {
            if let Some(bucket) = self.buckets.get_mut(*at)
                && let Some(full_at_ns) = bucket.after(now, *units)
            {
                bucket.full_at_ns = full_at_ns;
            }
        }
        true
    }

    /// For what only waits: when one unit may be had, which is taken now.
    pub(super) fn reserve(&mut self, now: Micros, at: usize) -> Micros {
        let Some(bucket) = self.buckets.get_mut(at) else { return now };
        bucket.full_at_ns = bucket.full_at_ns.max(now * 1_000) + bucket.interval_ns;
        let wait = bucket.full_at_ns.saturating_sub(now * 1_000 + DEPTH_NS).div_ceil(1_000);
        let limit = bucket.limit;
        if wait > 0 {
            self.refuse(now, limit);
        }
        now + wait
    }

    pub(super) fn refuse(&mut self, now: Micros, limit: Limit) {
        if let Some(refusals) = self.refusals.get_mut(limit as usize) {
            refusals.count += 1;
            refusals.first_at.get_or_insert(now);
        }
    }

    /// Those that refused something.
    pub(super) fn refusals(&self) -> impl Iterator<Item = (Limit, Refusals)> {
        Limit::ALL.into_iter().zip(self.refusals).filter(|(_, refusals)| refusals.count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_binds_exactly_at_its_rate() {
        let mut limits = Limits::new(Rates { prefix_puts: Some(3_500), ..Rates::none() }, 2);
        let of_one = limits.target_prefix(1);
        // Asked five times as often as it allows, for ten seconds.
        let taken =
            (0..175_000).filter(|nth| limits.take(nth * 10_000_000 / 175_000, &[(of_one, 1)])).count();
        // Ten seconds' worth, and the second that the bucket held at the start.
        assert!((38_480..=38_501).contains(&taken), "{taken}");
        let refusals: Vec<_> = limits.refusals().collect();
        assert_eq!(refusals.len(), 1);
        assert_eq!((refusals[0].0, refusals[0].1.count), (Limit::TargetPrefix, 175_000 - taken as u64));
        let of_the_other = limits.target_prefix(0);
        assert!(limits.take(0, &[(of_the_other, 3_500)]));
    }

    #[test]
    fn a_charge_on_several_limits_takes_from_all_or_from_none() {
        let rates = Rates { table_writes: Some(10), partition_writes: Some(2), ..Rates::none() };
        let mut limits = Limits::new(rates, 1);
        let key = limits.status_key(0, 0);
        let charges = [(Limits::TABLE, 1), (key, 1)];
        assert!(limits.take(0, &charges) && limits.take(0, &charges));
        assert!(!limits.take(0, &charges));
        assert!(limits.take(0, &[(Limits::TABLE, 8)]), "the refused ones took something");
        assert!(!limits.take(0, &[(Limits::TABLE, 1)]));
    }

    #[test]
    fn no_two_keys_share_a_bucket() {
        let limits = Limits::new(Rates::aws(), 3);
        let status = (0..3).flat_map(|state| (0..8).map(move |shard| (state, shard)));
        let mut all: Vec<usize> = status.map(|(state, shard)| limits.status_key(state, shard)).collect();
        for tenant in 0..3 {
            all.extend((0..4).map(|shard| limits.customer_key(tenant, shard)));
            all.extend([limits.source_prefix(tenant), limits.target_prefix(tenant)]);
        }
        let distinct: std::collections::BTreeSet<usize> = all.iter().copied().collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(distinct.last().copied(), Some(limits.buckets.len() - 1));
    }
}
