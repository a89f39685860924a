//! `GET /commands/{id}`: what has become of a command, for the key that enqueued it.

use std::process::ExitCode;

use http::StatusCode;
use lambdagram_aws::{Receipts, StagingBucket};
use lambdagram_domain::ids::JobId;
use lambdagram_domain::receipt::Owner;

use super::key_holder::KeyHolders;
use super::outcome::report;
use crate::http::{Answer, ApiError, Endpoint, Incoming};
use crate::runtime::serve_http;

/// Runs the function.
pub fn main() -> ExitCode {
    serve_http(async |start| {
        let (environment, connection) = (&start.environment, &start.connect().await);
        Ok(GetCommand {
            holders: KeyHolders::new(environment, connection)?,
            receipts: Receipts::new(connection, environment.text("JOBS_TABLE")?),
            staging: StagingBucket::new(connection, environment.text("STAGING_BUCKET")?),
        })
    })
}

struct GetCommand {
    holders: KeyHolders,
    receipts: Receipts,
    staging: StagingBucket,
}

impl Endpoint for GetCommand {
    async fn handle(&self, request: Incoming) -> Result<Answer, ApiError> {
        let holder = self.holders.identify(&request).await?;
        let id = request.path_parameter("id").and_then(|id| JobId::parse(&id)).ok_or(ApiError::NotFound)?;
        let receipt = self.receipts.get(&id, request.now()).await?;
        // Another key's command is as unknown as one that never was.
        let receipt = receipt.filter(|receipt| receipt.owner == Some(Owner::Key(holder.id)));
        let report = report(&receipt.ok_or(ApiError::NotFound)?, &self.staging).await?;
        Ok(Answer::json(StatusCode::OK, report))
    }
}
