//! How an invocation ends, in the words Lambda has for it.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

/// Most bytes of a request, and of a buffered answer: 6 MB and room for Lambda's own framing (the number in Lambda's
/// error message).
pub const PAYLOAD_LIMIT: usize = 6_291_556;

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invocation {
    /// The function answered.
    Success(Bytes),
    /// The function said that it failed, or could not start.
    FunctionError {
        /// The `errorType` it gave.
        error_type: String,
        /// What the caller gets: the JSON that describes the error.
        payload: Bytes,
    },
    /// The function took longer than its time-out, and was killed.
    TimedOut {
        /// Lambda's message.
        message: String,
    },
    /// The process ended in the middle of the invocation.
    Crashed {
        /// Lambda's message, which names exit status or signal.
        message: String,
    },
    /// The answer is larger than [`PAYLOAD_LIMIT`].
    ResponseTooLarge,
    /// The request is larger than [`PAYLOAD_LIMIT`]; no process saw it.
    PayloadTooLarge {
        /// Its size.
        bytes: usize,
    },
    /// As many processes are at work as there may be.
    TooManyRequests,
    /// There is no such function.
    NotFound,
    /// The service is stopping.
    Stopped,
}

impl Invocation {
    /// Whether the function answered.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Success(_))
    }

    /// The body that Lambda's `Invoke` answers with.
    pub fn payload(&self) -> Bytes {
        match self {
            Self::Success(payload) | Self::FunctionError { payload, .. } => payload.clone(),
            Self::TimedOut { message } => error("Sandbox.Timedout", message),
            Self::Crashed { message } => error("Runtime.ExitError", message),
            Self::ResponseTooLarge => error(
                "Function.ResponseSizeTooLarge",
                &format!(
                    "Response payload size exceeded maximum allowed payload size ({PAYLOAD_LIMIT} bytes)."
                ),
            ),
            Self::PayloadTooLarge { bytes } => refusal(
                "RequestEntityTooLargeException",
                &format!(
                    "{bytes} byte payload is too large for the RequestResponse invocation type (limit {PAYLOAD_LIMIT} bytes)"
                ),
            ),
            Self::TooManyRequests => refusal("TooManyRequestsException", "Rate Exceeded."),
            Self::NotFound => refusal("ResourceNotFoundException", "Function not found"),
            Self::Stopped => refusal("ServiceException", "The local stack is stopping"),
        }
    }

    pub(super) fn function_error(error_type: &str, message: &str) -> Self {
        Self::FunctionError { error_type: error_type.to_owned(), payload: error(error_type, message) }
    }

    pub(super) fn timed_out(request_id: &str, timeout: Duration) -> Self {
        let seconds = timeout.as_secs_f64();
        Self::TimedOut {
            message: format!("RequestId: {request_id} Error: Task timed out after {seconds:.2} seconds"),
        }
    }

    pub(super) fn crashed(request_id: &str, status: Option<ExitStatus>) -> Self {
        let how = match status.map(|status| (status.code(), status.signal())) {
            Some((Some(0), _)) | None => "Runtime exited without providing a reason".to_owned(),
            Some((Some(code), _)) => format!("Runtime exited with error: exit status {code}"),
            Some((None, signal)) => {
                format!("Runtime exited with error: signal: {}", signal_name(signal.unwrap_or_default()))
            }
        };
        Self::Crashed { message: format!("RequestId: {request_id} Error: {how}") }
    }
}

/// What a caller of a failed function gets.
fn error(error_type: &str, message: &str) -> Bytes {
    json!({ "errorType": error_type, "errorMessage": message }).to_string().into()
}

/// What a caller gets whom the service refuses.
fn refusal(kind: &str, message: &str) -> Bytes {
    json!({ "__type": kind, "message": message }).to_string().into()
}

/// Signals as Lambda names them, which are Go's words.
fn signal_name(signal: i32) -> String {
    match signal {
        1 => "hangup".to_owned(),
        2 => "interrupt".to_owned(),
        6 => "aborted".to_owned(),
        9 => "killed".to_owned(),
        11 => "segmentation fault".to_owned(),
        15 => "terminated".to_owned(),
        other => format!("signal {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crashed(raw: i32) -> Invocation {
        Invocation::crashed("7c", Some(ExitStatus::from_raw(raw)))
    }

    #[test]
    fn a_crash_names_its_exit_status_or_signal() {
        assert_eq!(
            crashed(101 << 8).payload(),
            r#"{"errorMessage":"RequestId: 7c Error: Runtime exited with error: exit status 101","errorType":"Runtime.ExitError"}"#
        );
        assert_eq!(
            crashed(9),
            Invocation::Crashed {
                message: "RequestId: 7c Error: Runtime exited with error: signal: killed".to_owned()
            }
        );
        assert_eq!(
            crashed(0),
            Invocation::Crashed {
                message: "RequestId: 7c Error: Runtime exited without providing a reason".to_owned()
            }
        );
    }

    #[test]
    fn a_time_out_names_the_seconds_with_two_digits() {
        let outcome = Invocation::timed_out("7c", Duration::from_millis(1_500));
        assert_eq!(
            outcome.payload(),
            r#"{"errorMessage":"RequestId: 7c Error: Task timed out after 1.50 seconds","errorType":"Sandbox.Timedout"}"#
        );
    }
}
