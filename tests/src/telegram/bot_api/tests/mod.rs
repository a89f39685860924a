//! The simulator over its own sockets.
