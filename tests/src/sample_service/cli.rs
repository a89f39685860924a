//! The sample service as a program of its own.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use lambdagram_domain::secret::Secret;
use lambdagram_domain::signature::SigningSecret;
use tokio::net::TcpListener;

use super::{Options, router};
use crate::clock::Clock;

/// A service that answers the bot commands /ping and /report.
#[derive(Parser)]
#[command(name = "sample_service", version, about)]
struct Cli {
    /// Port on 127.0.0.1; 0 takes any that is free.
    #[arg(long, default_value_t = 3100)]
    port: u16,
    /// Where Lambdagram's API is.
    #[arg(long, default_value = "http://127.0.0.1:3000")]
    api_url: String,
    /// Seconds a report takes.
    #[arg(long, default_value_t = 15)]
    report_seconds: u64,
    /// The secret that dispatches are signed with: `whsec_...`. Several are separated by blanks.
    #[arg(long, env = "SIGNING_SECRET", hide_env_values = true)]
    signing_secret: String,
    /// The API key that reports are sent with.
    #[arg(long, env = "API_KEY", hide_env_values = true)]
    api_key: String,
}

/// Runs the service until the process is ended.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let outcome = tokio::runtime::Runtime::new()
        .map_err(|error| error.to_string())
        .and_then(|runtime| runtime.block_on(serve(cli)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            let _ = writeln!(std::io::stderr(), "{reason}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(cli: Cli) -> Result<(), String> {
    let secrets = cli.signing_secret.split_whitespace().map(SigningSecret::parse);
    let secrets = secrets.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    let service = router(Options {
        secrets,
        api_url: cli.api_url,
        api_key: Secret::new(cli.api_key),
        report_takes: Duration::from_secs(cli.report_seconds),
        clock: Clock::default(),
    });
    let listening = async {
        let listener = TcpListener::bind(("127.0.0.1", cli.port)).await?;
        let _ = writeln!(std::io::stdout(), "ready http://{}", listener.local_addr()?);
        axum::serve(listener, service).await
    };
    listening.await.map_err(|error| error.to_string())
}
