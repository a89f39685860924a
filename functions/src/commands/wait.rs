//! `Prefer: wait=N` (RFC 7240): a client that would rather wait for the end of its command than ask for it.

use std::time::Duration;

/// The longest wait: API Gateway gives a function 29 s.
const LONGEST: u64 = 25;

/// Seconds that `Prefer` asks to wait, 1 to [`LONGEST`]; a longer wait than that is cut. `None` where it asks for none,
/// or says something that is no number: a preference that is not understood is ignored.
pub(super) fn preferred(header: Option<&str>) -> Option<u64> {
    let mut waits = header?.split(',').filter_map(|preference| {
        let (name, value) = preference.split(';').next()?.split_once('=')?;
        name.trim().eq_ignore_ascii_case("wait").then(|| value.trim().trim_matches('"'))
    });
    // The first of several counts (RFC 7240, section 2).
    let seconds: u64 = waits.next()?.parse().ok()?;
    (seconds > 0).then_some(seconds.min(LONGEST))
}

/// Pauses between two looks at a command: short at first, since most are done at once.
pub(super) struct Pauses(Duration);

impl Pauses {
    const FIRST: Duration = Duration::from_millis(50);
    const LONGEST: Duration = Duration::from_millis(500);

    pub(super) fn new() -> Self {
        Self(Self::FIRST)
    }
}

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let pause = self.0;
        self.0 = (pause * 3 / 2).min(Self::LONGEST);
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_found_among_other_preferences() {
        for (header, seconds) in [
            ("wait=5", Some(5)),
            ("respond-async, Wait=10", Some(10)),
            ("wait=\"3\"; x=y", Some(3)),
            ("wait=4, wait=5", Some(4)),
            ("wait=600", Some(25)),
            ("wait=0", None),
            ("wait=-1", None),
            ("wait=soon", None),
            ("wait", None),
            ("await=5", None),
            ("", None),
        ] {
            assert_eq!(preferred(Some(header)), seconds, "{header}");
        }
        assert_eq!(preferred(None), None);
    }

    #[test]
    fn pauses_grow_from_a_twentieth_of_a_second_to_half_of_one() {
        let pauses: Vec<u128> = Pauses::new().take(8).map(|pause| pause.as_millis()).collect();
        assert_eq!(pauses, [50, 75, 112, 168, 253, 379, 500, 500]);
    }
}
