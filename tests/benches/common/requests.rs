//! Requests, and how long they take.

use std::time::{Duration, Instant};

use http::Response;
use reqwest::RequestBuilder;

use super::ground::Failure;

/// What came back, and when.
pub(crate) struct Answer {
    pub(crate) taken: Duration,
    pub(crate) response: Response<String>,
}

impl Answer {
    /// How long it took, if it went well.
    pub(crate) fn success(&self) -> Result<Duration, Failure> {
        let (status, body) = (self.response.status(), self.response.body());
        if status.is_success() { Ok(self.taken) } else { Err(format!("{status}: {body}").into()) }
    }
}

/// Sends a request and reads its answer to the end.
pub(crate) async fn send(request: RequestBuilder) -> Result<Answer, Failure> {
    let started = Instant::now();
    let answer = request.send().await?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut response = Response::new(answer.text().await?);
    let taken = started.elapsed();
    (*response.status_mut(), *response.headers_mut()) = (status, headers);
    Ok(Answer { taken, response })
}
