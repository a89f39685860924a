//! A worker that is killed again and again.

use super::support::{PART, WORKER, noise};
use crate::account::{Browser, PHONE};
use crate::faults::Random;
use crate::support::TestStack;

/// Bytes of the file: 382 parts.
const FILE: usize = 200_000_000;

const KILLS: usize = 30;

/// Parts that are sent in vain by a worker that is killed, at most: two records of progress and what is under way.
const MOST_LOST: usize = 40;

/// Parts that reach Telegram between two kills, at most. Half of it is more than what is lost with a kill, so that the end
/// is reached.
const MOST_BETWEEN: usize = 40;

impl TestStack {
    /// Kills the worker at moments that the parts tell which reach Telegram.
    async fn kill_workers(&self, random: &mut Random) {
        let (people, lambda) = (self.people(), self.stack.lambda());
        let mut kills = 0;
        while kills < KILLS {
            let more = 1 + random.below(MOST_BETWEEN) as u64;
            people.part_calls_reach(people.part_calls().all() + more).await;
            kills += lambda.kill_running(WORKER);
            lambda.wait_until(|all| all.iter().all(|one| one.function != WORKER)).await;
        }
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
    tokio::select! {
        () = stack.kill_workers(&mut random) => {}
        () = stack.stack.settle() => panic!("it was over before all kills: {}", browser.state(&begun).await),
    }
    assert_eq!(browser.state(&begun).await["state"], "sending");
    stack.stack.settle().await;
    stack.check_sent(browser.message_of(&begun).await, &file);
    assert_eq!(stack.kept(PHONE), before + 1);
    let again = stack.people().part_calls().all() - FILE.div_ceil(PART) as u64;
    assert!(again <= (KILLS * MOST_LOST) as u64, "{again}");
    stack.end_uploads().await;
}
