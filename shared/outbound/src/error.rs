//! How a call fails. Errors name the host at most: a path and a query may hold somebody's token.

use std::fmt;

use thiserror::Error;

/// A call that brought no answer, told apart by what can be done about it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OutboundError {
    /// The URL cannot be called as it is written. Nothing was sent, nor ever will be.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// The host's addresses are none that may be called. Nothing was sent; a name may lead elsewhere another time.
    #[error("{host} has no address that may be called")]
    Address {
        /// The host of the URL.
        host: String,
    },
    /// Nothing was sent: there was no connection to the host.
    #[error("{host} was not reached: {step}")]
    NotSent {
        /// The host of the URL.
        host: String,
        /// What did not work.
        step: Step,
    },
    /// The request went out, and no whole answer came in time: it may have been worked on.
    #[error("{host} did not answer")]
    Unanswered {
        /// The host of the URL.
        host: String,
    },
    /// An answer came that is too long to be read.
    #[error("the answer of {host} with status {status} is longer than {limit} bytes")]
    TooLong {
        /// The host of the URL.
        host: String,
        /// The answer's status.
        status: u16,
        /// How many bytes are read: [`LONGEST_ANSWER`](crate::LONGEST_ANSWER).
        limit: usize,
    },
}

/// What stands between a URL and a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The name has no address, or its servers did not say.
    Name,
    /// No connection was made in time, or it was refused.
    Connection,
    /// No secure connection was agreed on: the certificate is not valid for the name, or the other side speaks no TLS.
    Tls,
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Name => "the name was not resolved",
            Self::Connection => "no connection was made",
            Self::Tls => "no secure connection was agreed on",
        })
    }
}

/// Why a URL cannot be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UrlError {
    /// It is none.
    #[error("it is not a URL")]
    NotAUrl,
    /// It is longer than any service needs.
    #[error("a URL has at most {limit} bytes")]
    TooLong {
        /// How many bytes it may have.
        limit: usize,
    },
    /// It is not https.
    #[error("the URL must begin with https://")]
    Scheme,
    /// It holds a user's name or a password.
    #[error("the URL must not hold a user name or a password")]
    Userinfo,
}
