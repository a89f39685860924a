//! Reading files out of Saved Messages.

mod elsewhere;
mod faults;
mod reading;
mod support;
