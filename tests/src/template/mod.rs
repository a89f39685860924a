//! `template.yaml`, read as AWS SAM reads it and reduced to what the local stack runs.
//!
//! The stack holds no route, table, queue or timeout of its own: all come from this model, so local and cloud
//! cannot drift.

pub mod model;
