//! The protocol over real sockets, with a client of its own.
