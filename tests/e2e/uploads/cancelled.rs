//! Uploads that are not wanted any more, at each moment of their lives.

use lambdagram_tests::telegram::faults::Moment;
use serde_json::{Value, json};

use super::support::{BIG, Begun, SAVE_BIG_PART, SEND_MEDIA, STAGED_PART, bring, noise, put};
use crate::account::{Browser, PHONE, error};
use crate::support::TestStack;

/// A moment of an upload's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// Nothing has come.
    Nothing,
    /// A part has come.
    SomeParts,
    /// All parts have come, and nobody has said so.
    AllParts,
    /// It waits because Telegram said so.
    Waiting,
    /// Its worker waits for Telegram's answer to parts.
    Sending,
}

impl At {
    pub(super) const ALL: [Self; 5] =
        [Self::Nothing, Self::SomeParts, Self::AllParts, Self::Waiting, Self::Sending];

    fn state(self) -> &'static str {
        match self {
            Self::Nothing | Self::SomeParts | Self::AllParts => "receiving",
            Self::Waiting => "queued",
            Self::Sending => "sending",
        }
    }

    /// An upload at that moment.
    pub(super) async fn reach(self, stack: &TestStack, browser: &mut Browser<'_>) -> Begun {
        let file = noise(BIG);
        let begun = browser.begin(&json!({"name": "noise.bin", "size": BIG})).await;
        match self {
            Self::Nothing => {}
            Self::SomeParts => drop(put(stack, &begun.parts[0].1, &file[..STAGED_PART]).await),
            Self::AllParts => drop(bring(stack, &begun, &file).await),
            Self::Waiting | Self::Sending => {
                let parts = bring(stack, &begun, &file).await;
                let before = stack.failed(SAVE_BIG_PART);
                let error = if self == Self::Waiting { "FLOOD_WAIT_3600" } else { "hang" };
                // Every part that is on its way meets it.
                stack.fail(SAVE_BIG_PART, error, 100, Moment::Before);
                assert_eq!(browser.complete(&begun, &parts).await.status, 202);
                stack.fails(SAVE_BIG_PART, before).await;
                if self == Self::Waiting {
                    stack.workers_over().await;
                }
            }
        }
        assert_eq!(browser.state(&begun).await["state"], self.state(), "{self:?}");
        begun
    }
}

pub(super) fn failed(state: &Value, sentence: &str) {
    assert_eq!((&state["state"], &state["error"]), (&json!("failed"), &json!(sentence)), "{state}");
}

#[tokio::test]
async fn an_upload_is_cancelled_at_each_moment_and_nothing_is_left() {
    for at in At::ALL {
        let stack = TestStack::start().await;
        let mut browser = Browser::signed_in(&stack, PHONE).await;
        let before = stack.kept(PHONE);
        let begun = at.reach(&stack, &mut browser).await;
        let answered = browser.cancel(&begun).await;
        assert_eq!((answered.status.as_u16(), &answered.body), (204, &Value::Null), "{at:?}");
        stack.nothing_left().await;
        failed(&browser.state(&begun).await, "The upload was cancelled.");
        assert_eq!(browser.cancel(&begun).await.status, 204, "{at:?}: again");
        let answered = browser.complete(&begun, &json!({"parts": [{"number": 1, "etag": "\"a\""}]})).await;
        assert!(answered.status.is_client_error(), "{at:?}: {answered:?}");
        // URLs that are still good bring nothing.
        assert_eq!(put(&stack, &begun.parts[0].1, &noise(BIG)[..STAGED_PART]).await.status(), 404, "{at:?}");
        stack.forgive();
        stack.stack.settle().await;
        failed(&browser.state(&begun).await, "The upload was cancelled.");
        assert_eq!(stack.kept(PHONE), before, "{at:?}");
        stack.end_uploads().await;
    }
}

#[tokio::test]
async fn whoever_logs_out_cancels_what_is_under_way() {
    for at in At::ALL {
        let stack = TestStack::start().await;
        let mut browser = Browser::signed_in(&stack, PHONE).await;
        let before = stack.kept(PHONE);
        let begun = at.reach(&stack, &mut browser).await;
        let answered = browser.post("/logout", &json!({})).await;
        assert_eq!(answered.status, 200, "{at:?}: {answered:?}");
        assert_eq!(browser.look(&begun).await.status, 401, "{at:?}");
        stack.forgive();
        stack.stack.settle().await;
        assert_eq!(stack.kept(PHONE), before, "{at:?}");
        stack.nothing_left().await;
        assert_eq!(stack.account_of(PHONE).await["authorizations"], 0, "{at:?}");
        stack.end_uploads().await;
    }
}

#[tokio::test]
async fn what_is_being_sent_or_was_cannot_be_cancelled() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let (before, file) = (stack.kept(PHONE), noise(100));
    let silent = stack.silence(SEND_MEDIA);
    let begun = browser.upload(&stack, &file).await;
    silent.await;
    let answered = browser.cancel(&begun).await;
    assert_eq!(answered.status, 409, "{answered:?}");
    stack.stack.settle().await;
    stack.check_sent(browser.message_of(&begun).await, &file);
    let answered = browser.cancel(&begun).await;
    answered.expect(409, &error("File has already been sent."));
    assert_eq!(stack.kept(PHONE), before + 1);
    stack.end_uploads().await;
}

#[tokio::test]
async fn an_upload_that_failed_is_cancelled_without_a_word() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    stack.fail(SEND_MEDIA, "MEDIA_INVALID", 1, Moment::Before);
    let begun = browser.upload(&stack, &noise(100)).await;
    stack.stack.settle().await;
    let state = browser.state(&begun).await;
    failed(&state, "Telegram refused the file.");
    assert_eq!(browser.cancel(&begun).await.status, 204);
    assert_eq!(browser.state(&begun).await, state);
    stack.end_uploads().await;
}
