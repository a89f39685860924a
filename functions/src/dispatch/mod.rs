//! What people ask the bot, on its way to the services that answer: the webhook's decision (`desk`), the worker that
//! delivers (`worker`, `attempt`), and answers on their way back (`answers`).

pub(crate) mod answers;
mod attempt;
pub(crate) mod desk;
pub mod worker;
