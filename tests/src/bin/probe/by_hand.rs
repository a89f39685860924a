//! A function without a runtime: what its event says is what the Runtime API is sent, byte by byte.
//!
//! The event's body is `{"chunks": ["..."], "trailers": "Name: value\r\n", "cut": false}`. `cut` ends the connection in
//! the middle of the answer, and the function lives on.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

use super::{Failure, variable};

const ANSWER: &str = "Host: lambda\r\n\
    Connection: close\r\n\
    Lambda-Runtime-Function-Response-Mode: streaming\r\n\
    Content-Type: application/vnd.awslambda.http-integration-response\r\n\
    Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\
    Transfer-Encoding: chunked\r\n\r\n";

/// Serves one invocation after the other.
pub(crate) fn serve() -> Result<(), Failure> {
    loop {
        let (request_id, script) = next()?;
        let mut connection = connect()?;
        write!(connection, "POST /2018-06-01/runtime/invocation/{request_id}/response HTTP/1.1\r\n{ANSWER}")?;
        for chunk in script["chunks"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            write!(connection, "{:x}\r\n{chunk}\r\n", chunk.len())?;
        }
        if script["cut"] == true {
            drop(connection);
            std::thread::park();
            continue;
        }
        write!(connection, "0\r\n{}\r\n", script["trailers"].as_str().unwrap_or_default())?;
        connection.read_to_end(&mut Vec::new())?;
    }
}

/// The next invocation's id and what it asks for.
fn next() -> Result<(String, Value), Failure> {
    let mut connection = connect()?;
    let request =
        "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: lambda\r\nConnection: close\r\n\r\n";
    connection.write_all(request.as_bytes())?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    let (head, event) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
    let request_id = head.lines().find_map(|line| line.strip_prefix("lambda-runtime-aws-request-id: "));
    let event: Value = serde_json::from_str(event)?;
    let script = serde_json::from_str(event["body"].as_str().unwrap_or("{}"))?;
    Ok((request_id.ok_or("no request id")?.to_owned(), script))
}

fn connect() -> std::io::Result<TcpStream> {
    TcpStream::connect(variable("AWS_LAMBDA_RUNTIME_API"))
}
