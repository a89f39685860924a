//! Files: where data centres hand them out, a login there, and their bytes.
//!
//! A data centre has an address for files alone, beside its main one, if it has any
//! (core.telegram.org/api/datacenter). Connections to it may be open at the same time as others of the same login, and
//! so may stay open between invocations: a [`MediaPool`] keeps them. A [`Reader`] reads a file over one of them: it asks
//! for several parts at once, hands them out in order, and repairs on the way what can be repaired without its caller.
//! What goes the other way is for [`super::uploads`].

mod answer;
mod carrier;
pub(super) mod login;
mod patience;
mod place;
mod pool;
mod reader;
pub(super) mod servers;
mod source;
pub(super) mod uploader;
mod way;
mod window;

pub use self::patience::ReadError;
pub use self::place::Place;
pub use self::pool::MediaPool;
pub use self::reader::Reader;
pub use self::source::{Piece, Source};
