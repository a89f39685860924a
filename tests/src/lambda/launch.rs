//! How a function's process is started, and how it ends with the stack.
//!
//! Each process leads a process group of its own, so that Ctrl-C reaches the stack alone, which then ends its
//! functions in order. A stack that is killed cannot do that. What happens then:
//! - a frozen process: its group lost the parent that tied it to the session, and the kernel sends such a group
//!   SIGHUP and SIGCONT when a member is stopped (POSIX, `_exit`); it dies of the first;
//! - a running process finds its Runtime API gone when it answers, and `lambda_runtime` ends it;
//! - a process that never answers, or that outlives both, is why a function run by the stack's own executable calls
//!   [`die_with_parent`]. The kernel then means the *thread* that started it: hence [`Spawner`]. Binaries of a
//!   `--functions-dir` are what is deployed and do not call it; one that hangs outlives a killed stack.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc;

use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::Shared;
use crate::aws::REGION;
use crate::template::model::Function;

/// How a function is started.
#[derive(Clone, Debug)]
pub enum Launcher {
    /// `<executable> function <binary>`: the stack's own executable becomes the function.
    Reexecute(PathBuf),
    /// `<folder>/<binary>`: the function as it was built.
    Directory(PathBuf),
}

/// Has the kernel kill this process when the stack that started it is gone, however it went.
///
/// # Errors
/// When the kernel refuses, which Linux does not.
pub fn die_with_parent() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    Ok(())
}

impl Launcher {
    /// What to execute, the folder the function may look into, and the arguments.
    fn command(&self, binary: &str) -> io::Result<(PathBuf, Command)> {
        let (program, arguments) = match self {
            Self::Reexecute(program) => (program.clone(), vec!["function", binary]),
            Self::Directory(folder) => (folder.join(binary), Vec::new()),
        };
        let program = std::path::absolute(program)?;
        let task_root = program.parent().unwrap_or(Path::new("/")).to_owned();
        let mut command = Command::new(&program);
        command.args(arguments);
        Ok((task_root, command))
    }
}

/// Starts processes from a thread that lives as long as the service.
pub(super) struct Spawner(mpsc::Sender<Order>);

struct Order {
    command: Command,
    started: oneshot::Sender<io::Result<Child>>,
}

impl Spawner {
    pub(super) fn start() -> Self {
        let (orders, queue) = mpsc::channel::<Order>();
        let runtime = Handle::current();
        std::thread::Builder::new()
            .name("function-spawner".to_owned())
            .spawn(move || {
                let _runtime = runtime.enter();
                while let Ok(mut order) = queue.recv() {
                    // A child whose order nobody waits for any longer is killed on drop.
                    let _ = order.started.send(order.command.spawn());
                }
            })
            .expect("the system has room for one thread");
        Self(orders)
    }

    async fn spawn(&self, command: Command) -> io::Result<Child> {
        let (started, child) = oneshot::channel();
        let gone = || io::Error::other("the spawner is gone");
        self.0.send(Order { command, started }).map_err(|_| gone())?;
        child.await.map_err(|_| gone())?
    }
}

/// Starts the process of a function with the environment that Lambda gives it and nothing else.
pub(super) async fn launch(
    shared: &Shared,
    function: &Function,
    access_key_id: &str,
    runtime_api: &str,
    offset_ms: u64,
) -> io::Result<Child> {
    let (task_root, mut command) = shared.launcher.command(&function.binary)?;
    command
        .env_clear()
        .envs(environment(function, access_key_id, &task_root))
        .envs(&function.environment)
        .envs(&shared.extra_environment)
        .env("AWS_ACCESS_KEY_ID", access_key_id)
        .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
        .env("CLOCK_OFFSET_MS", offset_ms.to_string())
        .current_dir(&task_root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    shared.spawner.spawn(command).await
}

/// The variables that Lambda defines (developer guide, "Defined runtime environment variables").
fn environment(function: &Function, access_key_id: &str, task_root: &Path) -> BTreeMap<&'static str, String> {
    let name = &function.logical_id;
    BTreeMap::from([
        ("AWS_ACCESS_KEY_ID", access_key_id.to_owned()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory_mb.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
        ("AWS_LAMBDA_LOG_STREAM_NAME", format!("[$LATEST]{access_key_id}")),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("LAMBDA_TASK_ROOT", task_root.display().to_string()),
        ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin".to_owned()),
        ("TZ", ":UTC".to_owned()),
        ("_HANDLER", "bootstrap".to_owned()),
    ])
}
