//! Where parts go: to the address that the account's own data centre has for files, over which they need no lease; or to
//! its main one, under the lease, where it has no other or none is to be used.

use std::net::SocketAddr;
use std::time::Duration;

use lambdagram_domain::session::{MediaServers, Session};
use lambdagram_domain::time::UnixTime;
use lambdagram_domain::upload::UploadFailure;
use lambdagram_telegram::mtproto::media_servers;
use lambdagram_telegram::mtproto::uploads::Place;
use tokio::time::Instant;

use super::{Errand, Sending, Stop};
use crate::config::MediaLease;
use crate::session::{Held, within};

/// How long one waits for others who have the session. Whoever looks something up has it for a second or two.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// The time to find out where parts go.
pub(super) const LOOK: Duration = Duration::from_secs(25);

/// How long parts go under the lease at most before others have a turn, with the 9 s in which the session must be given
/// back. The lease of a worker that died lasts that long, too.
const TURN: Duration = Duration::from_secs(29);

/// How long they go before no more are sent.
const SENDING_TIME: Duration = Duration::from_secs(8);

/// Kept free at the end of a turn for what is under way then.
const ANSWERING_TIME: Duration = Duration::from_secs(6);

/// A place for parts.
pub(super) struct Way {
    pub(super) place: Place,
    /// The session, where its lease is needed.
    pub(super) held: Option<Held>,
    /// Until when parts may be sent.
    pub(super) until: Instant,
    /// When all is over.
    pub(super) deadline: Instant,
    /// Until when the addresses are good: names the answer they came with.
    pub(super) servers: UnixTime,
}

/// What is known of the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Address {
    /// It has to be asked for.
    Unknown,
    /// One for files alone.
    Free(SocketAddr),
    /// The main one.
    Main,
}

impl Sending {
    /// The place for parts, with addresses other than those that were good until `outdated`.
    ///
    /// # Errors
    ///
    /// [`Stop`].
    pub(super) async fn way(&self, errand: Errand<'_>, outdated: Option<UnixTime>) -> Result<Way, Stop> {
        let mut session = self.session(errand).await?;
        if address_of(&session, self.lease, outdated) == Address::Unknown {
            session = Box::pin(self.find_out(errand, outdated)).await?;
        }
        match address_of(&session, self.lease, None) {
            Address::Free(address) => {
                let deadline = self.accounts.end_of(errand.claimed.term);
                let place = place_at(&session, address, true)?;
                Ok(Way { place, held: None, until: deadline, deadline, servers: session.media.good_until })
            }
            Address::Main | Address::Unknown => Box::pin(self.leased_way(errand)).await,
        }
    }

    /// The session as it is stored.
    pub(super) async fn session(&self, errand: Errand<'_>) -> Result<Session, Stop> {
        let found = self.accounts.look_up_signed_in(errand.caller).await;
        found.map_err(|error| Stop::session(&error))
    }

    /// Gives a session back.
    pub(super) async fn put_back(&self, held: Held) {
        if let Err(error) = self.accounts.put_back(held).await {
            tracing::warn!(cause = %error, "The session is given back by its time alone");
        }
    }

    async fn leased_way(&self, errand: Errand<'_>) -> Result<Way, Stop> {
        let term = errand.claimed.term.at_most(TURN, self.accounts.time());
        let deadline = self.accounts.end_of(term);
        if Instant::now() + ANSWERING_TIME >= deadline {
            return Err(Stop::OutOfTime);
        }
        let held = self.accounts.hold_owner(errand.caller, term, PATIENCE).await;
        let held = held.map_err(|error| Stop::session(&error))?;
        let session = &held.session;
        let main = self.accounts.telegram().servers().address(session.home_dc);
        let place = main.ok_or_else(|| Stop::trouble("the data centre is not known"));
        match place.and_then(|address| place_at(session, address, false)) {
            Ok(place) => {
                let servers = session.media.good_until;
                let until = (Instant::now() + SENDING_TIME).min(deadline - ANSWERING_TIME);
                Ok(Way { place, until, deadline, servers, held: Some(held) })
            }
            Err(stop) => {
                self.put_back(held).await;
                Err(stop)
            }
        }
    }

    /// Asks Telegram for the addresses, unless somebody else has.
    async fn find_out(&self, errand: Errand<'_>, outdated: Option<UnixTime>) -> Result<Session, Stop> {
        let term = errand.claimed.term.at_most(LOOK, self.accounts.time());
        let deadline = self.accounts.end_of(term);
        if Instant::now() + PATIENCE >= deadline {
            return Err(Stop::OutOfTime);
        }
        let held = self.accounts.hold_owner(errand.caller, term, PATIENCE).await;
        let mut held = held.map_err(|error| Stop::session(&error))?;
        if address_of(&held.session, self.lease, outdated) != Address::Unknown {
            let session = held.session.clone();
            self.put_back(held).await;
            return Ok(session);
        }
        held.session.media = MediaServers::default();
        let mut link = self.accounts.link(&mut held.session, deadline);
        let asked = within(deadline, media_servers(&mut link)).await;
        link.close().await;
        if let Err(trouble) = asked {
            return Err(Stop::session(&self.accounts.put_back_after(held, self.what, trouble).await));
        }
        let session = held.session.clone();
        let stored = self.accounts.store_proved(held, self.accounts.now()).await;
        stored.map_err(|error| Stop::session(&error))?;
        Ok(session)
    }
}

fn address_of(session: &Session, lease: MediaLease, outdated: Option<UnixTime>) -> Address {
    let servers = session.media.good_until;
    match lease {
        MediaLease::Always => Address::Main,
        MediaLease::Auto if servers == UnixTime(0) || Some(servers) == outdated => Address::Unknown,
        MediaLease::Auto => {
            let free = session.media.addresses.get(&session.home_dc);
            free.map_or(Address::Main, |address| Address::Free(*address))
        }
    }
}

/// Messages are made in the account's own data centre, so that is where their files have to be.
fn place_at(session: &Session, address: SocketAddr, keep: bool) -> Result<Place, Stop> {
    let dc = session.home_dc;
    let key = session.keys.get(&dc).cloned().ok_or(Stop::Failed(UploadFailure::SessionEnded))?;
    Ok(Place { dc, address, key, keep })
}

#[cfg(test)]
mod tests {
    use lambdagram_domain::session::Stage;

    use super::*;

    #[test]
    fn parts_go_to_an_address_for_files_if_there_is_one_and_it_may_be_used() {
        let for_files = SocketAddr::from(([127, 0, 0, 1], 5));
        let mut session = Session::new(2, Stage::Qr);
        let of = |session: &Session, lease, outdated| address_of(session, lease, outdated);
        assert_eq!(of(&session, MediaLease::Auto, None), Address::Unknown);
        assert_eq!(of(&session, MediaLease::Always, None), Address::Main);
        session.media.good_until = UnixTime(7);
        session.media.addresses.insert(1, for_files);
        assert_eq!(of(&session, MediaLease::Auto, None), Address::Main);
        session.media.addresses.insert(2, for_files);
        assert_eq!(of(&session, MediaLease::Auto, None), Address::Free(for_files));
        assert_eq!(of(&session, MediaLease::Auto, Some(UnixTime(6))), Address::Free(for_files));
        assert_eq!(of(&session, MediaLease::Auto, Some(UnixTime(7))), Address::Unknown);
        assert_eq!(of(&session, MediaLease::Always, Some(UnixTime(7))), Address::Main);
    }
}
