//! Everything Lambdagram runs on when it runs on one machine: the local stack that reads `template.yaml`, and the
//! simulated Telegram. The end-to-end tests in `e2e/` drive it; nothing here is ever deployed.

pub mod aws;
pub mod cli;
pub mod clock;
pub mod gateway;
pub mod lambda;
pub mod python;
pub mod sample_service;
pub mod stack;
pub mod telegram;
pub mod template;
