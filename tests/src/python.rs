//! The Python environments of tests and benches: virtual ones in Cargo's target folder, made from outside.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

/// A virtual environment, whether or not it is there.
#[derive(Clone, Debug)]
pub struct Environment(PathBuf);

impl Environment {
    /// The environment of this name in the target folder.
    ///
    /// # Errors
    /// As [`target_folder`].
    pub fn named(name: &str) -> io::Result<Self> {
        Ok(Self(target_folder()?.join(name)))
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Its Python.
    pub fn python(&self) -> PathBuf {
        self.0.join("bin/python")
    }

    /// Whether it is there and has this module.
    pub async fn has(&self, module: &str) -> bool {
        let import = format!("import {module}");
        let mut command = Command::new(self.python());
        command.args(["-c", &import]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().await.is_ok_and(|status| status.success())
    }
}

/// Cargo's target folder: a test or a bench that runs is `<target>/<profile>/deps/<name>`.
///
/// # Errors
/// The program's own path is not known, or it lies in no target folder.
pub fn target_folder() -> io::Result<PathBuf> {
    let this = std::env::current_exe()?;
    let folder = this.ancestors().nth(3);
    Ok(folder.ok_or_else(|| io::Error::other("the program lies in no target folder"))?.to_owned())
}
