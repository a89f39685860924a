//! What the time of a check tells about an API key: nothing, if a key that is almost right takes as long as any other.

use std::hint::black_box;
use std::time::{Duration, Instant};

use lambdagram_domain::api_key::{ApiKey, StoredKey};
use lambdagram_domain::time::UnixTime;
use lambdagram_tests::lambda::LogSink;
use reqwest::Client;

use crate::common::figures::{Times, ms, print};
use crate::common::ground::{BenchStack, Binaries, Failure};
use crate::common::requests::send;
use crate::service::{command, enqueue, store};

/// Checks in a row, which one time is taken of.
const CHECKS: u32 = 2_000;

/// Such times of each kind, taken in turn.
const TIMES: usize = 200;

/// Requests of each kind, sent in turn.
const REQUESTS: usize = 300;

pub(crate) async fn measure(binaries: &Binaries) -> Result<(), Failure> {
    checks();
    requests(binaries).await
}

/// The check alone, against rows that differ from the key's own in one place.
fn checks() {
    let key = ApiKey::generate();
    let own = StoredKey::new(&key, "bench".to_owned(), "notifier".to_owned(), UnixTime(1));
    let with = |change: fn(&mut StoredKey)| {
        let mut row = own.clone();
        change(&mut row);
        Some(row)
    };
    let rows = [
        ("its own row", with(|_| ())),
        ("a hash that differs in its first byte", with(|row| row.hash[0] ^= 1)),
        ("a hash that differs in its last byte", with(|row| row.hash[31] ^= 1)),
        ("its own row, revoked", with(|row| row.revoked_at = Some(UnixTime(2)))),
        ("no row", None),
    ];
    let mut times = rows.each_ref().map(|_| Times::default());
    for _ in 0..TIMES {
        for ((_, row), times) in rows.iter().zip(&mut times) {
            let started = Instant::now();
            for _ in 0..CHECKS {
                black_box(StoredKey::opened_by(black_box(row.as_ref()), black_box(&key)));
            }
            times.push(started.elapsed() / CHECKS);
        }
    }
    let ns = |time: Duration| format!("{} ns", time.as_nanos());
    let shown: Vec<_> = rows
        .iter()
        .zip(&times)
        .map(|((what, _), times)| [(*what).to_owned(), ns(times.median()), ns(times.percentile(99))])
        .collect();
    print("One check of a key against", ["row", "p50", "p99"], &shown);
}

/// Whole requests that are refused.
async fn requests(binaries: &Binaries) -> Result<(), Failure> {
    let ours = BenchStack::ours(binaries, &LogSink::default()).await?;
    let (http, url) = (Client::new(), ours.stack.url());
    let (stored, other) = (ApiKey::generate(), ApiKey::generate());
    store(&ours, &stored).await?;
    let wrong = format!("{}{}", &stored.encode()[..16], &other.encode()[16..]);
    let keys = [("a stored id, another secret", wrong), ("an id that is not stored", other.encode())];
    let mut times = keys.each_ref().map(|_| Times::default());
    for request in 0..=REQUESTS {
        for ((_, key), times) in keys.iter().zip(&mut times) {
            let answer = send(enqueue(&http, &url, key, &command(1, "hi"))).await?;
            if answer.response.status() != 401 {
                return Err(format!("{} for a wrong key", answer.response.status()).into());
            }
            // The first one starts the function.
            if request > 0 {
                times.push(answer.taken);
            }
        }
    }
    let rows: Vec<_> = keys
        .iter()
        .zip(&times)
        .map(|((what, _), times)| [(*what).to_owned(), ms(times.median()), ms(times.percentile(99))])
        .collect();
    print(&format!("{REQUESTS} refused requests of each kind, in turn"), ["key", "p50", "p99"], &rows);
    ours.stop().await;
    Ok(())
}
