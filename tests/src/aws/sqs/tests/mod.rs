//! The rules of the service, one sentence each.
