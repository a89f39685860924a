//! `GET /post/{id}`: what has become of a picture, for the person who posted it.

use std::process::ExitCode;

use http::StatusCode;
use lambdagram_aws::Receipts;
use lambdagram_domain::ids::JobId;
use lambdagram_domain::receipt::Owner;
use serde_json::{Map, Value};

use crate::http::{Answer, ApiError, Endpoint, Incoming};
use crate::person::PersonCheck;
use crate::runtime::serve_http;

/// Runs the function.
pub fn main() -> ExitCode {
    serve_http(async |start| {
        let (environment, connection) = (&start.environment, &start.connect().await);
        let secrets = environment.secrets(connection, start.clock.now()).await?;
        Ok(GetPost {
            persons: PersonCheck::new(environment.init_data()?, secrets),
            receipts: Receipts::new(connection, environment.text("JOBS_TABLE")?),
        })
    })
}

struct GetPost {
    persons: PersonCheck,
    receipts: Receipts,
}

impl Endpoint for GetPost {
    async fn handle(&self, request: Incoming) -> Result<Answer, ApiError> {
        let person = self.persons.identify(&request, None).await?;
        let id = request.path_parameter("id").and_then(|id| JobId::parse(&id)).ok_or(ApiError::NotFound)?;
        let receipt = self.receipts.get(&id, request.now()).await?;
        // Somebody else's picture is as unknown as one that never was.
        let receipt = receipt
            .filter(|receipt| receipt.owner == Some(Owner::Person(person)))
            .ok_or(ApiError::NotFound)?;
        let mut body = Map::from_iter([
            ("id".to_owned(), Value::from(receipt.id.as_str())),
            ("state".to_owned(), Value::from(receipt.state.public_name())),
        ]);
        body.extend(receipt.message_id.map(|id| ("message_id".to_owned(), Value::from(id))));
        body.extend(receipt.reason.map(|reason| ("reason".to_owned(), Value::from(reason))));
        Ok(Answer::json(StatusCode::OK, Value::Object(body)))
    }
}
