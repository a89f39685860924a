//! The end-to-end tests: the whole stack on this machine, driven over HTTP as its users drive it.

mod support;

mod delivery;
mod drift;
mod faults;
mod local;
mod logs;
mod mini_app;
mod webhook;
