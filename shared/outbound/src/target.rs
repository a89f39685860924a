//! What a URL says before anything is asked of the network.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

use crate::error::{OutboundError, UrlError};
use crate::rules::Rules;

/// Bytes of a URL: what the longest-lived browsers and servers take.
const LONGEST_URL: usize = 2048;

/// A URL that may be called, as far as it tells by itself.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) url: Url,
    /// Its host, as it is spelled once it is parsed: `127.0.0.1` for `0x7f.1`.
    pub(crate) host: String,
    pub(crate) tls: bool,
}

impl Target {
    /// Reads a URL as browsers do, so that every spelling of an address is seen as that address.
    pub(crate) fn parse(text: &str, rules: &Rules) -> Result<Self, OutboundError> {
        if text.len() > LONGEST_URL {
            return Err(UrlError::TooLong { limit: LONGEST_URL }.into());
        }
        let url = Url::parse(text).map_err(|_| UrlError::NotAUrl)?;
        let tls = match url.scheme() {
            "https" => true,
            "http" if rules.allow_some_without_tls() => false,
            _ => return Err(UrlError::Scheme.into()),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::Userinfo.into());
        }
        let host = url.host_str().ok_or(UrlError::NotAUrl)?.to_owned();
        match address_of(&host) {
            Some(address) if !rules.allow(address, tls) => Err(OutboundError::Address { host }),
            _ => Ok(Self { url, host, tls }),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Target").field("host", &self.host).finish_non_exhaustive()
    }
}

/// The address that a host is, unless it is a name. A parsed host spells IPv4 in four decimals and IPv6 in brackets.
fn address_of(host: &str) -> Option<IpAddr> {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.parse().ok()
}

#[cfg(test)]
mod tests;
