//! What people and Telegram send: the picture, and the requests that carry it.

use std::io::Cursor;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use lambdagram_domain::secret::Secret;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::common::ground::Failure;
use crate::common::requests::send;

/// A picture of about 300 kB: a gradient under noise, since noise is what a JPEG is large for.
pub(crate) fn picture() -> Result<Vec<u8>, Failure> {
    let mut noise = 1_u32;
    let image = RgbImage::from_fn(1_280, 960, |x, y| {
        // Numerical Recipes' generator; its upper bits are good enough for grain.
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [_, _, grain, _] = (noise >> 11).to_be_bytes();
        let [.., light] = ((x + y) / 12).to_be_bytes();
        let light = light.saturating_add(grain / 12);
        Rgb([light, light, 255 - light])
    });
    let mut bytes = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut bytes, 85).encode_image(&image)?;
    Ok(bytes.into_inner())
}

/// A person's first picture or message goes to a chat that nobody used before.
pub(crate) fn next_person() -> i64 {
    static LATEST: AtomicI64 = AtomicI64::new(1_000);
    LATEST.fetch_add(1, Ordering::Relaxed)
}

/// How a request is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The picture as a data URL in JSON.
    Json,
    /// The picture in a multipart form.
    Multipart,
    /// `/start`, as Telegram delivers it.
    Webhook,
}

impl Kind {
    /// What it is called in a table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "`POST /post`, JSON",
            Self::Multipart => "`POST /post`, multipart",
            Self::Webhook => "`POST /telegram/webhook`",
        }
    }
}

/// Makes requests.
#[derive(Clone)]
pub(crate) struct Requests {
    http: Client,
    picture: Vec<u8>,
    data_url: String,
    webhook_secret: Secret,
}

impl Requests {
    pub(crate) fn new(webhook_secret: &Secret) -> Result<Self, Failure> {
        let picture = picture()?;
        let data_url = format!("data:image/jpeg;base64,{}", STANDARD.encode(&picture));
        Ok(Self { http: Client::new(), picture, data_url, webhook_secret: webhook_secret.clone() })
    }

    /// The picture's size.
    pub(crate) fn picture_bytes(&self) -> usize {
        self.picture.len()
    }

    /// The body of a JSON request.
    pub(crate) fn json_body(&self, init: &str) -> String {
        json!({ "init": init, "url": self.data_url }).to_string()
    }

    /// Init data of a person who opens the Mini App now, from the simulated Telegram of the stack at `url`.
    pub(crate) async fn init(&self, url: &str, person: i64) -> Result<String, Failure> {
        let asked = json!({ "user": { "id": person, "first_name": "Ada" } });
        let answer = self.http.post(format!("{url}/_sim/init-data")).json(&asked).send().await?;
        let answer: Value = answer.json().await?;
        Ok(answer["init"].as_str().ok_or("the simulated Telegram gave no init data")?.to_owned())
    }

    /// A request of `person`, ready to be sent to `url`.
    pub(crate) fn request(&self, kind: Kind, url: &str, person: i64, init: &str) -> RequestBuilder {
        match kind {
            Kind::Json => {
                let request =
                    self.http.post(format!("{url}/post")).header("content-type", "application/json");
                request.body(self.json_body(init))
            }
            Kind::Multipart => {
                let photo = Part::bytes(self.picture.clone()).file_name("photo.jpg");
                let request =
                    self.http.post(format!("{url}/post")).header("authorization", format!("tma {init}"));
                request.multipart(Form::new().part("photo", photo))
            }
            Kind::Webhook => {
                let request = self.http.post(format!("{url}/telegram/webhook"));
                let request = request.header("x-telegram-bot-api-secret-token", self.webhook_secret.expose());
                request.json(&start_update(person))
            }
        }
    }
}

/// The update of a person who writes `/start`. One a person, so that its number can be theirs.
pub(crate) fn start_update(person: i64) -> Value {
    json!({
        "update_id": person,
        "message": {
            "message_id": 1,
            "date": 1_795_251_600,
            "chat": { "id": person, "type": "private", "first_name": "Ada" },
            "from": { "id": person, "is_bot": false, "first_name": "Ada" },
            "text": "/start",
            "entities": [{ "type": "bot_command", "offset": 0, "length": 6 }],
        },
    })
}

/// Sends a request and reads its answer to the end; how long that took.
pub(crate) async fn timed(request: RequestBuilder) -> Result<Duration, Failure> {
    send(request).await?.success()
}
