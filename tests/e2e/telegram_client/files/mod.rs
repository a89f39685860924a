//! Reading files out of Saved Messages.

mod reading;
mod support;
