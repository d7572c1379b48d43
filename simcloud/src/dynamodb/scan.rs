//! Scan: all of a table or an index, or one segment of it.

use std::ops::Bound;

use crate::api::{ApiError, ApiResult};

use super::DynamoDb;
use super::key::{PrimaryKey, first_bucket};
use super::listing::Listing;
use super::refusal::{constraint, validation};
use super::request::Request;
use super::table::Range;

const SEGMENTS_MAX: u64 = 1_000_000;

/// One of equal parts of the hash space.
struct Segment {
    number: u64,
    total: u64,
}

impl Segment {
    fn take(request: &mut Request) -> Result<Option<Self>, ApiError> {
        match (request.integer("Segment", 0)?, request.integer("TotalSegments", 1)?) {
            (None, None) => Ok(None),
            (Some(_), Some(total)) if total > SEGMENTS_MAX => Err(constraint(
                "totalSegments",
                total,
                "Member must have value less than or equal to 1000000",
            )),
            (Some(number), Some(total)) if number < total => Ok(Some(Self { number, total })),
            (Some(number), Some(total)) => Err(validation(format!(
                "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: {number} is not less than TotalSegments: {total}"
            ))),
            (None, Some(_)) => Err(validation(
                "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
            )),
            (Some(_), None) => Err(validation(
                "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
            )),
        }
    }

    fn bounds(&self) -> (Bound<PrimaryKey>, Bound<PrimaryKey>) {
        let start = |segment| first_bucket(segment, self.total).map(PrimaryKey::start_of_bucket);
        (
            start(self.number).map_or(Bound::Unbounded, Bound::Included),
            start(self.number + 1).map_or(Bound::Unbounded, Bound::Excluded),
        )
    }

    fn check(&self, start: &PrimaryKey) -> Result<(), ApiError> {
        if start.segment(self.total) == self.number {
            return Ok(());
        }
        Err(validation(format!(
            "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: {} Segment: {}",
            self.total, self.number
        )))
    }
}

impl DynamoDb {
    pub(super) fn scan(&self, mut request: Request) -> ApiResult {
        let segment = Segment::take(&mut request)?;
        let listing = Listing::take(&mut request)?;
        request.finish()?;
        let filter = listing.filter()?;
        let projection = listing.projection()?;
        listing.bindings.check_used(usize::from(filter.is_some()) + usize::from(projection.is_some()))?;

        let table = self.table(&listing.table)?;
        let contents = table.read();
        let definition = &contents.definition;
        let source = listing.source(definition, projection.as_ref())?;
        let after = listing.start(definition, source)?;
        if let (Some(segment), Some(after)) = (&segment, &after) {
            segment.check(&after.place)?;
        }
        let (lower, upper) = segment.map_or((Bound::Unbounded, Bound::Unbounded), |segment| segment.bounds());
        let range = Range { lower, upper, after, forward: true };
        listing.answer(contents, source, range, filter.as_ref(), projection.as_ref())
    }
}
