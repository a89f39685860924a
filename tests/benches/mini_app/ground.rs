//! What is measured: the binaries, and stacks that run them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lambdagram_functions::FUNCTIONS;
use lambdagram_tests::lambda::{Launcher, LogSink, ProcessState};
use lambdagram_tests::python;
use lambdagram_tests::stack::{Options, Stack, Telegram};
use lambdagram_tests::telegram::bot_api::BotApi;
use tempfile::TempDir;

/// Why a bench ends early.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How a bench is told to build what it measures.
const BUILD: &str = "cargo build --profile deploy -p lambdagram-functions --bins --example bare";

/// How often it is looked whether a message has arrived: what the times of deliveries are exact to.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// How long a delivery may take before the bench gives up.
const DELIVERY: Duration = Duration::from_mins(2);

/// Where the binaries are.
pub(crate) struct Binaries(PathBuf);

impl Binaries {
    /// Finds them in `folder`, by default in that of the profile `deploy` in the target folder of this bench.
    pub(crate) fn find(folder: Option<PathBuf>) -> Result<Self, Failure> {
        let folder = match folder {
            Some(folder) => folder,
            None => python::target_folder()?.join("deploy"),
        };
        let binaries = Self(std::path::absolute(folder)?);
        let mut files = FUNCTIONS.map(|(function, _)| binaries.function(function)).to_vec();
        files.push(binaries.bare());
        match files.iter().find(|file| !file.is_file()) {
            Some(missing) => {
                Err(format!("{} is missing. Build what is measured with\n  {BUILD}", missing.display())
                    .into())
            }
            None => Ok(binaries),
        }
    }

    /// The binary of a function.
    pub(crate) fn function(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The function that does nothing.
    pub(crate) fn bare(&self) -> PathBuf {
        self.0.join("examples/bare")
    }
}

/// The folder with `template.yaml` and `events`.
pub(crate) fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A running stack with a data folder of its own.
pub(crate) struct BenchStack {
    pub(crate) stack: Stack,
    pub(crate) logs: LogSink,
    _folders: [TempDir; 2],
}

impl BenchStack {
    /// The stack with the functions as they would be deployed.
    pub(crate) async fn ours(binaries: &Binaries) -> Result<Self, Failure> {
        Self::start(|function| binaries.function(function), BTreeMap::new()).await
    }

    /// A stack in which every function is the one that does nothing; only `GetPost` reads an item of the jobs' table.
    pub(crate) async fn bare(binaries: &Binaries, jobs_table: &str) -> Result<Self, Failure> {
        let reads = BTreeMap::from([("TABLE".to_owned(), jobs_table.to_owned())]);
        Self::start(|_| binaries.bare(), BTreeMap::from([("GetPost".to_owned(), reads)])).await
    }

    async fn start(
        binary_of: impl Fn(&str) -> PathBuf,
        overrides: BTreeMap<String, BTreeMap<String, String>>,
    ) -> Result<Self, Failure> {
        let functions = tempfile::tempdir()?;
        for (function, _) in FUNCTIONS {
            std::os::unix::fs::symlink(binary_of(function), functions.path().join(function))?;
        }
        let data = tempfile::tempdir()?;
        let logs = LogSink::default();
        let stack = Stack::start(Options {
            project: project(),
            port: 0,
            data_dir: data.path().to_owned(),
            launcher: Launcher::Directory(functions.path().to_owned()),
            telegram: Telegram::Simulated,
            // A bench posts more than a person does.
            parameters: BTreeMap::from([("PhotosPerMinute".to_owned(), "10000".to_owned())]),
            overrides,
            logs: logs.clone(),
        })
        .await?;
        Ok(Self { stack, logs, _folders: [functions, data] })
    }

    /// The table of receipts.
    pub(crate) fn jobs_table(&self) -> Result<&str, Failure> {
        let table = self.stack.model().tables.iter().find(|table| table.name.contains("jobs"));
        Ok(&table.ok_or("the template has no table of jobs")?.name)
    }

    pub(crate) fn telegram(&self) -> Result<&BotApi, Failure> {
        Ok(self.stack.simulated().ok_or("a bench's stack has the simulated Telegram")?)
    }

    pub(crate) async fn stop(self) {
        self.stack.stop().await;
    }
}

/// Returns once every job of the stack is done and no function is at work.
pub(crate) async fn at_rest(stack: &Stack) -> Result<(), Failure> {
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
    Ok(tokio::time::timeout(DELIVERY, rest).await.map_err(|_| "a job does not end")?)
}

/// Returns once the bot has done `count` things in a chat.
pub(crate) async fn arrived(telegram: &BotApi, chat_id: i64, count: usize) -> Result<(), Failure> {
    let look = async {
        while telegram.messages(chat_id).len() < count {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let looked = tokio::time::timeout(DELIVERY, look).await;
    looked.map_err(|_| {
        format!("chat {chat_id} has {} of {count} messages", telegram.messages(chat_id).len()).into()
    })
}
