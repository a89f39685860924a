//! Tickets: URLs that open one message's file without a session's token in them.

use lambdagram_domain::media::MessageId;
use lambdagram_domain::session::{SessionToken, TicketError};
use lambdagram_domain::time::UnixTime;

use super::{Accounts, Caller};
use crate::http::ApiError;

impl Accounts {
    /// A ticket of this caller's for one message.
    pub(crate) fn issue_ticket(&self, caller: &Caller, message: MessageId, expires_at: UnixTime) -> String {
        self.master_keys().issue_ticket(&caller.token, message, expires_at)
    }

    /// The token of the session that a ticket for this message was issued to. The session may have ended since.
    ///
    /// # Errors
    ///
    /// [`ApiError::NotAuthenticated`] where it is no ticket for that message, or has expired.
    pub(crate) async fn open_ticket(
        &self,
        ticket: &str,
        message: MessageId,
    ) -> Result<SessionToken, ApiError> {
        let now = self.clock.now();
        let open = || self.master_keys().open_ticket(ticket, message, now);
        let opened = match open() {
            Err(TicketError::UnknownKey) if self.secrets.refresh(now).await? => open(),
            outcome => outcome,
        };
        opened.map_err(|_| ApiError::NotAuthenticated)
    }
}
