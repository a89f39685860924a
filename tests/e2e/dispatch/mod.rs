//! What people ask the bot goes to services, and what those answer comes back.

mod addresses;
mod callbacks;
mod crashes;
mod dialogue;
mod failures;
mod later;
mod queues;
mod roles;
mod routing;
mod sample;
mod signatures;
mod support;
