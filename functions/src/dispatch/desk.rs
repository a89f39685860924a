//! Where the webhook asks what becomes of what a person asks.

use lambdagram_aws::{AwsError, Connection, Dispatches, FifoQueue};
use lambdagram_domain::access::{Strangers, Verdict};
use lambdagram_domain::answer::{Answer, Origin};
use lambdagram_domain::bot_command::BotCommand;
use lambdagram_domain::dispatch::{Delivery, Stage};
use lambdagram_domain::ids::DispatchId;
use lambdagram_domain::incoming::{Asks, Incoming};
use lambdagram_domain::time::UnixTime;

use crate::access::Access;
use crate::config::{ConfigError, Environment};

const FORBIDDEN: &str = "You may not use this here.";
const UNKNOWN: &str = "I do not know this command.";
const STRANGER: &str = "This bot does not know you.";

/// The desk.
pub(crate) struct Desk {
    access: Access,
    bot_username: Option<String>,
    dispatches: Dispatches,
    queue: FifoQueue,
}

/// What becomes of what a person asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The service of that name gets it.
    Dispatch(String),
    /// They are told this.
    Say(&'static str),
    /// Nothing. Why, for the log.
    Ignore(&'static str),
    /// The rest of the bot decides.
    Leave,
}

impl Desk {
    pub(crate) async fn new(
        environment: &Environment,
        connection: &Connection,
        now: UnixTime,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            access: environment.access(connection, now).await?,
            bot_username: environment.optional("BOT_USERNAME").map(str::to_owned),
            dispatches: Dispatches::new(connection, environment.text("DISPATCHES_TABLE")?),
            queue: FifoQueue::new(connection, environment.text("DISPATCH_QUEUE_URL")?),
        })
    }

    pub(crate) async fn decide(&self, incoming: &Incoming, now: UnixTime) -> Step {
        if let Asks::Command(command) = &incoming.asks
            && !incoming.private
            && !is_ours(command, self.bot_username.as_deref())
        {
            return Step::Ignore("a command for another bot");
        }
        match self.access.current(now).await.decide(incoming) {
            Verdict::Dispatch(service) => Step::Dispatch(service.name.clone()),
            Verdict::Forbidden => Step::Say(FORBIDDEN),
            Verdict::Unknown => Step::Say(UNKNOWN),
            Verdict::Stranger(Strangers::Answer) => Step::Say(STRANGER),
            Verdict::Stranger(Strangers::Silent) => Step::Ignore("a stranger's"),
            Verdict::Unclaimed => Step::Leave,
        }
    }

    /// Queues the request to the service, once for all repeats of its update.
    ///
    /// # Errors
    ///
    /// [`AwsError`]; a repeat completes it.
    pub(crate) async fn dispatch(
        &self,
        id: DispatchId,
        incoming: Incoming,
        service: String,
        now: UnixTime,
    ) -> Result<(), AwsError> {
        let delivery = Delivery::dispatch(id, incoming, service);
        // One that is being accepted is queued again: the queue knows it by its id, and the worker by its row.
        if !matches!(self.dispatches.accept(&delivery.row(now), now).await?, None | Some(Stage::Accepting)) {
            return Ok(());
        }
        let body = serde_json::to_string(&delivery).expect("a delivery is plain data");
        self.queue.send(&delivery.group(), delivery.id.as_str(), body).await?;
        if let Err(cause) = self.dispatches.mark_queued(&delivery.id).await {
            tracing::warn!(dispatch = %delivery.id, cause = %cause, "The row does not say that its delivery is queued");
        }
        Ok(())
    }
}

/// Whether a command in a group is for this bot. One that names a bot is not, while this bot's name is not known.
fn is_ours(command: &BotCommand, bot_username: Option<&str>) -> bool {
    bot_username.map_or(command.bot.is_none(), |name| command.is_for(name))
}

/// `text` for the person who asked: over the button that they pressed, or as a message.
pub(crate) fn short_answer(incoming: &Incoming, text: &'static str) -> Answer {
    let origin = Origin::of(incoming);
    let said = origin.acknowledges(Some(text)).map_or_else(|| origin.says(text), Ok);
    said.expect("what we say ourselves is a message")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(bot: Option<&str>) -> BotCommand {
        let bot = bot.map(str::to_owned);
        BotCommand { name: "ping".to_owned(), bot, arguments: Vec::new(), rest: String::new() }
    }

    #[test]
    fn a_command_in_a_group_is_ours_when_it_names_us_or_nobody() {
        for (bot, ours_named, ours_unnamed) in
            [(None, true, true), (Some("Our_Bot"), true, false), (Some("other_bot"), false, false)]
        {
            assert_eq!(is_ours(&command(bot), Some("our_bot")), ours_named, "{bot:?}");
            assert_eq!(is_ours(&command(bot), None), ours_unnamed, "{bot:?}");
        }
    }
}
