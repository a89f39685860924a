//! The least a function behind API Gateway can be: `lambda_http` and one SDK client, built the way their documentation
//! shows, without logs. What the functions take beyond it is theirs.
//!
//! The SDK client has the HTTP client of the workspace, rustls with ring. With the SDK's default, which brings another
//! TLS library, this baseline would be larger and slower to start.
//!
//! With `TABLE` in its environment it reads an item of that DynamoDB table for each request, as a small endpoint does.

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::tls;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use lambda_http::{Body, Error, Request, Response, run, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let http_client = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client).load().await;
    let client = Client::new(&config);
    let table = std::env::vars().find_map(|(name, value)| (name == "TABLE").then_some(value));
    run(service_fn(|_request: Request| answer(&client, table.as_deref()))).await
}

async fn answer(client: &Client, table: Option<&str>) -> Result<Response<Body>, Error> {
    if let Some(table) = table {
        let id = AttributeValue::S("nothing".to_owned());
        client.get_item().table_name(table).key("id", id).send().await?;
    }
    let answer = Response::builder().header("content-type", "application/json");
    Ok(answer.body(Body::from(r#"{"message":"Hello."}"#))?)
}
