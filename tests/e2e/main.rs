//! The end-to-end tests: real processes, real sockets, nothing beyond this machine.

mod lambda;
