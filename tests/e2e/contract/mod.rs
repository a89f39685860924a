//! The description of the API is held against what the API does.
//!
//! Every test that starts a stack has a [`Witness`]: whatever passes through the gateway must be described, down to the
//! sentence of an error, and a test in which something is not fails at its end. Examples are held against their schemas,
//! requests of examples are sent, and schemathesis thinks of more.

mod description;
mod examples;
mod requests;
mod schemathesis;
mod taken;
mod witness;

pub(crate) use self::description::Description;
pub(crate) use self::witness::Witness;
