//! Services: where bot commands, buttons and messages go.

use std::fmt;
use std::time::Duration;

/// How long a service may take to answer, at most and unless it says less: a person is waiting.
pub const LONGEST_TIMEOUT: Duration = Duration::from_secs(10);

/// A service that answers what people ask the bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name in the document.
    pub name: String,
    /// Where it is.
    pub target: Target,
    /// The role whose methods its answers may use.
    pub role: String,
    /// How long it may take: 1 to 10 s.
    pub timeout: Duration,
}

/// Where a service is. `Debug` does not show the address: a URL may have a secret in it.
#[derive(Clone, PartialEq, Eq)]
pub enum Target {
    /// It takes requests at this URL.
    Url(String),
    /// It reads the SQS queue of this name or URL.
    Queue(String),
}

impl fmt::Debug for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Url(_) => "Url(..)",
            Self::Queue(_) => "Queue(..)",
        })
    }
}

impl Target {
    /// Reads a URL: HTTPS, or HTTP for a service on this machine, which deployments refuse when they connect.
    pub(super) fn url(text: &str) -> Option<Self> {
        is_url(text, &["https://", "http://"]).then(|| Self::Url(text.to_owned()))
    }

    /// Reads a queue: its URL, or its name as SQS allows it.
    pub(super) fn queue(text: &str) -> Option<Self> {
        let name = text.strip_suffix(".fifo").unwrap_or(text);
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_name = !name.is_empty() && text.len() <= 80 && name.bytes().all(letter);
        (is_name || is_url(text, &["https://", "http://"])).then(|| Self::Queue(text.to_owned()))
    }
}

/// Whether it is a URL of one of these schemes with a host, and without a user.
fn is_url(text: &str, schemes: &[&str]) -> bool {
    let Some(rest) = schemes.iter().find_map(|scheme| text.strip_prefix(scheme)) else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    visible && !host.is_empty() && !host.starts_with(':') && !host.contains(['@', '\\'])
}
