//! A worker that is killed again and again.

use lambdagram_tests::telegram::faults::{Fault, Moment};

use super::support::{PART, SAVE_BIG_PART, WORKER, noise};
use crate::account::{Browser, PHONE};
use crate::faults::Random;
use crate::support::TestStack;

/// Bytes of the file: 382 parts.
const FILE: usize = 200_000_000;

const KILLS: u32 = 30;

/// Parts that are sent in vain by a worker that is killed, at most: two records of progress and what is under way.
const MOST_LOST: u32 = 40;

/// Parts that Telegram takes of a worker before it is killed. Together they are fewer than the file has, so that it is not
/// whole too early; and of ten workers in a row one gets so far that it is recorded.
fn taken(random: &mut Random, kill: u32) -> u32 {
    let taken = if kill % 5 == 4 { 30 + random.below(16) } else { 1 + random.below(8) };
    u32::try_from(taken).unwrap()
}

impl TestStack {
    /// Kills a worker when Telegram has taken so many parts of it and answers no more.
    async fn kill_after(&self, parts: u32) {
        let (faults, lambda) = (self.stack.simulated().unwrap().faults(), self.stack.lambda());
        let silence = Fault {
            method: SAVE_BIG_PART.to_owned(),
            error: "hang".to_owned(),
            times: 1_000,
            when: Moment::Before,
            chat_id: None,
        };
        faults.plan_after(parts, silence).unwrap();
        faults.hit(SAVE_BIG_PART).await;
        // Parts of the worker before may still have been on their way when it was killed.
        while lambda.kill_running(WORKER) == 0 {
            faults.hit_times(SAVE_BIG_PART, faults.hits(SAVE_BIG_PART) + 1).await;
        }
        lambda.wait_until(|all| all.iter().all(|one| one.function != WORKER)).await;
        faults.clear();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_worker_is_killed_thirty_times_arrives_whole_and_once() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let before = stack.kept(PHONE);
    let file = noise(FILE);
    let begun = browser.upload(&stack, &file).await;
    let mut random = Random(0x5eed);
    let killing = async {
        for kill in 0..KILLS {
            stack.kill_after(taken(&mut random, kill)).await;
        }
    };
    tokio::select! {
        () = killing => {}
        () = stack.stack.settle() => panic!("it was over before all kills: {}", browser.state(&begun).await),
    }
    assert_eq!(browser.state(&begun).await["state"], "sending");
    stack.stack.settle().await;
    stack.check_sent(browser.message_of(&begun).await, &file);
    assert_eq!(stack.kept(PHONE), before + 1);
    let again = stack.people().part_calls().all() - FILE.div_ceil(PART) as u64;
    assert!(again <= u64::from(KILLS * MOST_LOST), "{again}");
    stack.end_uploads().await;
}
