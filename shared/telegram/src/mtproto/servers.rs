//! Which servers there are: Telegram's own, its test ones, or others that speak the same protocol.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use thiserror::Error;

use super::server_key::ServerKey;

/// The key of Telegram's production servers (my.telegram.org shows it to every application).
const PRODUCTION_KEY: &str = include_str!("keys/production.pem");

/// The key of Telegram's test servers, from the same place.
const TEST_KEY: &str = include_str!("keys/test.pem");

/// The production data centres, as `grammers-session` lists them.
const PRODUCTION: &str = "1=149.154.175.53:443,2=149.154.167.41:443,3=149.154.175.100:443,4=149.154.167.92:443,5=91.108.56.104:443";

/// The test data centres, as gotd and Pyrogram list them.
const TEST: &str = "1=149.154.175.10:443,2=149.154.167.40:443,3=149.154.175.117:443";

/// What is added to the number of a test data centre inside the handshake (<https://core.telegram.org/mtproto/auth_key>).
const TEST_DC: i32 = 10_000;

/// The data centre where a login starts when nothing else is known; a wrong guess costs one migration.
const FIRST_DC: i32 = 2;

/// Data centres with their main addresses, and the keys they prove themselves with.
#[derive(Clone, Debug)]
pub struct Servers {
    addresses: BTreeMap<i32, SocketAddr>,
    keys: Vec<ServerKey>,
    test: bool,
}

/// Why a list of servers cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ServersError {
    /// The list is not of the form `1=192.0.2.1:443,2=[2001:db8::1]:443`, or names a data centre twice.
    #[error("the data centres must be a list like 1=192.0.2.1:443,2=192.0.2.2:443")]
    Addresses,
    /// The key is not one.
    #[error("the key must be an RSA public key of 2048 bits in PEM")]
    Key,
}

impl Servers {
    /// Telegram itself: data centres 1 to 5.
    ///
    /// # Panics
    ///
    /// Never: what is built in is well-formed, and a test reads it.
    pub fn production() -> Self {
        Self::custom(PRODUCTION, PRODUCTION_KEY).expect("the built-in list is well-formed")
    }

    /// Telegram's test environment: data centres 1 to 3, with accounts of their own.
    ///
    /// # Panics
    ///
    /// Never: what is built in is well-formed, and a test reads it.
    pub fn test() -> Self {
        let servers = Self::custom(TEST, TEST_KEY).expect("the built-in list is well-formed");
        Self { test: true, ..servers }
    }

    /// Other servers: `1=127.0.0.1:4001,2=127.0.0.1:4002` and the RSA key of all of them, in PEM.
    ///
    /// # Errors
    ///
    /// [`ServersError`] where the list or the key cannot be read.
    pub fn custom(dcs: &str, rsa_key_pem: &str) -> Result<Self, ServersError> {
        let mut addresses = BTreeMap::new();
        for entry in dcs.split(',') {
            let (dc, address) = entry.split_once('=').ok_or(ServersError::Addresses)?;
            let dc: i32 = dc.trim().parse().map_err(|_| ServersError::Addresses)?;
            let address = address.trim().parse().map_err(|_| ServersError::Addresses)?;
            if dc <= 0 || addresses.insert(dc, address).is_some() {
                return Err(ServersError::Addresses);
            }
        }
        let key = ServerKey::from_pem(rsa_key_pem).ok_or(ServersError::Key)?;
        Ok(Self { addresses, keys: vec![key], test: false })
    }

    /// The main address of a data centre.
    pub fn address(&self, dc: i32) -> Option<SocketAddr> {
        self.addresses.get(&dc).copied()
    }

    /// The numbers of the data centres, rising.
    pub fn dcs(&self) -> impl Iterator<Item = i32> {
        self.addresses.keys().copied()
    }

    /// Where a login starts when nothing is known of the account: 2, or the first there is.
    pub fn first_dc(&self) -> i32 {
        let first = self.addresses.keys().next().copied().unwrap_or(FIRST_DC);
        if self.addresses.contains_key(&FIRST_DC) { FIRST_DC } else { first }
    }

    pub(super) fn keys(&self) -> &[ServerKey] {
        &self.keys
    }

    /// A data centre's number as the handshake names it.
    pub(super) fn handshake_dc(&self, dc: i32) -> i32 {
        if self.test { TEST_DC + dc } else { dc }
    }

    /// The same for a handshake at an address for files alone: negative, as Telegram's own apps name it.
    pub(super) fn media_handshake_dc(&self, dc: i32) -> i32 {
        -self.handshake_dc(dc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = include_str!("keys/test.pem");

    #[test]
    fn telegrams_servers_are_built_in() {
        assert_eq!(Servers::production().dcs().collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        assert_eq!(Servers::test().dcs().collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(Servers::production().address(6), None);
    }

    #[test]
    fn a_test_data_centre_is_ten_thousand_higher_in_the_handshake() {
        assert_eq!(Servers::test().handshake_dc(2), 10_002);
        assert_eq!(Servers::production().handshake_dc(2), 2);
        assert_eq!(Servers::test().media_handshake_dc(2), -10_002);
        assert_eq!(Servers::production().media_handshake_dc(2), -2);
    }

    #[test]
    fn servers_are_listed_by_number_and_address() {
        let servers = Servers::custom("3=127.0.0.1:1, 1=[::1]:2", PEM).unwrap();
        assert_eq!(servers.address(3), Some("127.0.0.1:1".parse().unwrap()));
        assert_eq!(servers.address(1), Some("[::1]:2".parse().unwrap()));
        assert_eq!(servers.first_dc(), 1);
    }

    #[test]
    fn a_list_that_cannot_be_meant_is_refused() {
        for wrong in
            ["", "1", "1=", "1=localhost:1", "0=127.0.0.1:1", "1=127.0.0.1", "1=127.0.0.1:1,1=127.0.0.1:2"]
        {
            assert_eq!(Servers::custom(wrong, PEM).unwrap_err(), ServersError::Addresses, "{wrong}");
        }
        assert_eq!(Servers::custom("1=127.0.0.1:1", "no key").unwrap_err(), ServersError::Key);
    }
}
