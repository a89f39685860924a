//! Delivers updates to the webhook: one at a time per queue, several queues at once, until each is acknowledged or
//! too old.
//!
//! An update is acknowledged by any 2xx. Its answer may carry a method call in its body, which is run and whose
//! result nobody hears. Everything else is a failure and follows the [`Schedule`]; the official server slows failing
//! connections down by other rules, here they are failures like any other.

use std::collections::HashSet;
use std::error::Error;
use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use lambdagram_telegram::http::client_builder;

use super::Shared;
use super::methods::{self, Method, Webhook};
use super::params::Params;
use super::schedule::{Schedule, Verdict};
use super::store::PendingUpdate;
use crate::telegram::faults::Moment;

/// How long a webhook may take to answer (the Bot API server: 60 s).
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

/// The header that proves to a webhook where the request is from.
const SECRET_TOKEN_HEADER: &str = "X-Telegram-Bot-Api-Secret-Token";

/// An update that was sent, and what the webhook made of it.
struct Delivery {
    update: PendingUpdate,
    outcome: Outcome,
}

enum Outcome {
    Acknowledged { headers: HeaderMap, body: Bytes },
    Refused { status: StatusCode, retry_after_s: u64 },
    Broken(&'static str),
}

/// What the loop holds for one webhook; a new one starts with nothing, and drops the requests of the old one.
struct Round<'a> {
    generation: u64,
    webhook: Option<Webhook>,
    schedule: Schedule,
    busy_queues: HashSet<i64>,
    requests: FuturesUnordered<BoxFuture<'a, Delivery>>,
}

pub(super) async fn run(bot: &Shared) {
    let client = client();
    let mut changed = bot.changed.subscribe();
    let mut round = Round::begin(bot);
    loop {
        changed.borrow_and_update();
        if round.generation != bot.webhook_generation.load(Ordering::SeqCst) {
            round = Round::begin(bot);
        }
        let next_ms = round.send_what_is_due(bot, &client);
        bot.next_delivery.send_replace(next_ms);
        tokio::select! {
            _ = changed.changed() => {}
            () = bot.clock.sleep_until_ms(next_ms.unwrap_or(u64::MAX)), if next_ms.is_some() => {}
            Some(delivery) = round.requests.next(), if !round.requests.is_empty() => {
                round.settle(bot, delivery).await;
            }
        }
    }
}

impl<'a> Round<'a> {
    fn begin(bot: &Shared) -> Self {
        Self {
            generation: bot.webhook_generation.load(Ordering::SeqCst),
            webhook: bot.or_logged(Webhook::load(&bot.store())),
            schedule: Schedule::default(),
            busy_queues: HashSet::new(),
            requests: FuturesUnordered::new(),
        }
    }

    /// Starts requests and says when the next one is due, in milliseconds of the clock. Expired updates go first,
    /// except those that are on their way: their answers still count.
    fn send_what_is_due(&mut self, bot: &'a Shared, client: &reqwest::Client) -> Option<u64> {
        let webhook = self.webhook.clone()?;
        let now_ms = bot.clock.now_ms();
        let mut next_ms: Option<u64> = None;
        for update in self.waiting(bot, now_ms / 1000) {
            let due_ms = self.schedule.due_ms(update.update_id);
            if due_ms > now_ms {
                next_ms = Some(next_ms.map_or(due_ms, |next| next.min(due_ms)));
            } else if self.requests.len() < webhook.max_connections {
                self.busy_queues.insert(update.queue_id);
                self.requests.push(Box::pin(deliver(bot, client.clone(), webhook.clone(), update)));
            }
        }
        next_ms
    }

    /// The first update of each queue that has none on its way.
    fn waiting(&mut self, bot: &Shared, now_s: u64) -> Vec<PendingUpdate> {
        loop {
            let heads = bot.or_logged(bot.store().queue_heads());
            let free = heads.into_iter().filter(|update| !self.busy_queues.contains(&update.queue_id));
            let (expired, waiting): (Vec<_>, Vec<_>) = free.partition(|update| update.expires_at < now_s);
            if expired.is_empty() {
                return waiting;
            }
            for update in expired {
                self.drop_update(bot, update.update_id);
            }
        }
    }

    async fn settle(&mut self, bot: &Shared, Delivery { update, outcome }: Delivery) {
        let now_ms = bot.clock.now_ms();
        let is_current = self.generation == bot.webhook_generation.load(Ordering::SeqCst);
        let (message, retry_after_s) = match outcome {
            Outcome::Acknowledged { headers, body } => {
                self.schedule.is_gone(StatusCode::OK.as_u16(), now_ms / 1000);
                self.drop_update(bot, update.update_id);
                run_answer(bot, &headers, body).await;
                self.busy_queues.remove(&update.queue_id);
                return;
            }
            // The failure of a webhook that is set no more means nothing to the one that is.
            Outcome::Refused { .. } | Outcome::Broken(_) if !is_current => return,
            Outcome::Refused { status, retry_after_s } => {
                if self.schedule.is_gone(status.as_u16(), now_ms / 1000) {
                    self.close(bot);
                }
                let reason = status.canonical_reason().unwrap_or_default();
                (format!("Wrong response from the webhook: {} {reason}", status.as_u16()), retry_after_s)
            }
            Outcome::Broken(message) => (message.to_owned(), 0),
        };
        self.busy_queues.remove(&update.queue_id);
        if self.webhook.is_some() {
            bot.or_logged(Webhook::note_error(&bot.store(), now_ms / 1000, message.trim_end()));
        }
        let verdict = self.schedule.failed(
            update.update_id,
            now_ms,
            update.expires_at,
            retry_after_s,
            &mut bot.random(),
        );
        if verdict == Verdict::Expired {
            self.drop_update(bot, update.update_id);
        }
    }

    fn drop_update(&mut self, bot: &Shared, update_id: i64) {
        self.schedule.forget(update_id);
        bot.or_logged(bot.store().remove_update(update_id));
    }

    fn close(&mut self, bot: &Shared) {
        tracing::warn!(bot_id = bot.bot_id, "the webhook has answered 410 for 23 hours and is closed");
        self.webhook = None;
        bot.or_logged(Webhook::remove(&bot.store()));
        bot.webhook_changed("terminated by setWebhook request");
    }
}

pub(super) fn client() -> reqwest::Client {
    client_builder()
        .no_proxy()
        .build()
        .expect("a client without a certificate of its own can always be built")
}

async fn deliver(bot: &Shared, client: reqwest::Client, webhook: Webhook, update: PendingUpdate) -> Delivery {
    let outcome = tokio::select! {
        outcome = post(&client, &webhook, &update) => outcome,
        () = bot.clock.sleep(ANSWER_TIMEOUT) => Outcome::Broken("Read timeout expired"),
    };
    Delivery { update, outcome }
}

async fn post(client: &reqwest::Client, webhook: &Webhook, update: &PendingUpdate) -> Outcome {
    let mut request = client.post(&webhook.url).json(&update.body);
    if !webhook.secret_token.is_empty() {
        request = request.header(SECRET_TOKEN_HEADER, &webhook.secret_token);
    }
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) if is_refused_connection(&error) => return Outcome::Broken("Connection refused"),
        Err(error) if error.is_connect() => return Outcome::Broken("Connection failed"),
        Err(_) => return Outcome::Broken("Connection closed"),
    };
    let (status, headers) = (response.status(), response.headers().clone());
    if !status.is_success() {
        return Outcome::Refused { status, retry_after_s: retry_after_s(&headers) };
    }
    match response.bytes().await {
        Ok(body) => Outcome::Acknowledged { headers, body },
        Err(_) => Outcome::Broken("Connection closed"),
    }
}

fn is_refused_connection(error: &reqwest::Error) -> bool {
    std::iter::successors(error.source(), |cause: &&(dyn Error + 'static)| (*cause).source())
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::ConnectionRefused)
}

/// Only seconds are understood, no dates.
fn retry_after_s(headers: &HeaderMap) -> u64 {
    let value = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.trim().parse().ok()).unwrap_or_default()
}

/// Runs the method that a webhook's answer names. Planned faults strike it too, only that nobody sees their answers.
async fn run_answer(bot: &Shared, headers: &HeaderMap, body: Bytes) {
    let Ok(params) = Params::of_body(headers, body).await else {
        return;
    };
    let Some(method) = Method::of_name(&params.text("method")) else {
        return;
    };
    let chat_id = Some(params.integer("chat_id")).filter(|chat_id| *chat_id != 0);
    if !method.may_answer_webhook() || bot.faults.strike(method.name(), chat_id, Moment::Before).is_some() {
        return;
    }
    if let Err(error) = methods::run(bot, method, &params).await {
        tracing::debug!(method = method.name(), ?error, "a method in a webhook's answer failed");
    }
}
