//! One try of one delivery.

use std::time::{Duration, SystemTime};

use aws_lambda_events::event::sqs::SqsMessage;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use lambdagram_aws::{AwsError, Line};
use lambdagram_domain::access::{LONGEST_TIMEOUT, Service, Target};
use lambdagram_domain::answer::{Answer, Origin};
use lambdagram_domain::dispatch::{Delivery, Kind};
use lambdagram_domain::ids::{DispatchId, JobId};
use lambdagram_domain::incoming::Incoming;
use lambdagram_domain::signature::{ID_HEADER, SIGNATURE_HEADER, SigningSecret, TIMESTAMP_HEADER, sign};
use lambdagram_outbound::{OutboundError, Reply};
use tokio::time::Instant;

use super::answers;
use super::worker::DispatchWorker;
use crate::commands::outcome::report;
use crate::queue_worker::Verdict;

/// Kept free at the end of an invocation, to queue what was answered and to record it.
const TIME_TO_RECORD: Duration = Duration::from_secs(10);

/// When something comes again that one of AWS's services did not take.
const PAUSE: Duration = Duration::from_secs(5);

/// What a person is told when nobody answers them.
const NO_ANSWER: &str = "That did not work. Please try again later.";

/// How a try went.
enum Outcome {
    /// It arrived, and this is what is to be done now.
    Delivered(Vec<Answer>),
    /// Another time it may.
    Failed(String),
    /// It never will.
    Hopeless(String),
}

/// A message with a delivery in it.
struct Letter<'a> {
    delivery: Delivery,
    /// The message as it came, for the dead-letter queue.
    body: &'a str,
    message_id: &'a str,
}

/// A request as it is signed.
struct Signed {
    body: String,
    timestamp: String,
    signature: String,
}

impl DispatchWorker {
    /// Tries the delivery of one message.
    pub(super) async fn attempt(&self, record: &SqsMessage, deadline: SystemTime) -> Verdict {
        let body = record.body.as_deref().unwrap_or_default();
        let message_id = record.message_id.as_deref().unwrap_or_default();
        let Ok(delivery) = serde_json::from_str::<Delivery>(body) else {
            return self.bury_unreadable(body, message_id).await;
        };
        let letter = Letter { delivery, body, message_id };
        let delivery = &letter.delivery;
        let now = self.clock.now();
        let number = match self.dispatches.begin(&delivery.row(now), now).await {
            Ok(Some(number)) => number,
            Ok(None) => return Verdict::Done,
            Err(cause) => {
                tracing::error!(dispatch = %delivery.id, cause = %cause, "The delivery cannot be begun");
                return Verdict::Later(PAUSE);
            }
        };
        if number > 1 && delivery.delay_after(number - 1).is_none() {
            // Workers died over it.
            return self.bury(&letter, "Every try failed.").await;
        }
        let left = deadline.duration_since(self.clock.time()).unwrap_or_default();
        let outcome = self.deliver(delivery, left.saturating_sub(TIME_TO_RECORD)).await;
        match outcome {
            Outcome::Delivered(answers) => match self.carry_out(&delivery.id, answers).await {
                Ok(()) => {
                    tracing::info!(dispatch = %delivery.id, attempt = number, "Delivered");
                    Verdict::Done
                }
                Err(cause) => {
                    tracing::error!(dispatch = %delivery.id, cause = %cause, "The answer is not queued, and asked for again");
                    Verdict::Later(PAUSE)
                }
            },
            Outcome::Hopeless(reason) => self.bury(&letter, &reason).await,
            Outcome::Failed(reason) => match delivery.delay_after(number) {
                Some(delay) => {
                    tracing::warn!(dispatch = %delivery.id, attempt = number, cause = reason, "The delivery is tried again later");
                    Verdict::Later(delay)
                }
                None => self.bury(&letter, &reason).await,
            },
        }
    }

    async fn deliver(&self, delivery: &Delivery, time: Duration) -> Outcome {
        match &delivery.kind {
            Kind::Dispatch { incoming, route } => self.ask(delivery, incoming, route, time).await,
            Kind::Callback { job, url } => self.call_back(&delivery.id, job, url, time).await,
        }
    }

    /// Asks the service that the route names.
    async fn ask(&self, delivery: &Delivery, incoming: &Incoming, route: &str, time: Duration) -> Outcome {
        let permissions = self.access.current(self.clock.now()).await;
        let Some(service) = permissions.service(route) else {
            return Outcome::Hopeless("There is no service of that name any more.".to_owned());
        };
        let body = serde_json::to_string(incoming).expect("what a person asks is plain data");
        let signed = self.sign(&delivery.id, Some(route), body);
        let reply = match &service.target {
            Target::Url(url) => self.post(url, &delivery.id, signed, time.min(service.timeout)).await,
            Target::Queue(queue) => {
                return match self.put(queue, delivery, signed).await {
                    Ok(()) => Outcome::Delivered(Vec::new()),
                    Err(cause) => Outcome::Failed(cause.to_string()),
                };
            }
        };
        let reply = match self.judge(reply).await {
            Ok(reply) => reply,
            Err(outcome) => return outcome,
        };
        let origin = Origin::of(incoming);
        let answers = match origin.read(&reply.body) {
            Ok(answers) => answers,
            Err(error) => return Outcome::Hopeless(error.to_string()),
        };
        let role = permissions.role(&service.role);
        let forbidden = answers.iter().find(|Answer { method, call }| {
            !role.is_some_and(|role| role.may_run(method) && role.may_pay(method, call))
        });
        match forbidden {
            Some(answer) => Outcome::Hopeless(forbids(service, answer)),
            None => Outcome::Delivered(with_acknowledgement(&origin, answers)),
        }
    }

    /// Tells of the end of a command.
    async fn call_back(&self, id: &DispatchId, job: &JobId, url: &str, time: Duration) -> Outcome {
        let receipt = match self.receipts.get(job, self.clock.now()).await {
            Ok(Some(receipt)) => receipt,
            Ok(None) => return Outcome::Hopeless("The command's receipt is gone.".to_owned()),
            Err(cause) => return Outcome::Failed(cause.to_string()),
        };
        let Ok(report) = report(&receipt, &self.staging).await else {
            return Outcome::Failed("The command's result cannot be read.".to_owned());
        };
        let signed = self.sign(id, None, report.to_string());
        let reply = self.post(url, id, signed, time.min(LONGEST_TIMEOUT)).await;
        match self.judge(reply).await {
            // Whatever it says, it was told.
            Ok(_) => Outcome::Delivered(Vec::new()),
            Err(outcome) => outcome,
        }
    }

    fn sign(&self, id: &DispatchId, service: Option<&str>, body: String) -> Signed {
        let now = self.clock.now();
        let versions = self.secrets.versions();
        let secrets: Vec<SigningSecret> =
            versions.all().map(|version| version.signing_secret(service).clone()).collect();
        let signature = sign(&secrets, id.as_str(), now, body.as_bytes());
        Signed { body, timestamp: now.0.to_string(), signature }
    }

    async fn post(
        &self,
        url: &str,
        id: &DispatchId,
        signed: Signed,
        time: Duration,
    ) -> Result<Reply, OutboundError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in [
            (ID_HEADER, id.as_str()),
            (TIMESTAMP_HEADER, &signed.timestamp),
            (SIGNATURE_HEADER, &signed.signature),
        ] {
            let value = HeaderValue::from_str(value).expect("ids, numbers and base64 are header values");
            headers.insert(HeaderName::from_static(name), value);
        }
        self.outbound.post(url, headers, Bytes::from(signed.body), Instant::now() + time).await
    }

    async fn put(&self, queue: &str, delivery: &Delivery, signed: Signed) -> Result<(), AwsError> {
        let id = delivery.id.as_str();
        let attributes =
            [(ID_HEADER, id), (TIMESTAMP_HEADER, &signed.timestamp), (SIGNATURE_HEADER, &signed.signature)];
        let line = Line { group: &delivery.group(), deduplication_id: id };
        self.service_queues.send(queue, line, signed.body, &attributes).await
    }

    /// Whether the other side took it.
    async fn judge(&self, reply: Result<Reply, OutboundError>) -> Result<Reply, Outcome> {
        let (status, told) = match reply {
            Ok(reply) if is_success(reply.status) => return Ok(reply),
            Ok(Reply { status, .. }) => (status, format!("It answered with status {status}.")),
            Err(error) => match error {
                OutboundError::NotSent { .. } | OutboundError::Unanswered { .. } => {
                    return Err(Outcome::Failed(error.to_string()));
                }
                OutboundError::TooLong { status, .. } if !is_success(status) => (status, error.to_string()),
                OutboundError::Url(_) | OutboundError::Address { .. } | OutboundError::TooLong { .. } => {
                    return Err(Outcome::Hopeless(error.to_string()));
                }
            },
        };
        Err(match status {
            408 | 429 | 500..=599 => Outcome::Failed(told),
            // The secret may have been replaced since it was read.
            401 if matches!(self.secrets.refresh(self.clock.now()).await, Ok(true)) => Outcome::Failed(told),
            _ => Outcome::Hopeless(told),
        })
    }

    /// Queues what was answered, and records the delivery.
    async fn carry_out(&self, id: &DispatchId, answers: Vec<Answer>) -> Result<(), AwsError> {
        let now = self.clock.now();
        for (number, answer) in answers.into_iter().enumerate() {
            let job = JobId::of_answer(id, number);
            answers::enqueue(&self.intake, Some(&self.staging), job, answer, now).await?;
        }
        self.dispatches.deliver(id, now).await
    }

    /// Gives the delivery to the dead-letter queue, and tells the person who waits, once.
    async fn bury(&self, letter: &Letter<'_>, reason: &str) -> Verdict {
        let delivery = &letter.delivery;
        match self.try_to_bury(letter, reason).await {
            Ok(()) => Verdict::Done,
            Err(cause) => {
                tracing::error!(dispatch = %delivery.id, cause = %cause, "The delivery cannot be given up");
                Verdict::Later(PAUSE)
            }
        }
    }

    async fn try_to_bury(&self, letter: &Letter<'_>, reason: &str) -> Result<(), AwsError> {
        let Letter { delivery, body, message_id } = letter;
        if let Kind::Dispatch { incoming, .. } = &delivery.kind {
            let now = self.clock.now();
            if self.receipts.get(&JobId::of_answer(&delivery.id, 0), now).await?.is_some() {
                // An answer was on its way before a worker died: what is missing is only its record.
                return self.dispatches.deliver(&delivery.id, now).await;
            }
            let job = JobId::of_failure(&delivery.id);
            let answer = Origin::of(incoming).says(NO_ANSWER).expect("what we say ourselves is a message");
            answers::enqueue(&self.intake, None, job, answer, now).await?;
        }
        tracing::error!(dispatch = %delivery.id, reason, "The delivery is given up");
        self.dead_letters.send(body, Some(&delivery.group()), message_id, reason).await?;
        self.dispatches.fail(&delivery.id).await
    }

    async fn bury_unreadable(&self, body: &str, message_id: &str) -> Verdict {
        match self.dead_letters.send(body, None, message_id, "The message is no delivery.").await {
            Ok(()) => {
                tracing::error!(message_id, "A message that is no delivery is in the dead-letter queue");
                Verdict::Done
            }
            Err(cause) => {
                tracing::error!(message_id, cause = %cause, "The dead-letter queue does not take a message");
                Verdict::WhenVisible
            }
        }
    }
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

fn forbids(service: &Service, answer: &Answer) -> String {
    let Service { name, role, .. } = service;
    format!("The role {role} of the service {name} may not use {}.", answer.method.name())
}

/// The answers, and before them the end of the pressed button's clock, unless they see to it themselves. A service that
/// answers later does so then: until then the button shows that it is being worked on.
fn with_acknowledgement(origin: &Origin, mut answers: Vec<Answer>) -> Vec<Answer> {
    if !answers.is_empty() && !answers.iter().any(Answer::is_acknowledgement) {
        answers.splice(0..0, origin.acknowledges(None));
    }
    answers
}

#[cfg(test)]
mod tests {
    use lambdagram_domain::ids::ChatId;

    use super::*;

    #[test]
    fn a_pressed_button_stops_when_it_is_answered_and_once() {
        let origin =
            Origin { chat: ChatId(7), message_thread_id: None, callback_query: Some("55".to_owned()) };
        let methods = |body: &str| {
            let answers = with_acknowledgement(&origin, origin.read(body.as_bytes()).unwrap());
            answers.iter().map(|answer| answer.method.name()).collect::<Vec<_>>()
        };
        assert_eq!(methods(""), [""; 0]);
        assert_eq!(methods(r#"{"reply":"a"}"#), ["answerCallbackQuery", "sendMessage"]);
        assert_eq!(
            methods(r#"[{"reply":"a"},{"method":"answerCallbackQuery","text":"b"}]"#),
            ["sendMessage", "answerCallbackQuery"]
        );
        let written = Origin { callback_query: None, ..origin.clone() };
        let answers = with_acknowledgement(&written, written.read(br#"{"reply":"a"}"#).unwrap());
        assert_eq!(answers.len(), 1);
    }
}
