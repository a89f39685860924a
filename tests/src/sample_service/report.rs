//! The answer that comes later.

use std::time::Duration;

use lambdagram_domain::secret::Secret;
use lambdagram_telegram::http::client_builder;
use reqwest::{Client, StatusCode, header};
use serde_json::json;

use crate::clock::Clock;

/// How often an answer is sent before it is given up.
const TRIES: u32 = 6;

/// Characters of a report's title: what a person wrote may be as long as a message, and the report is one too.
const LONGEST_TITLE: usize = 200;

/// Makes reports and sends them.
pub(super) struct Reporter {
    http: Client,
    enqueue: String,
    api_key: Secret,
    clock: Clock,
    takes: Duration,
}

/// How a try went.
#[derive(Debug, PartialEq, Eq)]
enum Sent {
    Accepted,
    /// It may work after that time.
    Later(Duration),
    /// It will never work.
    Refused(StatusCode),
}

impl Reporter {
    pub(super) fn new(api_url: &str, api_key: Secret, clock: Clock, takes: Duration) -> Self {
        let http = client_builder().build().expect("the TLS set-up reads the machine's certificates");
        let enqueue = format!("{}/enqueue_command", api_url.trim_end_matches('/'));
        Self { http, enqueue, api_key, clock, takes }
    }

    /// When a report that is asked for now is made, in milliseconds of the clock.
    pub(super) fn due(&self) -> u64 {
        self.after(self.takes)
    }

    /// Answers the dispatch of that id, not before the report is made.
    pub(super) async fn report(&self, id: &str, arguments: &[String], due: u64) {
        self.clock.sleep_until_ms(due).await;
        let text = text_of(arguments);
        for attempt in 1..=TRIES {
            match self.send(id, &text, attempt).await {
                Sent::Accepted => return,
                Sent::Later(pause) => self.clock.sleep_until_ms(self.after(pause)).await,
                Sent::Refused(status) => {
                    tracing::error!(dispatch_id = id, status = status.as_u16(), "A report was refused.");
                    return;
                }
            }
        }
        tracing::error!(dispatch_id = id, tries = TRIES, "A report could not be sent.");
    }

    async fn send(&self, id: &str, text: &str, attempt: u32) -> Sent {
        let command = json!({"command": "send_message", "data": {"text": text}, "reply_to": id});
        let request = self
            .http
            .post(&self.enqueue)
            .bearer_auth(self.api_key.expose())
            .header("idempotency-key", format!("\"{id}\""))
            .json(&command);
        let Ok(answer) = request.send().await else { return Sent::Later(pause_after(attempt)) };
        let retry_after = answer.headers().get(header::RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
        Sent::of(answer.status(), retry_after, attempt)
    }

    fn after(&self, time: Duration) -> u64 {
        self.clock.now_ms().saturating_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }
}

impl Sent {
    fn of(status: StatusCode, retry_after: Option<u64>, attempt: u32) -> Self {
        match status {
            status if status.is_success() => Self::Accepted,
            StatusCode::TOO_MANY_REQUESTS => {
                Self::Later(retry_after.map_or(pause_after(attempt), Duration::from_secs))
            }
            // The try before is still being worked on.
            StatusCode::CONFLICT => Self::Later(pause_after(attempt)),
            status if status.is_server_error() => Self::Later(pause_after(attempt)),
            status => Self::Refused(status),
        }
    }
}

/// 1, 2, 4, ... seconds.
fn pause_after(attempt: u32) -> Duration {
    Duration::from_secs(1 << (attempt - 1))
}

fn text_of(arguments: &[String]) -> String {
    if arguments.is_empty() {
        return "Report: all is well.".to_owned();
    }
    let title: String = arguments.join(", ").chars().take(LONGEST_TITLE).collect();
    format!("Report on {title}: all is well.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_whether_and_when_to_try_again() {
        let later = |seconds| Sent::Later(Duration::from_secs(seconds));
        for (status, retry_after, attempt, expected) in [
            (200, None, 1, Sent::Accepted),
            (202, None, 1, Sent::Accepted),
            (429, Some(40), 1, later(40)),
            (429, None, 3, later(4)),
            (409, None, 1, later(1)),
            (500, None, 2, later(2)),
            (503, Some(40), 6, later(32)),
            (400, None, 1, Sent::Refused(StatusCode::BAD_REQUEST)),
            (401, None, 1, Sent::Refused(StatusCode::UNAUTHORIZED)),
            (307, None, 1, Sent::Refused(StatusCode::TEMPORARY_REDIRECT)),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(Sent::of(status, retry_after, attempt), expected, "{status}");
        }
    }

    #[test]
    fn a_report_is_one_message_however_long_its_title_is_asked_to_be() {
        assert_eq!(text_of(&[]), "Report: all is well.");
        assert_eq!(text_of(&["a".to_owned(), "b c".to_owned()]), "Report on a, b c: all is well.");
        assert_eq!(text_of(&["x".repeat(4000)]).chars().count(), 200 + "Report on : all is well.".len());
    }
}
