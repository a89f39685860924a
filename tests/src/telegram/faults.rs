//! Faults on demand: what `POST /_sim/faults` asks for, until it has happened as often as asked.
//!
//! The registry knows nothing of protocols. A server of the simulated Telegram asks it, before and after the
//! effect of each call, whether this call is to fail, and renders the failure in its own way: Bot API methods are
//! plain names (`sendPhoto`), those of `MTProto` carry a dot (`upload.getFile`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use tokio::sync::watch;

/// The method name that stands for every method, in faults and in hit counts.
pub const ANY_METHOD: &str = "*";

/// The faults that are still to happen, and how often any happened. Clones share their state.
#[derive(Clone, Debug)]
pub struct Faults(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    planned: Mutex<Vec<Planned>>,
    hits: watch::Sender<HashMap<String, u64>>,
}

#[derive(Debug)]
struct Planned {
    fault: Fault,
    failure: Failure,
    /// How many calls that fit pass before.
    passing: u32,
    left: u32,
}

/// A fault as the control describes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The method to hit, in any case, or `*`.
    pub method: String,
    /// The failure: `429:7`, `403:Forbidden: ...`, `FLOOD_WAIT_7`, `drop` or `hang`.
    pub error: String,
    /// How many calls are hit.
    #[serde(default = "once")]
    pub times: u32,
    /// Whether the call takes effect first.
    #[serde(default)]
    pub when: Moment,
    /// Only calls for this chat are hit. An addition to the contract, for tests with many chats.
    #[serde(default)]
    pub chat_id: Option<i64>,
}

const fn once() -> u32 {
    1
}

/// On which side of the effect a fault strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Moment {
    /// Nothing has happened, and nothing will.
    #[default]
    Before,
    /// The effect has happened, its answer is replaced.
    After,
}

/// What a call that is hit gets in place of its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// `429:7`: flood control with the seconds to wait.
    Flood {
        /// Seconds.
        retry_after: u64,
    },
    /// `403:Forbidden: bot was blocked by the user`: an HTTP code with its description.
    Status {
        /// The HTTP status, which is the `error_code` too.
        code: u16,
        /// The description as Telegram words it.
        description: String,
    },
    /// `FILE_REFERENCE_EXPIRED`: an `MTProto` error by its name.
    Rpc {
        /// The name, with its number where it has one.
        name: String,
    },
    /// The connection is closed without an answer.
    Drop,
    /// No answer ever comes; the connection stays until the caller leaves.
    Hang,
}

/// Why a fault was not planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// The method is empty.
    #[error("A fault needs a method.")]
    NoMethod,
    /// Zero times is no fault.
    #[error("A fault must strike at least once.")]
    NoTimes,
    /// The error is neither a code, a name, `drop` nor `hang`.
    #[error("A fault's error is \"<code>:<text>\", an RPC error name, \"drop\" or \"hang\".")]
    UnknownError,
}

impl Default for Faults {
    fn default() -> Self {
        Self(Arc::new(Inner { planned: Mutex::default(), hits: watch::Sender::new(HashMap::new()) }))
    }
}

impl Faults {
    /// Plans a fault behind those that are planned already.
    ///
    /// # Errors
    /// A fault that could never strike, or whose error nobody could render.
    pub fn plan(&self, fault: Fault) -> Result<(), FaultError> {
        self.plan_after(0, fault)
    }

    /// [`Self::plan`], for when so many calls that fit have passed.
    ///
    /// # Errors
    /// As [`Self::plan`].
    pub fn plan_after(&self, passing: u32, fault: Fault) -> Result<(), FaultError> {
        if fault.method.is_empty() {
            return Err(FaultError::NoMethod);
        }
        if fault.times == 0 {
            return Err(FaultError::NoTimes);
        }
        let failure = Failure::parse(&fault.error)?;
        let left = fault.times;
        self.planned().push(Planned { fault, failure, passing, left });
        Ok(())
    }

    /// The failure this call is to have at this moment, if any; it is used up by asking.
    pub fn strike(&self, method: &str, chat_id: Option<i64>, moment: Moment) -> Option<Failure> {
        let failure = {
            let mut planned = self.planned();
            let index = planned.iter().position(|planned| planned.fits(method, chat_id, moment))?;
            let found = &mut planned[index];
            if found.passing > 0 {
                found.passing -= 1;
                return None;
            }
            found.left -= 1;
            let failure = found.failure.clone();
            if found.left == 0 {
                planned.remove(index);
            }
            failure
        };
        self.0.hits.send_modify(|hits| {
            *hits.entry(method.to_ascii_lowercase()).or_default() += 1;
            *hits.entry(ANY_METHOD.to_owned()).or_default() += 1;
        });
        Some(failure)
    }

    /// How many calls of this method were hit; `*` counts all.
    pub fn hits(&self, method: &str) -> u64 {
        count(&self.0.hits.borrow(), method)
    }

    /// Returns once a call of this method has been hit.
    pub async fn hit(&self, method: &str) {
        self.hit_times(method, 1).await;
    }

    /// Returns once calls of this method have been hit so many times in all.
    pub async fn hit_times(&self, method: &str, times: u64) {
        let mut hits = self.0.hits.subscribe();
        // The sender lives as long as `self`, so the wait can only end by being met.
        let _ = hits.wait_for(|hits| count(hits, method) >= times).await;
    }

    /// Forgets what is planned and what was counted.
    pub fn clear(&self) {
        self.planned().clear();
        self.0.hits.send_replace(HashMap::new());
    }

    fn planned(&self) -> MutexGuard<'_, Vec<Planned>> {
        self.0.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(hits: &HashMap<String, u64>, method: &str) -> u64 {
    hits.get(&method.to_ascii_lowercase()).copied().unwrap_or_default()
}

impl Planned {
    fn fits(&self, method: &str, chat_id: Option<i64>, moment: Moment) -> bool {
        let named = self.fault.method == ANY_METHOD || self.fault.method.eq_ignore_ascii_case(method);
        let for_chat = self.fault.chat_id.is_none_or(|wanted| chat_id == Some(wanted));
        named && for_chat && self.fault.when == moment
    }
}

impl Failure {
    fn parse(error: &str) -> Result<Self, FaultError> {
        match error {
            "drop" => return Ok(Self::Drop),
            "hang" => return Ok(Self::Hang),
            _ => {}
        }
        if let Some((code, text)) = error.split_once(':') {
            let code: u16 = code.parse().map_err(|_| FaultError::UnknownError)?;
            if !(400..=599).contains(&code) || text.is_empty() {
                return Err(FaultError::UnknownError);
            }
            return Ok(match text.parse() {
                Ok(retry_after) if code == 429 => Self::Flood { retry_after },
                _ => Self::Status { code, description: text.to_owned() },
            });
        }
        let is_name = error.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if error.is_empty() || !is_name {
            return Err(FaultError::UnknownError);
        }
        Ok(Self::Rpc { name: error.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(method: &str, error: &str, times: u32) -> Fault {
        Fault {
            method: method.to_owned(),
            error: error.to_owned(),
            times,
            when: Moment::Before,
            chat_id: None,
        }
    }

    #[test]
    fn each_error_of_the_contract_is_understood() {
        let blocked = "Forbidden: bot was blocked by the user".to_owned();
        let cases = [
            ("429:7", Failure::Flood { retry_after: 7 }),
            (
                "403:Forbidden: bot was blocked by the user",
                Failure::Status { code: 403, description: blocked },
            ),
            (
                "500:Internal Server Error",
                Failure::Status { code: 500, description: "Internal Server Error".to_owned() },
            ),
            ("FLOOD_WAIT_7", Failure::Rpc { name: "FLOOD_WAIT_7".to_owned() }),
            ("drop", Failure::Drop),
            ("hang", Failure::Hang),
        ];
        for (error, expected) in cases {
            assert_eq!(Failure::parse(error), Ok(expected), "{error}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let faults = Faults::default();
        for error in ["", "boom", "200:OK", "429:", "x:y"] {
            assert_eq!(faults.plan(fault("getMe", error, 1)), Err(FaultError::UnknownError), "{error}");
        }
        assert_eq!(faults.plan(fault("", "drop", 1)), Err(FaultError::NoMethod));
        assert_eq!(faults.plan(fault("getMe", "drop", 0)), Err(FaultError::NoTimes));
    }

    #[test]
    fn a_fault_strikes_as_often_as_asked_and_only_where_it_fits() {
        let faults = Faults::default();
        faults.plan(Fault { chat_id: Some(7), ..fault("sendPhoto", "drop", 2) }).unwrap();
        assert_eq!(faults.strike("sendphoto", Some(8), Moment::Before), None);
        assert_eq!(faults.strike("sendphoto", Some(7), Moment::After), None);
        assert_eq!(faults.strike("getme", Some(7), Moment::Before), None);
        assert_eq!(faults.strike("sendphoto", Some(7), Moment::Before), Some(Failure::Drop));
        assert_eq!(faults.strike("SendPhoto", Some(7), Moment::Before), Some(Failure::Drop));
        assert_eq!(faults.strike("sendPhoto", Some(7), Moment::Before), None);
        assert_eq!((faults.hits("sendPhoto"), faults.hits(ANY_METHOD), faults.hits("getMe")), (2, 2, 0));
    }

    #[test]
    fn calls_may_pass_before_a_fault_strikes() {
        let faults = Faults::default();
        faults.plan_after(2, fault("sendPhoto", "drop", 1)).unwrap();
        let struck: Vec<_> =
            (0..4).map(|_| faults.strike("sendphoto", None, Moment::Before).is_some()).collect();
        assert_eq!((struck, faults.hits("sendPhoto")), (vec![false, false, true, false], 1));
    }

    #[tokio::test]
    async fn a_hit_can_be_waited_for() {
        let faults = Faults::default();
        faults.plan(fault(ANY_METHOD, "hang", 1)).unwrap();
        let waiting = tokio::spawn({
            let faults = faults.clone();
            async move { faults.hit("upload.getFile").await }
        });
        assert_eq!(faults.strike("upload.getFile", None, Moment::Before), Some(Failure::Hang));
        waiting.await.unwrap();
    }
}
