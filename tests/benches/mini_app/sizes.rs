//! How large the binaries are: Lambda fetches one on every cold start.

use lambdagram_functions::FUNCTIONS;

use crate::figures::{megabytes, print};
use crate::ground::{Binaries, Failure};

/// Bytes a bot-side function may have.
const TARGET: u64 = 8_000_000;

pub(crate) fn measure(binaries: &Binaries) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for (function, _) in FUNCTIONS {
        let bytes = std::fs::metadata(binaries.function(function))?.len();
        let verdict = if bytes <= TARGET { "yes" } else { "no" };
        rows.push([function.to_owned(), megabytes(bytes), verdict.to_owned()]);
    }
    let bytes = std::fs::metadata(binaries.bare())?.len();
    rows.push(["bare (for comparison)".to_owned(), megabytes(bytes), String::new()]);
    print("Sizes of the stripped binaries", ["function", "size", "at most 8 MB"], &rows);
    Ok(())
}
