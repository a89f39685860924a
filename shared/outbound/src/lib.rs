//! The one client that calls addresses which other people chose: a route's service, a command's `callback_url`.
//!
//! Such an address must not lead to what only this machine can reach: the metadata of the cloud, the Runtime API, a
//! database of the same network. So a name is never trusted: what it resolves to is checked where the connection is
//! made, each time one is made, and a name that changes its mind between the check and the call gains nothing.
//! Redirects are not followed and no proxy is used, since either would move the decision elsewhere.
//!
//! What may be called is said once, by [`Rules`]: HTTPS on any port of a public address, and besides only the networks
//! which the configuration names as its own. [`Outbound`] makes the calls.

mod address;
mod client;
mod error;
mod resolver;
mod rules;
mod target;

pub use client::{LONGEST_ANSWER, Outbound, Reply, TOTAL_TIME};
pub use error::{OutboundError, Step, UrlError};
pub use rules::{Rules, RulesError};
