//! What a person keeps in Saved Messages.
//!
//! `list.rs` tells what there is, `stream_media.rs` and `stream_thumbnail.rs` give it, and `media_tickets.rs` lets pages
//! without cookies have it. What all of them know of files is in `files.rs`, and `fetch.rs` brings their bytes.

mod conditions;
mod fetch;
mod files;
mod headers;
mod item;
pub mod list;
mod listing;
pub mod media_tickets;
mod query;
pub(crate) mod sending;
mod shelves;
pub mod stream_media;
pub mod stream_thumbnail;
pub mod upload_file;
mod upload_intake;
pub mod uploads;
mod visitor;
