//! How large the binaries are: Lambda fetches one on every cold start.

use super::figures::{megabytes, print};
use super::ground::{Binaries, Failure};

/// Prints the size of each function, and whether it has at most `target` bytes.
pub(crate) fn measure(binaries: &Binaries, target: u64) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for function in binaries.functions() {
        let bytes = std::fs::metadata(binaries.function(function))?.len();
        let verdict = if bytes <= target { "yes" } else { "no" };
        rows.push([(*function).to_owned(), megabytes(bytes), verdict.to_owned()]);
    }
    let bytes = std::fs::metadata(binaries.bare())?.len();
    rows.push(["bare (for comparison)".to_owned(), megabytes(bytes), String::new()]);
    let head = format!("at most {}", megabytes(target));
    print("Sizes of the stripped binaries", ["function", "size", &head], &rows);
    Ok(())
}
