//! The client that makes the calls.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use reqwest::{Certificate, Client, Response};
use tokio::time::{Instant, timeout_at};

use crate::error::{OutboundError, Step};
use crate::resolver::{Guard, Lookup, NoneAllowed, SystemLookup};
use crate::rules::Rules;
use crate::target::Target;

/// A whole call, from the name to the last byte of the answer. A service that needs longer answers later.
pub const TOTAL_TIME: Duration = Duration::from_secs(10);

/// Bytes of an answer that are read.
pub const LONGEST_ANSWER: usize = 64 * 1024;

/// Until there is a connection with TLS: shorter than the whole, so that a call that never left is told from others.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// How long an idle connection is used again: a function is frozen between two invocations.
const IDLE: Duration = Duration::from_secs(10);

/// The client. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Outbound {
    rules: Rules,
    with_tls: Client,
    /// For the deployment's own networks, where it has any.
    without_tls: Option<Client>,
}

/// An answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its status. A redirect is an answer like others.
    pub status: u16,
    /// Its body, as it came.
    pub body: Bytes,
}

impl Outbound {
    /// A client that keeps to `rules`.
    ///
    /// # Panics
    ///
    /// When the machine's certificates cannot be read: nothing could be called then.
    pub fn new(rules: Rules) -> Self {
        let lookup: Arc<dyn Lookup> = Arc::new(SystemLookup);
        Self::build(rules, &lookup, None)
    }

    /// Sends `body` with `headers` to `url` and reads the answer, within [`TOTAL_TIME`] and until `deadline` at the
    /// latest.
    ///
    /// # Errors
    ///
    /// [`OutboundError`], which says whether the request may have been worked on.
    pub async fn post(
        &self,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
        deadline: Instant,
    ) -> Result<Reply, OutboundError> {
        let target = Target::parse(url, &self.rules)?;
        let host = target.host;
        let now = Instant::now();
        let not_sent = || OutboundError::NotSent { host: host.clone(), step: Step::Connection };
        let client = if target.tls { Some(&self.with_tls) } else { self.without_tls.as_ref() };
        let client = client.filter(|_| deadline > now).ok_or_else(not_sent)?;

        let request = client.post(target.url).headers(headers).body(body);
        let answer = async {
            let answer = request.send().await.map_err(|error| failure(&host, &error))?;
            read(&host, answer).await
        };
        let unanswered = |_| Err(OutboundError::Unanswered { host: host.clone() });
        timeout_at(deadline.min(now + TOTAL_TIME), answer).await.unwrap_or_else(unanswered)
    }

    fn build(rules: Rules, lookup: &Arc<dyn Lookup>, root: Option<&Certificate>) -> Self {
        // Fails when it was installed before, which is as good.
        let _installed_before = rustls::crypto::ring::default_provider().install_default();
        let client = |tls| {
            let guard = Guard { lookup: lookup.clone(), rules: rules.clone(), tls };
            let builder = Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .dns_resolver(Arc::new(guard))
                .connect_timeout(CONNECT_TIME)
                .pool_idle_timeout(IDLE)
                .user_agent("Lambdagram")
                .tls_certs_merge(root.cloned());
            builder.build().expect("the TLS set-up reads the machine's certificates")
        };
        let without_tls = rules.allow_some_without_tls().then(|| client(false));
        Self { with_tls: client(true), without_tls, rules }
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Outbound").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, body } = self;
        write!(formatter, "Reply {{ status: {status}, body: {} bytes }}", body.len())
    }
}

async fn read(host: &str, mut answer: Response) -> Result<Reply, OutboundError> {
    let status = answer.status().as_u16();
    let too_long = || OutboundError::TooLong { host: host.to_owned(), status, limit: LONGEST_ANSWER };
    if answer.content_length().is_some_and(|length| length > LONGEST_ANSWER as u64) {
        return Err(too_long());
    }
    let mut body = Vec::new();
    let unanswered = |_| OutboundError::Unanswered { host: host.to_owned() };
    while let Some(chunk) = answer.chunk().await.map_err(unanswered)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(too_long());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Reply { status, body: body.into() })
}

fn failure(host: &str, error: &reqwest::Error) -> OutboundError {
    let host = host.to_owned();
    if any_cause(error, <dyn Error>::is::<NoneAllowed>) {
        return OutboundError::Address { host };
    }
    if !error.is_connect() && !error.is_builder() {
        return OutboundError::Unanswered { host };
    }
    let step = if error.is_dns() {
        Step::Name
    } else if any_cause(error, is_tls) {
        Step::Tls
    } else {
        Step::Connection
    };
    OutboundError::NotSent { host, step }
}

/// Whether one of the errors behind `error` is what is looked for.
fn any_cause(error: &reqwest::Error, wanted: impl Fn(&(dyn Error + 'static)) -> bool) -> bool {
    std::iter::successors(error.source(), |&cause| cause.source()).any(wanted)
}

/// TLS fails inside of errors of input and output, which do not count what they hold among their sources.
fn is_tls(cause: &(dyn Error + 'static)) -> bool {
    let held = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    cause.is::<rustls::Error>() || held.is_some_and(|held| is_tls(held))
}

#[cfg(test)]
mod tests;
