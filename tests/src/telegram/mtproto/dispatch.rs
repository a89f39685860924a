//! What a message asks for: the protocol's own messages are answered here, calls go to the service.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use grammers_tl_types::{Deserializable as _, Identifiable as _, Serializable as _, enums, functions, types};

use super::connection::{Connection, in_seconds};
use super::keys::StoredKey;
use super::messages::{self, Content, constructor};
use super::outgoing::{Outbound, Outgoing};
use super::rpc::{Outcome, RpcError};
use super::session::{Arrival, Dropped, Numbers, Reason, Session};
use super::unwrap::{Unwrapped, unwrap};
use super::{salts, unix_i32};

impl Connection {
    /// One message of a client, taken out of its container and its packing.
    pub(super) fn message(&mut self, key: &StoredKey, session: &Arc<Session>, content: Content) {
        let Content { id, body, .. } = content;
        let own = is_own(constructor(&body));
        match session.arrive(id, !own) {
            Arrival::New if own => self.own(key, session, id, &body),
            Arrival::New => self.call(key, session, id, body),
            Arrival::Answered(body) => self.resend(key, session, id, body),
            Arrival::Repeated => {}
            Arrival::TooOld => {
                // 20: too old to tell whether it came before.
                let notice = types::BadMsgNotification {
                    bad_msg_id: id,
                    bad_msg_seqno: content.sequence,
                    error_code: 20,
                };
                let notice = enums::BadMsgNotification::Notification(notice);
                self.notify(key, session, notice.to_bytes(), false);
            }
        }
    }

    /// A message of the protocol itself. A malformed one is ignored, as are those that say nothing new.
    fn own(&mut self, key: &StoredKey, session: &Arc<Session>, id: i64, body: &[u8]) {
        let rest = body.get(4..).unwrap_or_default();
        match constructor(body) {
            types::MsgsAck::CONSTRUCTOR_ID => {
                if let Ok(types::MsgsAck { msg_ids }) = types::MsgsAck::from_bytes(rest) {
                    session.acknowledged(&msg_ids);
                }
            }
            functions::Ping::CONSTRUCTOR_ID => {
                if let Ok(functions::Ping { ping_id }) = functions::Ping::from_bytes(rest) {
                    self.pong(key, session, id, ping_id);
                }
            }
            functions::PingDelayDisconnect::CONSTRUCTOR_ID => {
                if let Ok(ping) = functions::PingDelayDisconnect::from_bytes(rest) {
                    self.disconnect_at = in_seconds(ping.disconnect_delay);
                    self.pong(key, session, id, ping.ping_id);
                }
            }
            functions::GetFutureSalts::CONSTRUCTOR_ID => {
                if let Ok(functions::GetFutureSalts { num }) = functions::GetFutureSalts::from_bytes(rest) {
                    let now_s = self.shared.clock.now_s();
                    let salts = types::FutureSalts {
                        req_msg_id: id,
                        now: unix_i32(now_s),
                        salts: grammers_tl_types::RawVec(salts::future(key, num, now_s)),
                    };
                    self.reply(key, session, enums::FutureSalts::Salts(salts).to_bytes());
                }
            }
            types::MsgsStateReq::CONSTRUCTOR_ID => {
                if let Ok(types::MsgsStateReq { msg_ids }) = types::MsgsStateReq::from_bytes(rest) {
                    self.states(key, session, id, &msg_ids);
                }
            }
            types::MsgResendReq::CONSTRUCTOR_ID | types::MsgResendAnsReq::CONSTRUCTOR_ID => {
                // Both have the same form; one names the server's messages, the other the client's.
                if let Ok(types::MsgResendReq { msg_ids }) = types::MsgResendReq::from_bytes(rest) {
                    for wanted in &msg_ids {
                        let kept = session.sent(*wanted);
                        let kept = kept.or_else(|| Some((*wanted, session.answer_to(*wanted)?)));
                        if let Some((call, body)) = kept {
                            self.resend(key, session, call, body);
                        }
                    }
                    self.states(key, session, id, &msg_ids);
                }
            }
            functions::DestroySession::CONSTRUCTOR_ID => {
                if let Ok(functions::DestroySession { session_id }) =
                    functions::DestroySession::from_bytes(rest)
                {
                    // The session that asks cannot be meant.
                    let known =
                        session_id != session.id && self.shared.sessions.destroy(key.id(), session_id);
                    let answer = if known {
                        enums::DestroySessionRes::DestroySessionOk(types::DestroySessionOk { session_id })
                    } else {
                        enums::DestroySessionRes::DestroySessionNone(types::DestroySessionNone { session_id })
                    };
                    self.reply(key, session, answer.to_bytes());
                }
            }
            functions::RpcDropAnswer::CONSTRUCTOR_ID => {
                if let Ok(functions::RpcDropAnswer { req_msg_id }) =
                    functions::RpcDropAnswer::from_bytes(rest)
                {
                    self.drop_answer(key, session, id, req_msg_id);
                }
            }
            functions::DestroyAuthKey::CONSTRUCTOR_ID => {
                self.reply(key, session, enums::DestroyAuthKeyRes::DestroyAuthKeyOk.to_bytes());
                self.shared.keys.forget(self.dc, key.id());
                self.shared.service.forgotten(self.dc, key.id());
            }
            _ => {}
        }
    }

    fn pong(&self, key: &StoredKey, session: &Arc<Session>, msg_id: i64, ping_id: i64) {
        self.reply(key, session, enums::Pong::Pong(types::Pong { msg_id, ping_id }).to_bytes());
    }

    fn states(&self, key: &StoredKey, session: &Arc<Session>, req_msg_id: i64, ids: &[i64]) {
        let info = ids.iter().map(|id| session.status(*id)).collect();
        let info = enums::MsgsStateInfo::Info(types::MsgsStateInfo { req_msg_id, info });
        self.reply(key, session, info.to_bytes());
    }

    fn drop_answer(&self, key: &StoredKey, session: &Arc<Session>, id: i64, call: i64) {
        let dropped = match session.drop_answer(call) {
            Dropped::Unknown => enums::RpcDropAnswer::RpcAnswerUnknown,
            Dropped::Running => {
                // The call itself is answered with the same.
                let running = enums::RpcDropAnswer::RpcAnswerDroppedRunning;
                self.send(key, session, messages::result(call, &running.to_bytes()), Reason::Answer, true);
                running
            }
            Dropped::Answered(Numbers { id, sequence }, bytes) => {
                enums::RpcDropAnswer::RpcAnswerDropped(types::RpcAnswerDropped {
                    msg_id: id,
                    seq_no: sequence,
                    bytes: messages::length(bytes),
                })
            }
        };
        self.send(key, session, messages::result(id, &dropped.to_bytes()), Reason::Answer, true);
    }

    /// Answers with what is no result of a call.
    fn reply(&self, key: &StoredKey, session: &Arc<Session>, body: Vec<u8>) {
        self.send(key, session, body, Reason::Answer, false);
    }

    fn resend(&self, key: &StoredKey, session: &Arc<Session>, call: i64, body: Vec<u8>) {
        deliver(&self.outgoing, key.clone(), session, call, body);
    }

    /// A call of a method.
    fn call(&self, key: &StoredKey, session: &Arc<Session>, id: i64, body: Vec<u8>) {
        let call = match self.prepared(key, body) {
            Ok(call) => call,
            Err(error) => {
                return finish(&self.outgoing, key.clone(), session, id, Outcome::Error(error));
            }
        };
        let (key, session, outgoing) = (key.clone(), Arc::clone(session), self.outgoing.clone());
        let shutdown = self.shared.shutdown.clone();
        self.shared.calls.spawn(async move {
            let outcome = async {
                if !call.after.is_empty() && !session.after(&call.after).await {
                    return Outcome::Error(RpcError::new(400, "MSG_WAIT_FAILED"));
                }
                (call.run)().await
            };
            tokio::select! {
                outcome = outcome => finish(&outgoing, key, &session, id, outcome),
                () = shutdown.cancelled() => {}
            }
        });
    }

    /// What is to be run for a call, or why it cannot be.
    fn prepared(&self, key: &StoredKey, body: Vec<u8>) -> Result<Prepared, RpcError> {
        let Some(Unwrapped { layer, init, after, without_updates, body }) = unwrap(body) else {
            return Err(RpcError::new(400, "INPUT_FETCH_ERROR"));
        };
        let key = match (layer, &init) {
            (None, None) => key.clone(),
            _ => self.shared.keys.note(self.dc, key.id(), layer, init).unwrap_or_else(|| key.clone()),
        };
        // The one method that comes before anything else of a client.
        if constructor(&body) != functions::auth::BindTempAuthKey::CONSTRUCTOR_ID {
            if key.init.is_none() {
                return Err(RpcError::new(400, "CONNECTION_NOT_INITED"));
            }
            if key.layer == 0 {
                return Err(RpcError::new(400, "CONNECTION_LAYER_INVALID"));
            }
        }
        let (service, caller) = (Arc::clone(&self.shared.service), self.caller(&key, without_updates));
        Ok(Prepared { after, run: Box::new(move || service.call(&caller, &body)) })
    }
}

/// A call that can be run.
struct Prepared {
    /// The calls that have to end first.
    after: Vec<i64>,
    run: Box<dyn FnOnce() -> BoxFuture<'static, Outcome> + Send>,
}

/// Whether a constructor is of the protocol itself.
const fn is_own(constructor: u32) -> bool {
    matches!(
        constructor,
        types::MsgsAck::CONSTRUCTOR_ID
            | types::MsgsStateReq::CONSTRUCTOR_ID
            | types::MsgsStateInfo::CONSTRUCTOR_ID
            | types::MsgsAllInfo::CONSTRUCTOR_ID
            | types::MsgDetailedInfo::CONSTRUCTOR_ID
            | types::MsgNewDetailedInfo::CONSTRUCTOR_ID
            | types::MsgResendReq::CONSTRUCTOR_ID
            | types::MsgResendAnsReq::CONSTRUCTOR_ID
            | types::HttpWait::CONSTRUCTOR_ID
            | functions::Ping::CONSTRUCTOR_ID
            | functions::PingDelayDisconnect::CONSTRUCTOR_ID
            | functions::GetFutureSalts::CONSTRUCTOR_ID
            | functions::DestroySession::CONSTRUCTOR_ID
            | functions::RpcDropAnswer::CONSTRUCTOR_ID
            | functions::DestroyAuthKey::CONSTRUCTOR_ID
    )
}

/// Brings what came of a call to the client.
fn finish(outgoing: &Outgoing, key: StoredKey, session: &Arc<Session>, call: i64, outcome: Outcome) {
    let (body, failed) = match outcome {
        Outcome::Answer(value) => (messages::answer(call, value), false),
        Outcome::Error(error) => (messages::error(call, error), true),
        Outcome::Drop => {
            session.abandoned(call);
            return outgoing.close();
        }
        Outcome::Hang => return,
    };
    if session.answered(call, &body, failed) {
        deliver(outgoing, key, session, call, body);
    }
}

/// Sends an answer over the connection that the call came from, or over the session's newest one. If there is none,
/// the client gets it when it asks again.
fn deliver(outgoing: &Outgoing, key: StoredKey, session: &Arc<Session>, call: i64, body: Vec<u8>) {
    let session_of = Arc::clone(session);
    let message = Outbound {
        key,
        session: session_of,
        body,
        reason: Reason::Answer,
        content: true,
        answers: Some(call),
    };
    if let Err(unsent) = outgoing.message(message)
        && let Some(outgoing) = session.outgoing()
    {
        let _ = outgoing.message(*unsent);
    }
}
