//! A person's login: what is remembered of it between two requests, and how it is kept from everybody else.
//!
//! The person's browser holds a [`SessionToken`] and nobody else does. The table's key is its hash, [`SessionId`]; what
//! the table holds is the [`Session`], sealed under a key that takes the token and the master secret to make. So the
//! table opens nothing, the table with the master secret opens nothing, and a token alone opens nothing.
//!
//! Three things are sealed beside it, each under a key of its own: what was seen in the person's chat, for some minutes of
//! fetching; what the person wrote about a file that is on its way; and the token itself, in a ticket for one message.

mod cipher;
mod content;
mod limit;
mod seal;
mod shelf;
mod ticket;
mod token;
mod upload;

pub use self::content::{AccountUser, AuthKey, DcKey, MediaServers, Session, Stage};
pub use self::limit::limit_subject;
pub use self::seal::{Kind, MasterKeys, OpenError, Sealed, Sealer};
pub use self::ticket::{TICKET_LIFE, TicketError};
pub use self::token::{SessionId, SessionToken};
