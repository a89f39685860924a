//! Functions that stream, with `lambda_runtime` and with `lambda_http`, as their users write them.
//!
//! Both take `{"status": 200, "headers": {...}, "chunks": 3, "bytes": 1, "director": "127.0.0.1:4000", "end": "fail"}`,
//! from the body of a gateway's event. A chunk is its number's last digit, so many times. A stream with a director
//! tells it every chunk's number before it writes that chunk, and goes on when it has read a byte from it; before its
//! end, likewise. `end` is what happens where the answer would otherwise be whole.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt as _, try_unfold};
use http::{HeaderMap, HeaderName, Response, StatusCode};
use http_body_util::StreamBody;
use hyper::body::Frame;
use lambda_runtime::{LambdaEvent, MetadataPrelude, StreamResponse, service_fn};
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Failure;

/// What to stream.
#[derive(Deserialize)]
struct Script {
    #[serde(default = "fine")]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    chunks: usize,
    #[serde(default = "one")]
    bytes: usize,
    director: Option<String>,
    #[serde(default)]
    end: String,
}

/// What is to be played, who directs it, and the number of the next chunk.
type State = (Script, Option<TcpStream>, usize);

fn fine() -> u16 {
    200
}

fn one() -> usize {
    1
}

/// Streams with `lambda_runtime`.
pub(crate) async fn with_lambda_runtime() -> Result<(), Failure> {
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let script = Script::read(event.payload["body"].as_str().unwrap_or("{}"))?;
        let metadata_prelude = MetadataPrelude {
            headers: script.headers()?,
            status_code: StatusCode::from_u16(script.status)?,
            cookies: Vec::new(),
        };
        Ok::<_, Failure>(StreamResponse { metadata_prelude, stream: script.play().await? })
    }))
    .await
}

/// Streams with `lambda_http`.
pub(crate) async fn with_lambda_http() -> Result<(), Failure> {
    lambda_http::run_with_streaming_response(service_fn(async |request: lambda_http::Request| {
        let script = Script::read(std::str::from_utf8(request.body())?)?;
        let (headers, status) = (script.headers()?, StatusCode::from_u16(script.status)?);
        let frames = script.play().await?.map(|chunk| chunk.map(Frame::data));
        let mut response = Response::new(StreamBody::new(frames));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok::<_, Failure>(response)
    }))
    .await
}

impl Script {
    fn read(text: &str) -> Result<Self, Failure> {
        Ok(serde_json::from_str(text)?)
    }

    fn headers(&self) -> Result<HeaderMap, Failure> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            headers.insert(name.parse::<HeaderName>()?, value.parse()?);
        }
        Ok(headers)
    }

    async fn play(self) -> Result<BoxStream<'static, Result<Bytes, Failure>>, Failure> {
        if self.end == "at once" {
            return Err("as asked".into());
        }
        let director = match &self.director {
            Some(address) => Some(TcpStream::connect(address).await?),
            None => None,
        };
        Ok(try_unfold((self, director, 0), |(script, director, number)| script.step(director, number))
            .boxed())
    }

    /// The next chunk, or the end.
    async fn step(
        self,
        mut director: Option<TcpStream>,
        number: usize,
    ) -> Result<Option<(Bytes, State)>, Failure> {
        if let Some(director) = &mut director {
            director.write_all(format!("{number}\n").as_bytes()).await?;
            director.read_u8().await?;
        }
        if number < self.chunks {
            let digit = b'0' + u8::try_from(number % 10)?;
            let chunk = Bytes::from(vec![digit; self.bytes]);
            return Ok(Some((chunk, (self, director, number + 1))));
        }
        match self.end.as_str() {
            "fail" => Err("as asked".into()),
            "exit" => std::process::exit(3),
            "panic" => panic!("as asked"),
            "hang" => std::future::pending().await,
            _ => Ok(None),
        }
    }
}
