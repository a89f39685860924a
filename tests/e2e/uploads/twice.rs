//! Two of what there should be one of: messages of the queue, workers, requests.

use lambdagram_tests::aws::sqs::Send;
use lambdagram_tests::telegram::faults::Moment;

use super::support::{BIG, SAVE_BIG_PART, SAVE_PART, SEND_MEDIA, SMALL, WORKER, noise};
use crate::account::{Browser, PHONE};
use crate::support::TestStack;

impl TestStack {
    /// The body of the message that is in the workers' queue.
    fn job(&self) -> String {
        let messages = self.stack.sqs().messages(&self.queue_of(WORKER));
        assert_eq!(messages.len(), 1);
        messages.into_iter().next().unwrap().body
    }

    /// Puts a message into the workers' queue, in a line of its own.
    fn deliver(&self, body: &str, group: &str) {
        self.stack.sqs().send(&self.queue_of(WORKER), Send::grouped(body, group, group)).unwrap();
    }
}

#[tokio::test]
async fn a_message_of_the_queue_that_comes_again_sends_nothing_again() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let (before, file) = (stack.kept(PHONE), noise(SMALL));
    let parts = stack.silence(SAVE_PART);
    let begun = browser.upload(&stack, &file).await;
    parts.await;
    let job = stack.job();
    stack.stack.settle().await;
    let id = browser.message_of(&begun).await;
    let calls = stack.people().part_calls();
    for number in 0..3 {
        stack.deliver(&job, &format!("again-{number}"));
    }
    stack.stack.settle().await;
    assert_eq!((browser.message_of(&begun).await, stack.kept(PHONE)), (id, before + 1));
    assert_eq!(stack.people().part_calls(), calls);
    stack.check_sent(id, &file);
    // The same of one that was cancelled, and of one that nobody knows.
    stack.fail(SAVE_PART, "FLOOD_WAIT_600", 1, Moment::Before);
    let begun = browser.upload(&stack, &file).await;
    stack.fails(SAVE_PART, 1).await;
    let job = stack.job();
    stack.workers_over().await;
    assert_eq!(browser.cancel(&begun).await.status, 204);
    stack.deliver(&job, "cancelled");
    stack.deliver(&job.replace(&begun.id, &"0".repeat(32)), "unknown");
    stack.stack.settle().await;
    assert_eq!(stack.kept(PHONE), before + 1);
    stack.end_uploads().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_workers_on_one_upload_one_sends_it() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let (before, file) = (stack.kept(PHONE), noise(BIG));
    stack.slow(Some(4_000_000));
    let begun = browser.upload(&stack, &file).await;
    stack.people().part_calls_reach(2).await;
    let job = stack.job();
    // Each in a line of its own: they are handed out while the first one is under way.
    for number in 0..3 {
        stack.deliver(&job, &format!("beside-{number}"));
    }
    stack.people().part_calls_reach(12).await;
    assert_eq!(browser.state(&begun).await["state"], "sending");
    stack.slow(None);
    stack.stack.settle().await;
    stack.check_sent(browser.message_of(&begun).await, &file);
    assert_eq!(stack.kept(PHONE), before + 1);
    assert_eq!(stack.people().part_calls().all(), 21, "the others have sent nothing");
    stack.end_uploads().await;
}

#[tokio::test]
async fn a_worker_that_lost_its_claim_writes_nothing_any_more() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let (before, file) = (stack.kept(PHONE), noise(BIG));
    let silent = stack.silence(SAVE_BIG_PART);
    let begun = browser.upload(&stack, &file).await;
    silent.await;
    let job = stack.job();
    // For everybody but the worker, whose clock is its machine's, the claim is over.
    stack.pass(120);
    stack.deliver(&job, "beside");
    stack.stack.settle().await;
    stack.check_sent(browser.message_of(&begun).await, &file);
    assert_eq!(stack.kept(PHONE), before + 1);
    stack.end_uploads().await;
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_one_message() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let (mut before, file) = (stack.kept(PHONE), noise(SMALL));
    for error in ["drop", "hang", "TIMEOUT", "INTERNAL_SERVER_ERROR"] {
        for times in [1, 3] {
            stack.fail(SEND_MEDIA, error, times, Moment::After);
            browser.send_staged(&stack, &file).await;
            before += 1;
            assert_eq!(stack.kept(PHONE), before, "{error} {times}");
            stack.forgive();
        }
    }
    stack.end_uploads().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_completed_many_times_at_once_is_sent_once() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let (before, file) = (stack.kept(PHONE), noise(BIG));
    let (begun, parts) = browser.stage(&stack, &file).await;
    let path = format!("{}/complete", begun.path());
    let sent = (0..8).map(|_| browser.request(reqwest::Method::POST, &path).json(&parts).send());
    for answer in futures_util::future::join_all(sent).await {
        let status = answer.unwrap().status();
        assert_eq!(status, 202);
    }
    stack.stack.settle().await;
    stack.check_sent(browser.message_of(&begun).await, &file);
    assert_eq!(stack.kept(PHONE), before + 1);
    stack.end_uploads().await;
}
