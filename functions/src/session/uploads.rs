//! What people wrote about their uploads, as it is stored.

use lambdagram_domain::session::{OpenError, Sealed, SessionToken};
use lambdagram_domain::upload::{UploadDetails, UploadId};

use super::Accounts;
use crate::http::ApiError;

impl Accounts {
    /// Opens what was sealed about an upload of this session.
    ///
    /// # Errors
    ///
    /// [`ApiError::Secrets`]; inside, [`OpenError`].
    pub(crate) async fn open_upload(
        &self,
        token: &SessionToken,
        id: &UploadId,
        sealed: &Sealed,
    ) -> Result<Result<UploadDetails, OpenError>, ApiError> {
        let open = || self.master_keys().sealer(token).open_upload(id, sealed);
        Ok(match open() {
            Err(OpenError::UnknownKey) if self.secrets.refresh(self.clock.now()).await? => open(),
            outcome => outcome,
        })
    }
}
