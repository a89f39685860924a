//! The sessions of clients: which messages came, what was answered, and the numbers of what is sent.
//!
//! A session outlives its connections, as with Telegram: a client that comes back with its session finds the answers
//! that it missed by asking again.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::outgoing::Outgoing;
use super::rpc::KeyId;
use super::{machine_now, random};

/// Messages of a session that are remembered. Ours; older ones count as too old to be told apart.
const REMEMBERED: usize = 1024;

/// Bytes of answers that a session keeps for being asked again. Ours: a few parts of a file.
const KEPT_BYTES: usize = 4 * 1024 * 1024;

/// Sessions that are remembered without a connection. Ours.
const ABANDONED: usize = 1024;

/// All sessions, by key and session id.
#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<(KeyId, i64), Arc<Session>>>);

impl Sessions {
    /// A client's session, and whether it is new.
    pub(super) fn open(&self, key: KeyId, id: i64) -> (Arc<Session>, bool) {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = sessions.get(&(key, id)) {
            return (Arc::clone(session), false);
        }
        if sessions.len() >= ABANDONED {
            sessions.retain(|_, session| session.outgoing().is_some());
        }
        let session = Arc::new(Session::new(id));
        sessions.insert((key, id), Arc::clone(&session));
        (session, true)
    }

    /// Forgets a session, and says whether it was there.
    pub(super) fn destroy(&self, key: KeyId, id: i64) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&(key, id)).is_some()
    }

    /// The sessions of a key.
    pub(super) fn of_key(&self, key: KeyId) -> Vec<Arc<Session>> {
        let sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.iter().filter(|((of, _), _)| *of == key).map(|(_, session)| Arc::clone(session)).collect()
    }
}

/// One session.
pub(super) struct Session {
    /// The number that the client has chosen for it.
    pub(super) id: i64,
    /// A number of the server's for it.
    pub(super) unique_id: i64,
    state: Mutex<State>,
    /// Told whenever a call has ended.
    ended: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    received: BTreeMap<i64, Received>,
    /// The highest id that was forgotten.
    forgotten: i64,
    kept_bytes: usize,
    last_id: i64,
    content_messages: i32,
    outgoing: Option<Outgoing>,
}

/// What became of a message.
enum Received {
    /// It needs no answer, or got one that need not be repeated.
    Done,
    /// A call is under way. Its answer may be unwanted.
    Running { dropped: bool },
    /// A call was answered; the answer is kept as long as there is room and it is not acknowledged.
    Answered { body: Option<Vec<u8>>, sent_as: Numbers, failed: bool },
}

/// The id and the sequence number of a message that is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) id: i64,
    pub(super) sequence: i32,
}

/// Why a message is sent, which its id shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// It answers a client's message.
    Answer,
    /// It does not.
    Notice,
}

/// What a message that came is to the session.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Nothing like it came before.
    New,
    /// It came before and needs nothing.
    Repeated,
    /// It came before, and was answered with this body.
    Answered(Vec<u8>),
    /// Nobody knows any more.
    TooOld,
}

/// What `rpc_drop_answer` finds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Dropped {
    /// No such call.
    Unknown,
    /// It was under way; its answer will not be sent.
    Running,
    /// It was answered, with so many bytes.
    Answered(Numbers, usize),
}

impl Session {
    fn new(id: i64) -> Self {
        let unique_id = i64::from_le_bytes(random::bytes());
        Self { id, unique_id, state: Mutex::default(), ended: watch::Sender::new(()) }
    }

    /// A message has come. A call becomes `running` at once, so that it runs only once.
    pub(super) fn arrive(&self, id: i64, running: bool) -> Arrival {
        let mut state = self.lock();
        match state.received.get(&id) {
            Some(Received::Done | Received::Running { .. }) => return Arrival::Repeated,
            Some(Received::Answered { body: Some(body), .. }) => return Arrival::Answered(body.clone()),
            Some(Received::Answered { body: None, .. }) => return Arrival::TooOld,
            None if id <= state.forgotten => return Arrival::TooOld,
            None => {}
        }
        let received = if running { Received::Running { dropped: false } } else { Received::Done };
        state.received.insert(id, received);
        state.make_room();
        Arrival::New
    }

    /// A call has ended. `false` if its answer is not wanted any more.
    pub(super) fn answered(&self, id: i64, body: &[u8], failed: bool) -> bool {
        let wanted = {
            let mut state = self.lock();
            let wanted = !matches!(state.received.get(&id), Some(Received::Running { dropped: true }));
            if wanted {
                state.kept_bytes += body.len();
                let answered =
                    Received::Answered { body: Some(body.to_vec()), sent_as: Numbers::default(), failed };
                state.received.insert(id, answered);
                state.make_room();
            } else {
                state.received.insert(id, Received::Done);
            }
            wanted
        };
        self.ended.send_replace(());
        wanted
    }

    /// A call will never be answered, and nothing waits for it.
    pub(super) fn abandoned(&self, id: i64) {
        self.lock().received.insert(id, Received::Done);
        self.ended.send_replace(());
    }

    /// Waits until none of these calls runs. `false` if one of them failed.
    pub(super) async fn after(&self, calls: &[i64]) -> bool {
        let mut ended = self.ended.subscribe();
        loop {
            {
                let state = self.lock();
                let of = |id| state.received.get(id);
                if calls.iter().any(|id| matches!(of(id), Some(Received::Answered { failed: true, .. }))) {
                    return false;
                }
                if !calls.iter().any(|id| matches!(of(id), Some(Received::Running { .. }))) {
                    return true;
                }
            }
            if ended.changed().await.is_err() {
                return true;
            }
        }
    }

    /// The client has these messages of the server.
    pub(super) fn acknowledged(&self, ids: &[i64]) {
        let mut state = self.lock();
        let mut freed = 0;
        for received in state.received.values_mut() {
            if let Received::Answered { body, sent_as, .. } = received
                && ids.contains(&sent_as.id)
            {
                freed += body.take().map_or(0, |body| body.len());
            }
        }
        state.kept_bytes -= freed;
    }

    /// The answer that was sent under this id of the server, if it is kept: the call and its body.
    pub(super) fn sent(&self, id: i64) -> Option<(i64, Vec<u8>)> {
        self.lock().received.iter().find_map(|(call, received)| match received {
            Received::Answered { body: Some(body), sent_as, .. } if sent_as.id == id => {
                Some((*call, body.clone()))
            }
            _ => None,
        })
    }

    /// The answer to a call, if it is kept.
    pub(super) fn answer_to(&self, call: i64) -> Option<Vec<u8>> {
        match self.lock().received.get(&call) {
            Some(Received::Answered { body, .. }) => body.clone(),
            _ => None,
        }
    }

    /// Drops the answer to a call.
    pub(super) fn drop_answer(&self, call: i64) -> Dropped {
        let mut state = self.lock();
        match state.received.get_mut(&call) {
            Some(Received::Running { dropped }) => {
                *dropped = true;
                Dropped::Running
            }
            Some(Received::Answered { body, sent_as, .. }) => {
                let (sent_as, bytes) = (*sent_as, body.take().map_or(0, |body| body.len()));
                state.kept_bytes -= bytes;
                Dropped::Answered(sent_as, bytes)
            }
            Some(Received::Done) | None => Dropped::Unknown,
        }
    }

    /// The byte that `msgs_state_info` has for a message.
    /// Source: `core.telegram.org/mtproto/service_messages_about_messages`, "Informational message".
    pub(super) fn status(&self, id: i64) -> u8 {
        let state = self.lock();
        match state.received.get(&id) {
            Some(Received::Done) => 4 + 16,
            Some(Received::Running { .. }) => 4 + 32,
            Some(Received::Answered { .. }) => 4 + 32 + 64,
            None if id <= state.forgotten => 1,
            None if state.received.last_key_value().is_some_and(|(last, _)| id > *last) => 3,
            None => 2,
        }
    }

    /// The numbers of the next message that is sent. What has content counts.
    pub(super) fn numbers(&self, reason: Reason, content: bool, answers: Option<i64>) -> Numbers {
        let now = machine_now();
        let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX >> 32);
        let kind = if reason == Reason::Answer { 1 } else { 3 };
        let mut state = self.lock();
        let id = ((seconds << 32) | (i64::from(now.subsec_nanos()) << 2)) & !3;
        let id = id.max((state.last_id & !3) + 4) | kind;
        state.last_id = id;
        let sequence = state.content_messages * 2 + i32::from(content);
        state.content_messages += i32::from(content);
        let numbers = Numbers { id, sequence };
        if let Some(Received::Answered { sent_as, .. }) = answers.and_then(|id| state.received.get_mut(&id)) {
            *sent_as = numbers;
        }
        numbers
    }

    /// The session's messages go over this connection from now on.
    pub(super) fn attach(&self, outgoing: Outgoing) {
        self.lock().outgoing = Some(outgoing);
    }

    /// The connection that the session used last, if it is still there.
    pub(super) fn outgoing(&self) -> Option<Outgoing> {
        self.lock().outgoing.clone().filter(|outgoing| !outgoing.is_closed())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn make_room(&mut self) {
        for received in self.received.values_mut() {
            if self.kept_bytes <= KEPT_BYTES {
                break;
            }
            if let Received::Answered { body, .. } = received {
                self.kept_bytes -= body.take().map_or(0, |body| body.len());
            }
        }
        while self.received.len() > REMEMBERED {
            let Some((id, received)) = self.received.pop_first() else { break };
            if let Received::Answered { body: Some(body), .. } = received {
                self.kept_bytes -= body.len();
            }
            self.forgotten = id;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        Session::new(1)
    }

    #[test]
    fn an_answer_is_repeated_until_it_is_acknowledged() {
        let session = session();
        assert_eq!(session.arrive(4, true), Arrival::New);
        assert_eq!(session.arrive(4, true), Arrival::Repeated);
        assert!(session.answered(4, b"body", false));
        assert_eq!(session.arrive(4, true), Arrival::Answered(b"body".to_vec()));
        let sent = session.numbers(Reason::Answer, true, Some(4));
        assert_eq!(session.sent(sent.id), Some((4, b"body".to_vec())));
        session.acknowledged(&[sent.id]);
        assert_eq!(session.arrive(4, true), Arrival::TooOld);
        assert_eq!(session.sent(sent.id), None);
    }

    #[test]
    fn what_is_kept_has_its_bounds() {
        let session = session();
        let part = vec![0; 1024 * 1024];
        for id in 1..=6 {
            session.arrive(id * 4, true);
            session.answered(id * 4, &part, false);
        }
        assert_eq!(session.arrive(8, true), Arrival::TooOld);
        assert_eq!(session.arrive(12, true), Arrival::Answered(part));
        for id in 0..2000 {
            session.arrive(100 + id * 4, false);
        }
        assert_eq!(session.arrive(104, true), Arrival::TooOld);
        assert_eq!(session.lock().kept_bytes, 0);
        assert_eq!(session.status(104), 1);
    }

    #[test]
    fn ids_grow_and_show_why_a_message_was_sent() {
        let session = session();
        let first = session.numbers(Reason::Answer, true, None);
        let second = session.numbers(Reason::Notice, false, None);
        let third = session.numbers(Reason::Answer, true, None);
        assert!(first.id < second.id && second.id < third.id);
        assert_eq!([first.id & 3, second.id & 3, third.id & 3], [1, 3, 1]);
        assert_eq!([first.sequence, second.sequence, third.sequence], [1, 2, 3]);
    }

    #[test]
    fn an_answer_that_was_dropped_is_not_wanted() {
        let session = session();
        session.arrive(4, true);
        assert_eq!(session.drop_answer(8), Dropped::Unknown);
        assert_eq!(session.drop_answer(4), Dropped::Running);
        assert!(!session.answered(4, b"body", false));
        assert_eq!(session.arrive(4, true), Arrival::Repeated);
    }

    #[tokio::test]
    async fn waiting_for_a_call_ends_with_it() {
        let session = Arc::new(session());
        session.arrive(4, true);
        let waiting = tokio::spawn({
            let session = Arc::clone(&session);
            async move { session.after(&[4, 400]).await }
        });
        session.answered(4, b"", false);
        assert!(waiting.await.unwrap());
        session.arrive(8, true);
        session.answered(8, b"", true);
        assert!(!session.after(&[8]).await);
    }
}
