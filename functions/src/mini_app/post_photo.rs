//! `POST /post`: takes a picture, and answers once it can no longer be lost.
//!
//! The receipt is written first, then the picture staged, then the job queued. A request that dies in between leaves a
//! receipt that says `accepting`; a repeat under the same `Idempotency-Key` finds it and completes what is missing.

use std::borrow::Cow;
use std::process::ExitCode;
use std::time::Duration;

use http::StatusCode;
use http::header::LOCATION;
use lambdagram_aws::{AwsError, Limit, Limits, StagingBucket};
use lambdagram_domain::ids::JobId;
use lambdagram_domain::job::Job;
use lambdagram_domain::picture::{Picture, decode_data_url};
use lambdagram_domain::receipt::{Owner, Receipt, fingerprint_of};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::http::{Answer, ApiError, Endpoint, Form, Incoming};
use crate::intake::Intake;
use crate::person::PersonCheck;
use crate::runtime::serve_http;

/// The span in which `PHOTOS_PER_MINUTE` pictures of one person are taken.
const LIMIT_WINDOW: Duration = Duration::from_mins(1);

/// Runs the function.
pub fn main() -> ExitCode {
    serve_http(async |start| {
        let (environment, connection) = (&start.environment, &start.connect().await);
        let secrets = environment.secrets(connection, start.clock.now()).await?;
        Ok(PostPhoto {
            persons: PersonCheck::new(environment.init_data()?, secrets),
            intake: Intake::new(environment, connection)?,
            limits: Limits::new(connection, environment.text("LIMITS_TABLE")?),
            photos_per_minute: environment.photos_per_minute()?,
            staging: StagingBucket::new(connection, environment.text("STAGING_BUCKET")?),
        })
    })
}

struct PostPhoto {
    persons: PersonCheck,
    intake: Intake,
    limits: Limits,
    photos_per_minute: u32,
    staging: StagingBucket,
}

impl Endpoint for PostPhoto {
    async fn handle(&self, request: Incoming) -> Result<Answer, ApiError> {
        let posted = read(&request).await?;
        // Strangers learn nothing about their pictures.
        let person = self.persons.identify(&request, posted.init.as_deref()).await?;
        let key = request.idempotency_key()?;
        let bytes = posted.picture?;
        let fingerprint = key.as_ref().map(|_| fingerprint_of(&bytes));
        let picture = Picture::parse(bytes)?;

        let id = match &key {
            Some(key) => JobId::of_idempotency_key(person, key),
            None => JobId::random(Uuid::new_v4().into_bytes()),
        };
        let job = Job::photo(id, person.into());
        let owner = Some(Owner::Person(person));
        let receipt = Receipt { fingerprint, ..Receipt::of(&job, owner, request.now()) };
        let limit =
            Limit { subject: format!("photos#{person}"), most: self.photos_per_minute, window: LIMIT_WINDOW };
        if self.intake.begin(&receipt, (&self.limits, &limit)).await?
            && let Err(cause) = self.queue(&job, picture).await
        {
            return Err(self.intake.abandon(&job, cause).await.into());
        }
        let location = request.location(&format!("/post/{}", job.id));
        let body = json!({"message": "Photo accepted.", "id": job.id});
        Ok(Answer::json(StatusCode::ACCEPTED, body).with(LOCATION, &location))
    }
}

impl PostPhoto {
    /// Stages the picture and queues its job.
    async fn queue(&self, job: &Job, picture: Picture) -> Result<(), AwsError> {
        let content_type = picture.content_type();
        self.staging.put(&job.staged_picture(), content_type, picture.into_bytes()).await?;
        self.intake.enqueue(job).await
    }
}

/// What a request holds: who says they sent it, and the picture's bytes or why there are none.
struct Posted {
    init: Option<String>,
    picture: Result<Vec<u8>, ApiError>,
}

#[derive(Deserialize)]
struct JsonBody<'a> {
    init: Option<String>,
    #[serde(borrow)]
    url: Option<Cow<'a, str>>,
}

async fn read(request: &Incoming) -> Result<Posted, ApiError> {
    match request.media_type().as_deref() {
        Some("multipart/form-data") => read_form(request).await,
        Some("application/json") => {
            let body: JsonBody<'_> = request.json()?;
            let picture = decode_data_url(&body.url.unwrap_or_default()).map_err(ApiError::from);
            Ok(Posted { init: body.init, picture })
        }
        _ => Err(ApiError::UnsupportedMediaType { expected: "application/json or multipart/form-data" }),
    }
}

/// Reads a form with the file `photo` and, for clients without an `Authorization` header, the text `init`.
async fn read_form(request: &Incoming) -> Result<Posted, ApiError> {
    let mut form = Form::of(request)?;
    let (mut init, mut photo) = (None, None);
    while let Some(field) = form.next().await? {
        match field.name() {
            "photo" if photo.is_none() => photo = Some(field.bytes().await?),
            "photo" => {
                return Err(ApiError::InvalidForm { details: "There is more than one photo." });
            }
            "init" => init = Some(field.text().await?),
            _ => {}
        }
    }
    Ok(Posted { init, picture: photo.ok_or(ApiError::InvalidForm { details: "There is no photo." }) })
}
