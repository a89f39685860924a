//! Where parts of files are asked for, or go.

use std::fmt;
use std::net::SocketAddr;

use lambdagram_domain::session::DcKey;

/// An address of a data centre, and the key that is signed in there. `Debug` shows nothing of the key.
#[derive(Clone)]
pub struct Place {
    /// The data centre: the file's, or the account's own for what is uploaded, as that is where the message will be made.
    pub dc: i32,
    /// The address.
    pub address: SocketAddr,
    /// The data centre's key, signed in there.
    pub key: DcKey,
    /// Whether the connection may outlive its user, and stand beside others of the same login: one to an address for
    /// files alone may, one to a main address may not.
    pub keep: bool,
}

impl Place {
    /// Whether one connection serves both.
    pub(super) fn shares_connection(&self, other: &Self) -> bool {
        self.key.key == other.key.key
            && (self.dc, self.address, self.keep) == (other.dc, other.address, other.keep)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Place")
            .field("dc", &self.dc)
            .field("keep", &self.keep)
            .finish_non_exhaustive()
    }
}
