//! What the functions print, kept for tests and passed on for people.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::sync::watch;

/// How many lines are kept.
const LINES: usize = 100_000;

/// Longest line, in bytes: CloudWatch Logs cuts an event at 256 KB as well. The rest becomes lines of its own.
const LINE_LENGTH: usize = 262_144;

/// What a line begins with that publishes metrics. People at a console do not want to read those.
const METRICS: &str = r#"{"_aws":"#;

/// Where a line comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// The function's standard output.
    Stdout,
    /// The function's standard error.
    Stderr,
    /// The Lambda service: a time-out, a crash.
    Platform,
}

/// One line of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// The function's logical id.
    pub function: String,
    /// Where the line comes from.
    pub stream: Stream,
    /// The line, without its end. Bytes that are no UTF-8 are replaced.
    pub line: String,
}

/// Takes the lines of all functions. A clone is another handle to the same lines.
#[derive(Clone)]
pub struct LogSink(Arc<Inner>);

struct Inner {
    kept: Mutex<Kept>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct Kept {
    lines: VecDeque<LogLine>,
    console: Option<Box<dyn Write + Send>>,
    folder: Option<PathBuf>,
    files: std::collections::BTreeMap<String, File>,
}

impl Default for LogSink {
    fn default() -> Self {
        Self::with(Kept::default())
    }
}

impl LogSink {
    /// A sink that also prints every line to `console`, behind the function's name.
    #[must_use]
    pub fn printing_to(self, console: impl Write + Send + 'static) -> Self {
        self.kept().console = Some(Box::new(console));
        self
    }

    /// A sink that also appends each function's lines to `<folder>/<LogicalId>.log`. The folder must exist.
    #[must_use]
    pub fn appending_to(self, folder: impl Into<PathBuf>) -> Self {
        self.kept().folder = Some(folder.into());
        self
    }

    /// The lines kept, oldest first: the last 100,000.
    pub fn logs(&self) -> Vec<LogLine> {
        self.kept().lines.iter().cloned().collect()
    }

    /// Returns the first line, of those kept and those to come, for which `wanted` holds.
    pub async fn wait_for(&self, wanted: impl Fn(&LogLine) -> bool) -> LogLine {
        let mut changed = self.0.changed.subscribe();
        loop {
            if let Some(line) = self.kept().lines.iter().find(|line| wanted(line)) {
                return line.clone();
            }
            // The sender lives in `self`, so waiting cannot fail.
            let _ = changed.changed().await;
        }
    }

    /// Takes one line.
    pub fn push(&self, function: &str, stream: Stream, line: String) {
        self.kept().take(LogLine { function: function.to_owned(), stream, line });
        self.0.changed.send_replace(());
    }

    /// Takes every line of `source` until it ends.
    pub(super) async fn follow(self, function: String, stream: Stream, source: impl AsyncRead + Unpin) {
        let mut source = BufReader::new(source);
        let mut line = Vec::new();
        while let Ok(buffer) = source.fill_buf().await {
            if buffer.is_empty() {
                break;
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let taken = end.unwrap_or(buffer.len()).min(LINE_LENGTH - line.len());
            line.extend_from_slice(&buffer[..taken]);
            let is_ended = end == Some(taken);
            source.consume(taken + usize::from(is_ended));
            if is_ended || line.len() == LINE_LENGTH {
                self.push(&function, stream, String::from_utf8_lossy(&line).into_owned());
                line.clear();
            }
        }
        if !line.is_empty() {
            self.push(&function, stream, String::from_utf8_lossy(&line).into_owned());
        }
    }

    fn with(kept: Kept) -> Self {
        Self(Arc::new(Inner { kept: Mutex::new(kept), changed: watch::Sender::new(()) }))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn take(&mut self, line: LogLine) {
        if let Some(console) = &mut self.console
            && !line.line.starts_with(METRICS)
        {
            // A console that is gone must not stop the functions.
            let _ = writeln!(console, "{} | {}", line.function, line.line);
        }
        if let Some(file) = self.file(&line.function) {
            let _ = writeln!(file, "{}", line.line);
        }
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    fn file(&mut self, function: &str) -> Option<&mut File> {
        let folder = self.folder.as_ref()?;
        if !self.files.contains_key(function) {
            let path = folder.join(format!("{function}.log"));
            let file = OpenOptions::new().create(true).append(true).open(&path);
            let file = file.inspect_err(
                |cause| tracing::warn!(path = %path.display(), %cause, "A log file cannot be opened"),
            );
            self.files.insert(function.to_owned(), file.ok()?);
        }
        self.files.get_mut(function)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_kept_in_order_and_long_ones_are_cut() {
        let sink = LogSink::default();
        let text = format!("one\n\n{}\nno end \u{fffd}", "x".repeat(LINE_LENGTH + 2));
        sink.clone().follow("F".to_owned(), Stream::Stdout, text.as_bytes()).await;
        let lines: Vec<_> = sink.logs().into_iter().map(|line| line.line).collect();
        assert_eq!(lines, ["one", "", &"x".repeat(LINE_LENGTH), "xx", "no end \u{fffd}"]);
    }

    #[test]
    fn lines_go_to_the_file_of_their_function() {
        let folder = tempfile::tempdir().unwrap();
        let sink = LogSink::default().appending_to(folder.path());
        sink.push("PostPhoto", Stream::Stderr, "taken".to_owned());
        sink.push("GetPost", Stream::Stdout, "asked".to_owned());
        sink.push("PostPhoto", Stream::Stdout, "sent".to_owned());
        assert_eq!(std::fs::read_to_string(folder.path().join("PostPhoto.log")).unwrap(), "taken\nsent\n");
        assert_eq!(std::fs::read_to_string(folder.path().join("GetPost.log")).unwrap(), "asked\n");
    }
}
