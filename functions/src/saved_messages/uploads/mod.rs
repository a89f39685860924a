//! `/uploads`: files of any size, which a page brings to the bucket itself, part by part.
//!
//! | request | what it does | file |
//! |---|---|---|
//! | `POST /uploads` | begins one, and gives a URL for each part | `begin.rs` |
//! | `POST /uploads/{id}/complete` | makes the parts one file, and queues it for the worker | `complete.rs` |
//! | `GET /uploads/{id}` | tells how far it is; while parts are missing, gives new URLs for them | `progress.rs` |
//! | `DELETE /uploads/{id}` | cancels it, wherever it is, until the message is being made | `cancel.rs` |
//!
//! A row belongs to the session that began it, and is found under its id alone: for everybody else there is none.

mod begin;
mod cancel;
mod complete;
mod parts;
mod progress;

use std::process::ExitCode;

use http::{Method, StatusCode};
use lambdagram_aws::{Connection, StagingBucket, Uploads as Rows};
use lambdagram_domain::session::{Session, Stage};
use lambdagram_domain::upload::{Upload, UploadId};

pub(crate) use self::cancel::Cancelling;
pub(super) use self::complete::{check_whole, make_whole};
pub(super) use self::parts::all_there;
use super::upload_intake::UploadIntake;
use crate::config::ConfigError;
use crate::http::{Answer, ApiError, Endpoint, Failure, Incoming};
use crate::runtime::{Start, serve_http};
use crate::session::{Accounts, Caller};

/// Runs the function.
pub fn main() -> ExitCode {
    serve_http(async |start| {
        let connection = start.connect().await;
        Uploads::open(&start, &connection).await
    })
}

struct Uploads {
    accounts: Accounts,
    rows: Rows,
    staging: StagingBucket,
    intake: UploadIntake,
    cancelling: Cancelling,
}

/// Somebody who is signed in.
struct Owner {
    caller: Caller,
    session: Session,
}

impl Owner {
    fn is_premium(&self) -> bool {
        matches!(&self.session.stage, Stage::SignedIn { user } if user.premium)
    }
}

impl Uploads {
    async fn open(start: &Start, connection: &Connection) -> Result<Self, ConfigError> {
        let environment = &start.environment;
        Ok(Self {
            accounts: Accounts::open(start, connection).await?,
            rows: Rows::new(connection, environment.text("UPLOADS_TABLE")?),
            staging: StagingBucket::new(connection, environment.text("STAGING_BUCKET")?),
            intake: UploadIntake::open(start, connection)?,
            cancelling: Cancelling::open(environment, connection)?,
        })
    }

    /// The upload that the path names.
    async fn named(&self, request: &Incoming, owner: &Owner) -> Result<Upload, ApiError> {
        let id = named(request)?;
        let row = self.rows.get(&owner.caller.token.id(), &id, request.now()).await?;
        row.ok_or(ApiError::NotFound)
    }
}

fn named(request: &Incoming) -> Result<UploadId, ApiError> {
    request.path_parameter("id").and_then(|id| UploadId::parse(&id)).ok_or(ApiError::NotFound)
}

impl Endpoint for Uploads {
    const FAILURE: Failure = Failure::UploadFile;

    async fn handle(&self, request: Incoming) -> Result<Answer, ApiError> {
        if *request.method() != Method::GET {
            self.accounts.check_origin(&request)?;
        }
        let caller = self.accounts.caller(&request).ok_or(ApiError::NotAuthenticated)?;
        let session = self.accounts.look_up_signed_in(&caller).await?;
        let owner = Owner { caller, session };
        match (request.method(), request.route()) {
            (&Method::POST, "/uploads") => self.begin(&request, &owner).await,
            (&Method::POST, "/uploads/{id}/complete") => self.complete(&request, &owner).await,
            (&Method::GET, "/uploads/{id}") => self.progress(&request, &owner).await,
            (&Method::DELETE, "/uploads/{id}") => {
                let id = named(&request)?;
                self.cancelling.cancel(&owner.caller.token.id(), &id, request.now()).await?;
                Ok(Answer::empty(StatusCode::NO_CONTENT))
            }
            _ => Err(ApiError::NotFound),
        }
    }
}
