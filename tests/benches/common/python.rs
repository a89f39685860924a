//! The servers in Python that the functions are measured against, in a virtual environment of their own.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use lambdagram_tests::python::Environment;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::ground::Failure;

/// A running script of `baseline/`, which prints `ready <its address>`.
pub(crate) struct PythonServer {
    pub(crate) url: String,
    process: Child,
}

impl PythonServer {
    /// Returns when the script is ready.
    pub(crate) async fn start(
        python: &Path,
        script: &str,
        variables: &[(&str, &str)],
    ) -> Result<Self, Failure> {
        let mut process = Command::new(python)
            .arg(baseline().join(script))
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = process.stdout.take().ok_or("the output is piped")?;
        let line = BufReader::new(output).lines().next_line().await?.unwrap_or_default();
        let url = line.strip_prefix("ready ").ok_or_else(|| format!("{script} did not start"))?.to_owned();
        Ok(Self { url, process })
    }

    /// The process, while it runs.
    pub(crate) fn process(&self) -> Option<u32> {
        self.process.id()
    }

    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        Ok(self.process.kill().await?)
    }
}

fn baseline() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/baseline")
}

/// Makes the virtual environment that the servers run in, and returns its Python.
pub(crate) async fn virtual_environment() -> Result<PathBuf, Failure> {
    let environment = Environment::named("bench-venv")?;
    let python = environment.python();
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(environment.folder())).await?;
    }
    let requirements = baseline().join("requirements.txt");
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(requirements))
        .await?;
    Ok(python)
}

async fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command.env("PIP_DISABLE_PIP_VERSION_CHECK", "1").status().await?;
    if status.success() { Ok(()) } else { Err(format!("{:?}: {status}", command.as_std()).into()) }
}
