use super::*;
use crate::mtproto::uploads::UploadError;

const SECOND: Duration = Duration::from_secs(1);

struct Reading {
    patience: Patience,
    now: Instant,
    deadline: Instant,
}

impl Reading {
    fn start() -> Self {
        let now = Instant::now();
        Self { patience: Patience::default(), now, deadline: now + Duration::from_mins(1) }
    }

    fn judge(&mut self, code: i32, name: &str) -> Result<Remedy, ReadError> {
        self.patience.judge(TelegramError::from_rpc(code, name), self.now, self.deadline)
    }

    fn replace(&mut self) -> Result<(), ReadError> {
        self.patience.replace(TelegramError::Lost, self.now, self.deadline)
    }

    /// Waits for what there is to wait for; how long that is.
    fn wait(&mut self) -> Duration {
        let until = self.patience.paused_until(self.now).unwrap_or(self.now);
        let time = until - self.now;
        self.now = until;
        time
    }
}

fn flood(seconds: u64) -> Result<Remedy, ReadError> {
    Err(TelegramError::Flood { seconds }.into())
}

#[test]
fn what_only_the_caller_can_mend_is_told() {
    for (code, name, expected) in [
        (400, "FILE_REFERENCE_EXPIRED", ReadError::Reference),
        (400, "FILE_REFERENCE_INVALID", ReadError::Reference),
        (400, "FILE_REFERENCE_EMPTY", ReadError::Reference),
        (400, "FILE_REFERENCE_0_EXPIRED", ReadError::Reference),
        (406, "FILEREF_UPGRADE_NEEDED", ReadError::Reference),
        (303, "FILE_MIGRATE_4", ReadError::Elsewhere { dc: 4 }),
        (401, "AUTH_KEY_UNREGISTERED", ReadError::NotSignedIn),
        (406, "AUTH_KEY_DUPLICATED", ReadError::NotSignedIn),
        (400, "LOCATION_INVALID", TelegramError::from_rpc(400, "LOCATION_INVALID").into()),
    ] {
        assert_eq!(Reading::start().judge(code, name), Err(expected), "{name}");
    }
}

#[test]
fn floods_are_slept_through_for_three_seconds_before_the_first_byte() {
    let mut reading = Reading::start();
    assert_eq!(reading.judge(420, "FLOOD_WAIT_2"), Ok(Remedy::Repeat));
    assert_eq!(reading.wait(), 2 * SECOND);
    assert_eq!(reading.judge(420, "FLOOD_WAIT_1"), Ok(Remedy::Repeat));
    assert_eq!(reading.wait(), SECOND);
    assert_eq!(reading.judge(420, "FLOOD_PREMIUM_WAIT_1"), flood(1));
    assert_eq!(Reading::start().judge(420, "FLOOD_WAIT_4"), flood(4));
}

#[test]
fn floods_are_slept_through_until_the_deadline_after_the_first_byte() {
    let mut reading = Reading::start();
    reading.patience.begin();
    assert_eq!(reading.judge(420, "FLOOD_PREMIUM_WAIT_50"), Ok(Remedy::Repeat));
    assert_eq!(reading.wait(), 50 * SECOND);
    assert_eq!(reading.judge(420, "FLOOD_WAIT_10"), flood(10));
    assert_eq!(reading.judge(420, "FLOOD_WAIT_9"), Ok(Remedy::Repeat));
}

#[test]
fn parts_that_run_into_one_flood_wait_for_it_together() {
    let mut reading = Reading::start();
    for _ in 0..8 {
        assert_eq!(reading.judge(420, "FLOOD_WAIT_3"), Ok(Remedy::Repeat));
    }
    assert_eq!(reading.judge(420, "FLOOD_WAIT_1"), Ok(Remedy::Repeat));
    assert_eq!(reading.wait(), 3 * SECOND);
}

#[test]
fn telegrams_own_failures_are_put_up_with_three_times_in_a_row() {
    let mut reading = Reading::start();
    let mut pauses = Vec::new();
    for _ in 0..3 {
        // All that is under way fails at once, which counts once.
        for (code, name) in [(500, "INTERNAL_SERVER_ERROR"), (-503, "Timeout"), (503, "TIMEOUT")] {
            assert_eq!(reading.judge(code, name), Ok(Remedy::Repeat));
        }
        pauses.push(reading.wait().as_millis());
    }
    assert_eq!(pauses, [200, 800, 3200]);
    let refused = reading.judge(-503, "Timeout");
    assert_eq!(refused, Err(TelegramError::from_rpc(-503, "Timeout").into()));
    reading.patience.note_part();
    assert_eq!(reading.judge(-503, "Timeout"), Ok(Remedy::Repeat));
}

#[test]
fn a_connection_is_replaced_three_times_in_a_row() {
    let mut reading = Reading::start();
    let mut pauses = Vec::new();
    for _ in 0..3 {
        assert_eq!(reading.replace(), Ok(()));
        pauses.push(reading.wait().as_millis());
    }
    assert_eq!(pauses, [0, 200, 800]);
    assert_eq!(reading.replace(), Err(TelegramError::Lost.into()));
    reading.patience.note_part();
    assert_eq!(reading.replace(), Ok(()));
    for error in [TelegramError::Lost, TelegramError::Timeout, TelegramError::Unreachable] {
        assert_eq!(
            reading.patience.judge::<ReadError>(error, reading.now, reading.deadline),
            Ok(Remedy::Replace)
        );
    }
}

#[test]
fn who_asks_is_said_again_a_few_times() {
    let mut reading = Reading::start();
    for _ in 0..3 {
        assert_eq!(reading.judge(400, "CONNECTION_NOT_INITED"), Ok(Remedy::Introduce));
    }
    assert!(reading.judge(400, "CONNECTION_LAYER_INVALID").is_err());
}

#[test]
fn another_source_has_its_own_errors_and_the_same_first_byte() {
    let mut reading = Reading::start();
    assert_eq!(reading.judge(420, "FLOOD_WAIT_3"), Ok(Remedy::Repeat));
    reading.patience.renew();
    assert_eq!(reading.patience.paused_until(reading.now), None);
    assert_eq!(reading.judge(420, "FLOOD_WAIT_1"), flood(1));
    reading.patience.begin();
    reading.patience.renew();
    assert_eq!(reading.judge(420, "FLOOD_WAIT_5"), Ok(Remedy::Repeat));
}

fn wait_of(seconds: u64) -> TelegramError {
    TelegramError::Flood { seconds }
}

#[test]
fn short_floods_are_slept_through_once_and_again_after_each_part() {
    let (mut patience, mut now) = (Patience::of_uploading(), Instant::now());
    let deadline = now + Duration::from_hours(1);
    for _ in 0..100 {
        // Two parts that were under way together.
        for _ in 0..2 {
            assert_eq!(patience.judge::<UploadError>(wait_of(3), now, deadline).unwrap(), Remedy::Repeat);
        }
        assert_eq!(patience.paused_until(now), Some(now + Duration::from_secs(3)));
        now += Duration::from_secs(3);
        assert_eq!(patience.paused_until(now), None);
        patience.note_part();
    }
    patience.judge::<UploadError>(wait_of(2), now, deadline).unwrap();
    now += Duration::from_secs(2);
    let told = patience.judge(wait_of(2), now, deadline).unwrap_err();
    assert!(matches!(told, UploadError::Telegram(TelegramError::Flood { seconds: 2 })));
}

#[test]
fn long_floods_and_those_beyond_the_time_are_told() {
    let now = Instant::now();
    for (seconds, left) in [(4, 3_600), (u64::MAX, 3_600), (3, 2)] {
        let deadline = now + Duration::from_secs(left);
        let told = Patience::of_uploading().judge(wait_of(seconds), now, deadline).unwrap_err();
        assert!(matches!(told, UploadError::Telegram(error) if error == wait_of(seconds)));
    }
}
