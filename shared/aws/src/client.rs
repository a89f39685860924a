//! The connection all SDK clients of one function share.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::tls;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

/// One try of one call. DynamoDB and SQS answer in milliseconds, S3 takes a few megabytes in under a second.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);

/// All tries of one call: below the 10 s an HTTP function has, so that it can still answer.
const CALL_TIMEOUT: Duration = Duration::from_secs(8);

/// Region, credentials, endpoints and the HTTP client.
#[derive(Clone, Debug)]
pub struct Connection(SdkConfig);

impl Connection {
    /// Takes region, credentials and endpoints from the environment that Lambda gives a function. Opens no socket.
    pub async fn from_lambda_environment() -> Self {
        // One TLS library in the whole program: the SDK's default would bring a second one.
        let http_client = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(CALL_TIMEOUT)
            .build();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http_client)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard())
            .load()
            .await;
        Self(config)
    }

    /// One that was configured elsewhere: tests know where their services listen.
    pub fn new(config: SdkConfig) -> Self {
        Self(config)
    }

    pub(crate) fn config(&self) -> &SdkConfig {
        &self.0
    }
}
