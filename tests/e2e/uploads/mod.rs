//! Files on their way into Saved Messages, small and large: every answer, what can go wrong, and what is left of it.

mod answers;
mod cancelled;
mod crashes;
mod faults;
mod kills;
mod kinds;
mod parts;
mod secrecy;
mod sessions;
mod small;
mod support;
mod twice;
mod written;
