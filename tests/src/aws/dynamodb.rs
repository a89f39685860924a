//! `DynamoDB`: the `dynoxide` emulator on a file of the data folder.
//!
//! The emulator serves a listener of its own and offers no router, so a second port of the loopback interface carries
//! what the front lets through. Expired items stay readable: DynamoDB itself removes them within days, not at once, and
//! whoever reads them has to look at the time.

use std::fmt;
use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::uri::{Authority, Scheme};
use axum::http::{Response, StatusCode, Uri};
use dynoxide::{Database, actions};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{AwsError, Service, bound, refusal};
use crate::template::model::Table;

/// The file of the data folder that holds every table.
const FILE: &str = "dynamodb.sqlite";

#[derive(Clone)]
struct Emulator {
    client: Client<HttpConnector, Body>,
    authority: Authority,
}

/// The tables of a stack.
#[derive(Clone)]
pub(super) struct Tables {
    database: Database,
    tables: Vec<Table>,
}

impl fmt::Debug for Tables {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tables").field("tables", &self.tables).finish_non_exhaustive()
    }
}

impl Tables {
    /// Makes every table anew, without an item.
    pub(super) fn clear(&self) -> Result<(), AwsError> {
        for table in &self.tables {
            let failed = |reason| AwsError::Resource { name: table.name.clone(), reason };
            let deleted = request(&json!({ "TableName": table.name }))
                .and_then(|request| self.database.delete_table(request).map_err(|error| error.to_string()));
            deleted.and_then(|_| ensure(&self.database, table)).map_err(failed)?;
        }
        Ok(())
    }
}

/// Opens the tables and returns them with what answers for them.
pub(super) async fn start(
    data_dir: &Path,
    tables: &[Table],
    shutdown: CancellationToken,
    tasks: &TaskTracker,
) -> Result<(Tables, Router), AwsError> {
    let file = data_dir.join(FILE);
    let io = |error| AwsError::Io { what: file.display().to_string(), error };
    std::fs::create_dir_all(data_dir).map_err(io)?;
    let database =
        Database::new(&file.to_string_lossy()).map_err(|error| io(std::io::Error::other(error)))?;
    for table in tables {
        ensure(&database, table).map_err(|reason| AwsError::Resource { name: table.name.clone(), reason })?;
    }
    let (listener, endpoint) = bound().await?;
    let served = database.clone();
    tasks.spawn(async move {
        let served =
            dynoxide::server::serve_with_shutdown(listener, served, shutdown.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::error!(%error, "the local DynamoDB stopped");
        }
    });
    let authority = endpoint.trim_start_matches("http://").parse().expect("a bound address is an authority");
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let router = Router::new().fallback(forward).with_state(Emulator { client, authority });
    Ok((Tables { database, tables: tables.to_owned() }, router))
}

/// Makes the table, or checks that the one that exists has the key the template says.
fn ensure(database: &Database, table: &Table) -> Result<(), String> {
    if let Ok(existing) = database.describe_table(request(&json!({ "TableName": table.name }))?) {
        let existing = serde_json::to_value(existing.table).map_err(|error| error.to_string())?;
        return if existing["KeySchema"] == table.create["KeySchema"] {
            Ok(())
        } else {
            Err("the data folder holds it with another key; use another folder or delete it".to_owned())
        };
    }
    database.create_table(request(&table.create)?).map_err(|error| error.to_string())?;
    if let Some(attribute) = &table.ttl_attribute {
        let ttl = json!({
            "TableName": table.name,
            "TimeToLiveSpecification": { "AttributeName": attribute, "Enabled": true },
        });
        let ttl: actions::update_time_to_live::UpdateTimeToLiveRequest = request(&ttl)?;
        database.update_time_to_live(ttl).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn request<T: serde::de::DeserializeOwned>(body: &Value) -> Result<T, String> {
    serde_json::from_value(body.clone()).map_err(|error| error.to_string())
}

async fn forward(State(emulator): State<Emulator>, mut request: Request) -> Response<Body> {
    let mut uri = std::mem::take(request.uri_mut()).into_parts();
    uri.scheme = Some(Scheme::HTTP);
    uri.authority = Some(emulator.authority);
    *request.uri_mut() = Uri::from_parts(uri).expect("scheme, authority and path make an address");
    match emulator.client.request(request).await {
        Ok(response) => response.map(Body::new),
        Err(error) => {
            tracing::error!(%error, "the local DynamoDB does not answer");
            let message = "The emulator does not answer.";
            refusal::error(
                Service::DynamoDb,
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalServerError",
                message,
            )
        }
    }
}
