//! What Drayage's dispatcher and worker share, and nothing else: the vocabulary ([`transfer`], [`lane`], [`routes`]), the
//! contract between them ([`wire`]), the [`queue`] (SQS), the [`ledger`] (DynamoDB), and how a service is set up, stopped and
//! observed ([`settings`], [`shutdown`], [`telemetry`], [`metrics`], [`output`]).
//!
//! `transfer`, `lane`, `routes`, `wire` and `ledger::state` are pure: no SDK, no runtime, no clock.

pub mod aws;
pub mod backoff;
pub mod clock;
pub mod fault;
pub mod health;
pub mod lane;
pub mod ledger;
pub mod metrics;
pub mod output;
pub mod queue;
pub mod routes;
pub mod service;
pub mod settings;
pub mod shutdown;
pub mod telemetry;
pub mod transfer;
pub mod wire;
