//! The bot of a stack, simulated or real.

use std::collections::BTreeMap;

use lambdagram_domain::secret::Secret;
use lambdagram_telegram::bot_api::{BotApi, BotApiError, TELEGRAM};
use lambdagram_telegram::setup::{self, Webhook};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Options, RealBot, StartError, Telegram, bind, data_folder, state, webhook_of};
use crate::aws;
use crate::clock::Clock;
use crate::telegram::bot_api::{self as simulated, DEFAULT_BOT_TOKEN};
use crate::telegram::faults::Faults;

/// What stands in for the id of a bot that is not there: the template wants one.
const NO_BOT_ID: i64 = 1;

/// The bot of a stack: who it is, where its API is, and what it shares with the functions.
#[derive(Clone)]
pub(super) struct Bot {
    /// Without it, there is no bot.
    pub(super) token: Option<Secret>,
    id: i64,
    pub(super) url: String,
    pub(super) webhook_secret: Secret,
    pub(super) mini_app_key: Secret,
    mini_app_url: Option<String>,
    /// Without the @; empty where it is not known.
    username: String,
    pub(super) simulated: Option<simulated::BotApi>,
}

impl Bot {
    pub(super) async fn open(
        options: &Options,
        clock: &Clock,
        faults: &Faults,
        api_url: &str,
        shutdown: &CancellationToken,
        tasks: &TaskTracker,
    ) -> Result<Self, StartError> {
        let (token, url, mini_app_url, simulated) = match &options.telegram {
            Telegram::Real { bot: Some(RealBot { token, base_url, mini_app_url }), .. } => {
                (Some(token.clone()), base_url.clone(), mini_app_url.clone(), None)
            }
            Telegram::Real { bot: None, .. } => (None, TELEGRAM.to_owned(), None, None),
            Telegram::Simulated => {
                let (simulated, url) = open_simulated(options, clock, faults, shutdown, tasks).await?;
                (Some(Secret::new(DEFAULT_BOT_TOKEN)), url, Some(format!("{api_url}/")), Some(simulated))
            }
        };
        let id = match &token {
            Some(token) => id_in(token).ok_or(StartError::Token)?,
            None => NO_BOT_ID,
        };
        let username = match (&token, &simulated) {
            (Some(_), Some(_)) => simulated::BOT_USERNAME.to_owned(),
            // What is wrong with the bot is told when it is set up.
            (Some(token), None) => {
                let me = BotApi::new(&url, token.clone()).get_me().await;
                me.map(|me| me.username).unwrap_or_default()
            }
            (None, _) => String::new(),
        };
        let secrets =
            state::secrets(&options.data_dir).map_err(|error| data_folder(&options.data_dir, &error))?;
        let webhook_secret = Secret::new(secrets.webhook_secret);
        let mini_app_key = Secret::new(secrets.mini_app_key);
        Ok(Self { token, id, url, webhook_secret, mini_app_key, mini_app_url, username, simulated })
    }

    pub(super) fn parameters(&self, api_url: &str) -> BTreeMap<String, String> {
        let mini_app_url = self.mini_app_url.clone().unwrap_or_default();
        let mut parameters = BTreeMap::from([
            ("BotId".to_owned(), self.id.to_string()),
            ("MiniAppUrl".to_owned(), mini_app_url),
            ("AllowedOrigins".to_owned(), api_url.to_owned()),
            ("BotApiUrl".to_owned(), self.url.clone()),
            ("BotUsername".to_owned(), self.username.clone()),
        ]);
        let key = self.simulated.as_ref().map(simulated::BotApi::public_key_hex);
        parameters.extend(key.map(|key| ("TelegramPublicKey".to_owned(), key)));
        parameters
    }

    /// The JSON object that the secret would hold.
    pub(super) fn secrets_json(&self) -> Option<String> {
        let json = json!({
            "bot_token": self.token.as_ref()?.expose(),
            "webhook_secret": self.webhook_secret.expose(),
            "mini_app_key": self.mini_app_key.expose(),
        });
        Some(json.to_string())
    }

    pub(super) fn api(&self) -> Option<BotApi> {
        Some(BotApi::new(&self.url, self.token.clone()?))
    }

    /// Tells Telegram about the bot. The simulated one delivers updates to the webhook; the real one cannot reach this
    /// machine and is asked for them, which it answers only when no webhook is set.
    pub(super) async fn set_up(&self, api_url: &str) -> Result<(), BotApiError> {
        let Some(bot) = self.api() else { return Ok(()) };
        if self.simulated.is_some() {
            let secret = self.webhook_secret.clone();
            let webhook = Webhook { url: webhook_of(api_url), secret, certificate: None };
            setup::set_webhook(&bot, webhook).await?;
        } else if let Some(url) = setup::webhook_url(&bot).await? {
            tracing::warn!(url, "The bot's webhook is taken away while this runs; run setup to give it back");
            setup::delete_webhook(&bot).await?;
        }
        match &self.mini_app_url {
            Some(url) => setup::set_commands_and_menu(&bot, url).await,
            None => setup::set_commands(&bot).await,
        }
    }
}

/// The number before the token's colon.
fn id_in(token: &Secret) -> Option<i64> {
    token.expose().split_once(':')?.0.parse().ok()
}

async fn open_simulated(
    options: &Options,
    clock: &Clock,
    faults: &Faults,
    shutdown: &CancellationToken,
    tasks: &TaskTracker,
) -> Result<(simulated::BotApi, String), StartError> {
    let opened = simulated::BotApi::open(simulated::Options {
        data_dir: options.data_dir.clone(),
        token: DEFAULT_BOT_TOKEN.to_owned(),
        clock: clock.clone(),
        faults: faults.clone(),
        seed: clock.now_ms(),
    });
    let bot = opened.map_err(|error| data_folder(&options.data_dir, &error))?;
    let listener = bind(0).await?;
    let url = format!("http://{}", listener.local_addr().map_err(StartError::Listen)?);
    bot.set_endpoint(&url);
    tasks.spawn(aws::serve(listener, bot.router(), shutdown.clone()));
    let (deliverer, shutdown) = (bot.clone(), shutdown.clone());
    tasks.spawn(async move { shutdown.run_until_cancelled(deliverer.deliver()).await });
    Ok((bot, url))
}
