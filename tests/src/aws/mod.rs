//! The AWS services the functions use, on this machine.

pub mod sqs;

/// The account that owns every resource here.
pub const ACCOUNT: &str = "123456789012";

/// The region every resource here lies in.
pub const REGION: &str = "us-east-1";
