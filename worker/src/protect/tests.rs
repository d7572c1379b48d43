//! The ways to ECS over loopback, and the keeper on paused time with a door that follows a script.

mod doors;
mod keeping;
mod server;
