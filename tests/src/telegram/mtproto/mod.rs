//! The simulated Telegram cloud that clients of `MTProto` reach over TCP.

pub mod rpc;
