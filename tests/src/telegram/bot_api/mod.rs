//! The simulated Bot API.
