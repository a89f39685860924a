//! Who may do what, as far as it is known now: the second document may change while a function is warm.

use std::sync::{Arc, Mutex, PoisonError};

use lambdagram_aws::{Assignments, SecretStore};
use lambdagram_domain::access::{Permissions, PermissionsError};
use lambdagram_domain::time::UnixTime;

/// The permissions that are built in, with the second document merged over them.
pub(crate) struct Access {
    built_in: Permissions,
    assignments: Option<SecretStore<Assignments>>,
    merged: Mutex<Arc<Permissions>>,
}

impl Access {
    /// # Errors
    ///
    /// [`PermissionsError`] when the second document does not fit.
    pub(crate) fn new(
        built_in: Permissions,
        assignments: Option<SecretStore<Assignments>>,
    ) -> Result<Self, PermissionsError> {
        let merged = merge(&built_in, assignments.as_ref())?;
        Ok(Self { built_in, assignments, merged: Mutex::new(Arc::new(merged)) })
    }

    /// The permissions, looked for again at most once a minute. What cannot be read, or does not fit, leaves them as
    /// they are.
    pub(crate) async fn current(&self, now: UnixTime) -> Arc<Permissions> {
        let refreshed = match &self.assignments {
            None => Ok(false),
            Some(assignments) => assignments.refresh(now).await,
        };
        match refreshed {
            Ok(false) => {}
            Ok(true) => match merge(&self.built_in, self.assignments.as_ref()) {
                Ok(merged) => *self.merged.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(merged),
                Err(cause) => tracing::error!(cause = %cause, "The assignments stay as they were"),
            },
            Err(cause) => tracing::error!(cause = %cause, "The assignments cannot be read again"),
        }
        Arc::clone(&self.merged.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn merge(
    built_in: &Permissions,
    assignments: Option<&SecretStore<Assignments>>,
) -> Result<Permissions, PermissionsError> {
    match assignments {
        None => Ok(built_in.clone()),
        Some(assignments) => built_in.clone().with_assignments(&assignments.versions().current.0),
    }
}
