//! The network between clients and the cloud: how long bytes are under way, and how many go at once.
//!
//! Only what arrives is late. The end of a socket is noticed at once, so that which connections are alive is known
//! without delay.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How the network is. The default is no delay at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetworkSettings {
    /// Time from a client to the server and back. A connection's first packet is late by one more, that of TCP's
    /// own handshake, which this machine makes without a delay.
    pub round_trip: Duration,
    /// Bytes of a second in each direction of a connection, unlimited if `None`.
    pub bytes_per_second: Option<u64>,
}

/// The network of a cloud. Clones share their settings, which may change at any time and hold for what is sent later.
#[derive(Clone, Debug, Default)]
pub struct Network(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    settings: Mutex<NetworkSettings>,
    round_trips: AtomicU64,
}

impl Network {
    /// Changes how the network is.
    pub fn set(&self, settings: NetworkSettings) {
        *self.0.settings.lock().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// How the network is.
    pub fn settings(&self) -> NetworkSettings {
        *self.0.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often a client had to wait for the way to the server and back since the start: for a connection to be
    /// made, and for an answer to a packet. What goes in one packet waits once; acknowledgements wait for nothing.
    pub fn round_trips(&self) -> u64 {
        self.0.round_trips.load(Ordering::Relaxed)
    }

    /// Counts a packet that a client waits for an answer to.
    pub(super) fn asked(&self) {
        self.0.round_trips.fetch_add(1, Ordering::Relaxed);
    }
}

/// One direction of a connection.
pub(super) struct Line {
    network: Network,
    /// When the bytes before have left.
    free_at: Option<Instant>,
    /// Whether the next packet has to wait for the connection to be made.
    connecting: bool,
}

impl Line {
    /// From a client that has just connected.
    pub(super) const fn inbound(network: Network) -> Self {
        Self { network, free_at: None, connecting: true }
    }

    /// To a client.
    pub(super) const fn outbound(network: Network) -> Self {
        Self { network, free_at: None, connecting: false }
    }

    /// When bytes arrive that are handed over at `sent`.
    pub(super) fn arrival(&mut self, bytes: usize, sent: Instant) -> Instant {
        let NetworkSettings { round_trip, bytes_per_second } = self.network.settings();
        let start = self.free_at.map_or(sent, |free_at| free_at.max(sent));
        let sending = bytes_per_second.map_or(Duration::ZERO, |rate| {
            let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
            Duration::from_nanos(bytes.saturating_mul(1_000_000_000) / rate.max(1))
        });
        let left = start + sending;
        self.free_at = Some(left);
        let connect = if std::mem::take(&mut self.connecting) {
            self.network.asked();
            round_trip
        } else {
            Duration::ZERO
        };
        left + round_trip / 2 + connect
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(round_trip: u64, bytes_per_second: Option<u64>) -> Network {
        let network = Network::default();
        network.set(NetworkSettings { round_trip: Duration::from_millis(round_trip), bytes_per_second });
        network
    }

    #[test]
    fn nothing_is_late_by_default() {
        let now = Instant::now();
        assert_eq!(Line::inbound(Network::default()).arrival(1_000_000, now), now);
    }

    #[test]
    fn packets_follow_each_other_and_do_not_wait_for_a_round_trip_each() {
        let (now, ms) = (Instant::now(), Duration::from_millis);
        let mut line = Line::outbound(network(100, Some(1000)));
        assert_eq!(line.arrival(500, now), now + ms(550));
        assert_eq!(line.arrival(500, now), now + ms(1050));
        assert_eq!(line.arrival(100, now + ms(2000)), now + ms(2150));
    }

    #[test]
    fn the_first_packet_waits_for_the_connection() {
        let (now, ms) = (Instant::now(), Duration::from_millis);
        let network = network(100, None);
        let mut line = Line::inbound(network.clone());
        assert_eq!(line.arrival(500, now), now + ms(150));
        assert_eq!(line.arrival(500, now + ms(200)), now + ms(250));
        assert_eq!(network.round_trips(), 1);
    }
}
