//! The AWS services the functions use, on this machine.

pub mod sqs;
