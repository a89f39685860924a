//! What is measured: the binaries, and stacks that run them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use lambdagram_functions::FUNCTIONS;
use lambdagram_tests::lambda::{Launcher, LogSink, ProcessState};
use lambdagram_tests::python;
use lambdagram_tests::stack::{Options, Stack, Telegram};
use tempfile::TempDir;

/// Why a bench ends early.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How a bench ends; why it failed is printed in place of a table.
pub(crate) fn ended(outcome: Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            println!("{reason}");
            ExitCode::FAILURE
        }
    }
}

/// How often it is looked whether something has happened.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(1);

/// How long work may take before the bench gives up.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// Template parameters of a bench, which does more than a person does.
const PARAMETERS: [(&str, &str); 3] =
    [("PhotosPerMinute", "10000"), ("CodesPerDay", "1000000"), ("CommandsPerMinute", "1000000")];

/// Where the binaries are.
pub(crate) struct Binaries {
    folder: PathBuf,
    functions: &'static [&'static str],
}

impl Binaries {
    /// Finds those of `functions` in `folder`, by default in that of the profile `deploy` in the target folder of this
    /// bench.
    pub(crate) fn find(folder: Option<PathBuf>, functions: &'static [&'static str]) -> Result<Self, Failure> {
        let folder = match folder {
            Some(folder) => folder,
            None => python::target_folder()?.join("deploy"),
        };
        let binaries = Self { folder: std::path::absolute(folder)?, functions };
        let mut files: Vec<_> = functions.iter().map(|function| binaries.function(function)).collect();
        files.push(binaries.bare());
        match files.iter().find(|file| !file.is_file()) {
            Some(missing) => {
                let (missing, bins) = (missing.display(), functions.join(" --bin "));
                let build = "cargo build --profile deploy -p lambdagram-functions --example bare --bin";
                Err(format!("{missing} is missing. Build what is measured with\n  {build} {bins}").into())
            }
            None => Ok(binaries),
        }
    }

    /// The functions that are measured.
    pub(crate) fn functions(&self) -> &[&str] {
        self.functions
    }

    /// The binary of a function.
    pub(crate) fn function(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The function that does nothing.
    pub(crate) fn bare(&self) -> PathBuf {
        self.folder.join("examples/bare")
    }
}

/// The folder with `template.yaml` and `events`.
pub(crate) fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A running stack with a data folder of its own.
pub(crate) struct BenchStack {
    pub(crate) stack: Stack,
    _folders: [TempDir; 2],
}

impl BenchStack {
    /// The stack with the functions as they would be deployed, which log into `logs`. Those that are not measured do
    /// nothing.
    pub(crate) async fn ours(binaries: &Binaries, logs: &LogSink) -> Result<Self, Failure> {
        let is_measured = |function| binaries.functions.contains(&function);
        let binary_of = |function: &'static str| {
            if is_measured(function) { binaries.function(function) } else { binaries.bare() }
        };
        Self::start(binary_of, BTreeMap::new(), logs.clone()).await
    }

    /// A stack in which every function is the one that does nothing; only `GetPost` reads an item of a table of `ours`.
    pub(crate) async fn bare(binaries: &Binaries, ours: &Self) -> Result<Self, Failure> {
        let reads = BTreeMap::from([("TABLE".to_owned(), ours.jobs_table()?.to_owned())]);
        let overrides = BTreeMap::from([("GetPost".to_owned(), reads)]);
        Self::start(|_| binaries.bare(), overrides, LogSink::default()).await
    }

    async fn start(
        binary_of: impl Fn(&'static str) -> PathBuf,
        overrides: BTreeMap<String, BTreeMap<String, String>>,
        logs: LogSink,
    ) -> Result<Self, Failure> {
        let functions = tempfile::tempdir()?;
        for (function, _) in FUNCTIONS {
            std::os::unix::fs::symlink(binary_of(function), functions.path().join(function))?;
        }
        let data = tempfile::tempdir()?;
        let parameters = PARAMETERS.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let stack = Stack::start(Options {
            project: project(),
            port: 0,
            data_dir: data.path().to_owned(),
            launcher: Launcher::Directory(functions.path().to_owned()),
            telegram: Telegram::Simulated,
            assignments: None,
            parameters: BTreeMap::from(parameters),
            overrides,
            logs,
            observer: None,
        })
        .await?;
        Ok(Self { stack, _folders: [functions, data] })
    }

    /// The table of receipts.
    pub(crate) fn jobs_table(&self) -> Result<&str, Failure> {
        let table = self.stack.model().tables.iter().find(|table| table.name.contains("jobs"));
        Ok(&table.ok_or("the template has no table of jobs")?.name)
    }

    pub(crate) async fn stop(self) {
        self.stack.stop().await;
    }
}

/// Ends every process of a function. Its next invocation starts one.
pub(crate) async fn end_processes(stack: &Stack, function: &str) {
    let lambda = stack.lambda();
    for process in lambda.processes().iter().filter(|process| process.function == function) {
        lambda.kill(&process.access_key_id);
    }
    lambda.wait_until(|processes| processes.iter().all(|process| process.function != function)).await;
}

/// Returns once every job of the stack is done and no function is at work.
pub(crate) async fn at_rest(stack: &Stack) -> Result<(), Failure> {
    at_rest_within(PATIENCE, stack).await
}

/// [`at_rest`], for work that takes longer than others.
pub(crate) async fn at_rest_within(patience: Duration, stack: &Stack) -> Result<(), Failure> {
    let queues: Vec<_> =
        stack.model().functions.iter().flat_map(|function| &function.queue_sources).collect();
    let is_empty = |queue: &str| {
        let depth = stack.sqs().depth(queue);
        depth.visible + depth.in_flight + depth.delayed == 0
    };
    let rest = async {
        while !queues.iter().all(|source| is_empty(&source.queue)) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        stack
            .lambda()
            .wait_until(|processes| processes.iter().all(|one| one.state == ProcessState::Idle))
            .await;
    };
    Ok(tokio::time::timeout(patience, rest).await.map_err(|_| "a job does not end")?)
}

/// Bytes of a process, by a line of `/proc/<id>/status`.
pub(crate) fn bytes_of(process: u32, line: &str) -> Result<u64, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let value = status.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(':'));
    let kilobytes: u64 = value.unwrap_or_default().trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1_024)
}
