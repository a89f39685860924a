//! What people ask the bot goes to services, and what those answer comes back.

mod sample;
mod support;
