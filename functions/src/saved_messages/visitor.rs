//! Who asks for one message's file: somebody who is signed in, or whoever has a ticket of theirs.

use lambdagram_domain::media::MessageId;

use crate::http::{ApiError, By, Incoming};
use crate::session::{Accounts, Caller};

/// The parameter of the query that holds a ticket.
pub(super) const TICKET: &str = "ticket";

impl Accounts {
    /// Who asks, and for which message. A ticket counts before a session: players of media send cookies along, whether
    /// or not they are the right ones.
    ///
    /// # Errors
    ///
    /// [`ApiError::NotAuthenticated`] for strangers, whatever they ask for; `not_found` for those who are signed in and
    /// ask for what is no id.
    pub(super) async fn visitor(
        &self,
        request: &Incoming,
        not_found: ApiError,
    ) -> Result<(Caller, MessageId), ApiError> {
        let message = request.path_parameter("message_id").and_then(|id| MessageId::parse(&id));
        if let [ticket, ..] = request.query(TICKET)[..] {
            let message = message.ok_or(ApiError::NotAuthenticated)?;
            let token = self.open_ticket(ticket, message).await?;
            return Ok((Caller { token, by: By::Bearer }, message));
        }
        let caller = self.caller(request).ok_or(ApiError::NotAuthenticated)?;
        let Some(message) = message else {
            self.look_up_signed_in(&caller).await?;
            return Err(not_found);
        };
        Ok((caller, message))
    }
}
