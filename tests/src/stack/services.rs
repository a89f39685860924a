//! What a stack knows of services: who may ask what and where it goes, and what requests are signed with.

use std::path::Path;

use lambdagram_domain::access::Permissions;
use lambdagram_domain::secret::Secret;
use lambdagram_functions::PERMISSIONS;
use serde_json::json;

use super::{Options, StartError, data_folder, state};

/// The second document of permissions, where the data folder has one.
const ASSIGNMENTS_FILE: &str = "assignments.yaml";

/// The services of a stack.
pub(super) struct Services {
    assignments: Option<String>,
    /// Their names.
    pub(super) names: Vec<String>,
    pub(super) signing_secret: Secret,
}

impl Services {
    pub(super) fn open(options: &Options) -> Result<Self, StartError> {
        let of_the_folder = options.data_dir.join(ASSIGNMENTS_FILE);
        let of_the_folder = of_the_folder.exists().then_some(of_the_folder);
        let file = options.assignments.clone().or(of_the_folder);
        let assignments = file.as_deref().map(read).transpose()?;
        let permissions = Permissions::parse(PERMISSIONS)?;
        let permissions = permissions.with_assignments(assignments.as_deref().unwrap_or_default())?;
        let names = permissions.services().map(|service| service.name.clone()).collect();
        let kept = state::dispatch_secrets(&options.data_dir);
        let kept = kept.map_err(|error| data_folder(&options.data_dir, &error))?;
        Ok(Self { assignments, names, signing_secret: Secret::new(kept.signing_secret) })
    }

    pub(super) fn assignments(&self) -> Option<String> {
        self.assignments.clone()
    }

    /// The JSON object that the secret would hold.
    pub(super) fn secrets_json(&self) -> String {
        json!({"signing_secret": self.signing_secret.expose()}).to_string()
    }
}

fn read(file: &Path) -> Result<String, StartError> {
    std::fs::read_to_string(file).map_err(|reason| StartError::Assignments { path: file.to_owned(), reason })
}
