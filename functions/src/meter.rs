//! Publishes what an invocation has counted: one line of the log in CloudWatch's embedded metric format, which CloudWatch
//! reads as metrics. No call leaves the function for it.
//!
//! A process that is killed loses what it counted in its last invocation; Lambda's own metrics say that it was killed.

use std::io::{self, Write};

use lambdagram_domain::measure;
use metrics_cloudwatch_embedded::{Builder, Collector};

/// The recorder of this process, if there is one.
#[derive(Clone, Copy)]
pub(crate) struct Meter(Option<&'static Collector>);

impl Meter {
    /// Records from now on, under the name of this stack; nothing, where it has none.
    pub(crate) fn start(stack: Option<&str>) -> Self {
        let Some(stack) = stack else { return Self(None) };
        let builder = Builder::new()
            .cloudwatch_namespace(measure::NAMESPACE)
            .with_dimension(measure::STACK, stack.to_owned());
        // A process has one recorder, and starts once.
        let collector = builder.init().ok();
        measure::describe();
        Self(collector)
    }

    /// Writes what was counted since the last time, if anything was.
    pub(crate) fn publish(self) {
        let Some(collector) = self.0 else { return };
        // In one piece, so that no other line gets into it.
        let mut line = Vec::new();
        let written = collector.flush(&mut line).and_then(|()| io::stdout().lock().write_all(&line));
        if written.is_err() {
            tracing::warn!("What was counted cannot be published");
        }
    }
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Meter(..)")
    }
}
