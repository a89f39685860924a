//! The end-to-end tests: real processes, real sockets, nothing beyond this machine.

mod support;

mod delivery;
mod drift;
mod faults;
mod lambda;
mod local;
mod logs;
mod mini_app;
mod webhook;
