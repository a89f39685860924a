//! Which addresses may be called.

use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

use crate::address::{self, Class};
use crate::error::OutboundError;
use crate::target::Target;

/// What may be called: public addresses by HTTPS, and the networks that are the deployment's own, by HTTP too.
///
/// Link-local addresses, where clouds keep their metadata, are nobody's own: no rule opens them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    own: Vec<Network>,
}

/// A network: all addresses that have the first `bits` of `address`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u32,
}

/// What is wrong with a list of networks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RulesError {
    /// An entry is no network.
    #[error("{entry:?} is not a network such as 10.1.0.0/16 or fd12:3456::/32")]
    NotANetwork {
        /// The entry.
        entry: String,
    },
    /// An entry has bits beyond its length: 10.1.0.5/16.
    #[error("{entry:?} names an address, not the first of a network")]
    NotTheFirst {
        /// The entry.
        entry: String,
    },
}

impl Rules {
    /// Whether `url` may be called, as far as it tells by itself: a name is resolved only when it is called.
    ///
    /// # Errors
    ///
    /// [`OutboundError::Url`] or [`OutboundError::Address`].
    pub fn check(&self, url: &str) -> Result<(), OutboundError> {
        Target::parse(url, self).map(|_| ())
    }

    /// Whether a connection to `address` is allowed, with TLS or without.
    pub(crate) fn allow(&self, address: IpAddr, tls: bool) -> bool {
        match address::class(address) {
            Class::Never => false,
            Class::Public if tls => true,
            Class::Public | Class::Private => self.own.iter().any(|network| network.contains(address)),
        }
    }

    /// Whether there is anything that may be called without TLS.
    pub(crate) fn allow_some_without_tls(&self) -> bool {
        !self.own.is_empty()
    }
}

impl FromStr for Rules {
    type Err = RulesError;

    /// Reads the deployment's own networks, separated by commas: `127.0.0.0/8,::1/128`. An empty text names none.
    fn from_str(text: &str) -> Result<Self, RulesError> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        Ok(Self { own: entries.map(Network::parse).collect::<Result<_, _>>()? })
    }
}

impl Network {
    fn parse(entry: &str) -> Result<Self, RulesError> {
        let none = || RulesError::NotANetwork { entry: entry.to_owned() };
        let (address, bits) = entry.split_once('/').ok_or_else(none)?;
        let address: IpAddr = address.parse().map_err(|_| none())?;
        let bits: u32 = bits.parse().map_err(|_| none())?;
        let (width, trailing) = match address {
            IpAddr::V4(address) => (32, address.to_bits().trailing_zeros()),
            IpAddr::V6(address) => (128, address.to_bits().trailing_zeros()),
        };
        if bits > width {
            return Err(none());
        }
        if trailing < width - bits {
            return Err(RulesError::NotTheFirst { entry: entry.to_owned() });
        }
        Ok(Self { address, bits })
    }

    fn contains(&self, address: IpAddr) -> bool {
        address::within(address::plain(address), self.address, self.bits)
    }
}

#[cfg(test)]
mod tests;
