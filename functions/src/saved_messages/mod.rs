//! What a person keeps in Saved Messages.

mod item;
pub mod list;
mod listing;
mod query;
