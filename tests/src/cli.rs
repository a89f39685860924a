//! The command line of `local`.
//!
//! Standard output is for what was asked for: the `ready` line, a function's answer. Everything else, the functions'
//! logs included, goes to standard error. A start that fails says why in one line, and exits with 1.

mod keys;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bytes::Bytes;
use clap::{Args, Parser, Subcommand, ValueEnum};
use lambdagram_aws::BotSecrets;
use lambdagram_domain::secret::Secret;
use lambdagram_domain::upload::DelegationKey;
use lambdagram_functions::FUNCTIONS;
use lambdagram_telegram::bot_api::{BotApi, TELEGRAM};
use lambdagram_telegram::mtproto::App;
use lambdagram_telegram::setup::{self, Webhook};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::lambda::{Invocation, Launcher, LogSink, die_with_parent};
use crate::stack::{self, Options, RealBot, Stack, Telegram, read_environment_file};
use crate::telegram::bot_api as simulated;

/// Lambdagram on this machine.
#[derive(Parser)]
#[command(name = "local", version, about, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: Run,
}

#[derive(Subcommand)]
enum Command {
    /// Run one function once and print its answer.
    Invoke(Invoke),
    /// Make, list and take back API keys, with which services enqueue commands.
    Keys(keys::Keys),
    /// Tell Telegram where a bot's webhook is, which commands it has and what its menu button opens.
    Setup(Setup),
    /// Make a key pair for uploads: what Secrets Manager is to hold, and the parameter that goes with it.
    DelegationKey,
    /// Be one of the functions. The stack starts its processes so.
    #[command(hide = true)]
    Function {
        /// The function's binary.
        binary: String,
    },
}

#[derive(Args)]
struct Run {
    /// Port of the API on 127.0.0.1; 0 takes any that is free.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
struct Common {
    /// Where everything is kept.
    #[arg(long, default_value = ".local")]
    data_dir: PathBuf,
    /// Run the built functions of this folder instead of this binary's own.
    #[arg(long)]
    functions_dir: Option<PathBuf>,
    /// Who has which role and which services there are, if not assignments.yaml in the data folder says it.
    #[arg(long)]
    assignments: Option<PathBuf>,
    /// The Telegram the bot and the accounts are at.
    #[arg(long, value_enum, default_value_t = WhichTelegram::Simulated)]
    telegram: WhichTelegram,
    /// The bot's token, for `--telegram real`.
    #[arg(long, env = "BOT_TOKEN", hide_env_values = true, hide = true)]
    bot_token: Option<String>,
    /// The number of your application, for people's accounts and `--telegram real`.
    #[arg(long, env = "TELEGRAM_API_ID", hide_env_values = true, hide = true)]
    telegram_api_id: Option<String>,
    /// The secret of your application.
    #[arg(long, env = "TELEGRAM_API_HASH", hide_env_values = true, hide = true)]
    telegram_api_hash: Option<String>,
    /// A Bot API server of one's own, for `--telegram real`.
    #[arg(long, env = "BOT_API_URL")]
    bot_api_url: Option<String>,
    /// Where the Mini App lives, for `--telegram real`.
    #[arg(long, env = "MINI_APP_URL")]
    mini_app_url: Option<String>,
    /// The folder with template.yaml.
    #[arg(long, default_value = ".", hide = true)]
    project: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WhichTelegram {
    Simulated,
    Real,
}

#[derive(Args)]
struct Invoke {
    /// The function's logical id in template.yaml.
    function: String,
    /// A file with the event.
    #[arg(long, short)]
    event: PathBuf,
    /// A file with environment variables by function, as `sam local invoke` takes it. With the simulated Telegram, the
    /// one that belongs to the events is taken if there is no other.
    #[arg(long, short = 'n')]
    env_vars: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
struct Setup {
    /// The address of POST /telegram/webhook, as Telegram reaches it.
    #[arg(long)]
    webhook_url: String,
    /// Where the Mini App lives, if there is one.
    #[arg(long)]
    mini_app_url: Option<String>,
    /// The public certificate, in PEM, of a server that signed its own.
    #[arg(long)]
    certificate: Option<PathBuf>,
    /// A Bot API server of one's own.
    #[arg(long, env = "BOT_API_URL", default_value = TELEGRAM)]
    bot_api_url: String,
    /// The JSON object that the secret holds.
    #[arg(long, env = "BOT_SECRETS", hide_env_values = true, hide = true)]
    bot_secrets: Option<String>,
}

/// Runs what the command line asks for.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Function { binary }) = &cli.command {
        return match FUNCTIONS.iter().find(|(name, _)| name == binary) {
            // A function must not outlive the stack that started it.
            Some((_, function)) => match die_with_parent() {
                Ok(()) => function(),
                Err(error) => fail(error),
            },
            None => fail(format_args!("there is no function {binary}")),
        };
    }
    if let Some(Command::DelegationKey) = &cli.command {
        say(format_args!("{}", delegation_key()));
        return ExitCode::SUCCESS;
    }
    start_logging();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(error),
    };
    let outcome = runtime.block_on(async {
        match cli.command {
            Some(Command::Invoke(invoke)) => run_once(invoke).await,
            Some(Command::Keys(command)) => keys::run(command).await,
            Some(Command::Setup(setup)) => set_up(setup).await,
            Some(Command::Function { .. } | Command::DelegationKey) | None => run_stack(cli.run).await,
        }
    });
    runtime.shutdown_background();
    match outcome {
        Ok(code) => code,
        Err(reason) => fail(reason),
    }
}

fn fail(reason: impl fmt::Display) -> ExitCode {
    say_aside(format_args!("{reason}"));
    ExitCode::FAILURE
}

/// The stack's own warnings, on standard error. The DynamoDB emulator would warn of each condition that is not met,
/// which is an answer like others.
fn start_logging() {
    let filter = Targets::new().with_default(Level::WARN).with_target("dynoxide", Level::ERROR);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .without_time();
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
}

async fn run_stack(run: Run) -> Result<ExitCode, String> {
    // Before anything starts, so that no child can be left behind by an early Ctrl-C.
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let options = options(&run.common, run.port)?;
    let stack = tokio::select! {
        started = Stack::start(options) => started.map_err(|error| error.to_string())?,
        _ = terminate.recv() => return Ok(ExitCode::SUCCESS),
        _ = interrupt.recv() => return Ok(ExitCode::SUCCESS),
    };
    say_aside(format_args!("{}", describe(&stack)));
    say(format_args!("ready {}", stack.url()));
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    stack.stop().await;
    Ok(ExitCode::SUCCESS)
}

async fn run_once(invoke: Invoke) -> Result<ExitCode, String> {
    let event =
        std::fs::read(&invoke.event).map_err(|error| format!("{}: {error}", invoke.event.display()))?;
    serde_json::from_slice::<serde_json::Value>(&event)
        .map_err(|error| format!("{} is not JSON: {error}", invoke.event.display()))?;
    let mut options = options(&invoke.common, 0)?;
    if let Some(file) = invoke.environment_file() {
        options.overrides = read_environment_file(&file).map_err(|error| error.to_string())?;
    }
    let answer = stack::invoke_once(options, &invoke.function, Bytes::from(event)).await;
    let answer = answer.map_err(|error| error.to_string())?;
    if answer == Invocation::NotFound {
        return Err(format!("template.yaml has no function {}", invoke.function));
    }
    say(format_args!("{}", String::from_utf8_lossy(&answer.payload())));
    Ok(if answer.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Invoke {
    fn environment_file(&self) -> Option<PathBuf> {
        let of_the_events = || {
            let file = self.common.project.join("events/env.json");
            (self.common.telegram == WhichTelegram::Simulated && file.exists()).then_some(file)
        };
        self.env_vars.clone().or_else(of_the_events)
    }
}

async fn set_up(setup: Setup) -> Result<ExitCode, String> {
    let secrets = setup.bot_secrets.ok_or("BOT_SECRETS is not set: the JSON object that the secret holds")?;
    let secrets: BotSecrets = secrets.parse().map_err(|error| format!("BOT_SECRETS: {error}"))?;
    let certificate = setup.certificate.as_deref().map(read_certificate).transpose()?;
    let bot = BotApi::new(&setup.bot_api_url, secrets.bot_token);
    let failed = |what: &'static str| move |error| format!("{what}: {error}");
    let me = bot.get_me().await.map_err(failed("the bot does not answer"))?;
    let webhook = Webhook { url: setup.webhook_url, secret: secrets.webhook_secret, certificate };
    setup::set_webhook(&bot, webhook).await.map_err(failed("the webhook is not set"))?;
    let menu = match &setup.mini_app_url {
        Some(url) => setup::set_commands_and_menu(&bot, url).await,
        None => setup::set_commands(&bot).await,
    };
    menu.map_err(failed("the webhook is set, the commands and the menu button are not"))?;
    say(format_args!("@{} is set up", me.username));
    Ok(ExitCode::SUCCESS)
}

/// A new key pair: the secret as Secrets Manager takes it, alone on the first line, then the parameter of the template.
fn delegation_key() -> String {
    let key = DelegationKey::generate();
    let secret = json!({"delegation_key": key.encode()});
    format!("{secret}\nDelegationPublicKey={}", key.public().encode())
}

fn read_certificate(path: &Path) -> Result<Bytes, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    // The key belongs to the server alone; a file that holds both must not leave this machine.
    if text.contains("PRIVATE KEY-----") {
        return Err(format!("{} holds a private key; give the certificate alone", path.display()));
    }
    if !text.contains("-----BEGIN CERTIFICATE-----") {
        return Err(format!("{} is not a certificate in PEM", path.display()));
    }
    Ok(Bytes::from(bytes))
}

fn options(common: &Common, port: u16) -> Result<Options, String> {
    let launcher = if let Some(folder) = &common.functions_dir {
        Launcher::Directory(folder.clone())
    } else {
        let this = std::env::current_exe();
        Launcher::Reexecute(this.map_err(|error| format!("this program cannot find itself: {error}"))?)
    };
    let telegram = match common.telegram {
        WhichTelegram::Simulated => Telegram::Simulated,
        WhichTelegram::Real => real_telegram(common)?,
    };
    Ok(Options {
        project: common.project.clone(),
        port,
        data_dir: common.data_dir.clone(),
        launcher,
        telegram,
        assignments: common.assignments.clone(),
        parameters: BTreeMap::new(),
        overrides: BTreeMap::new(),
        logs: LogSink::default().printing_to(io::stderr()),
        observer: None,
    })
}

/// The real Telegram with a bot, with accounts, or with both.
fn real_telegram(common: &Common) -> Result<Telegram, String> {
    let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
    let bot = given(&common.bot_token).map(|token| {
        RealBot::new(Secret::new(token), common.bot_api_url.clone(), common.mini_app_url.clone())
    });
    let application = match (given(&common.telegram_api_id), given(&common.telegram_api_hash)) {
        (None, None) => None,
        (Some(api_id), Some(api_hash)) => {
            let api_id = api_id.parse().ok().filter(|api_id| *api_id > 0);
            let api_id = api_id.ok_or("TELEGRAM_API_ID must be the api_id that my.telegram.org gives")?;
            Some(App { api_id, api_hash: Secret::new(api_hash) })
        }
        (Some(_), None) => return Err("TELEGRAM_API_ID also needs TELEGRAM_API_HASH".to_owned()),
        (None, Some(_)) => return Err("TELEGRAM_API_HASH also needs TELEGRAM_API_ID".to_owned()),
    };
    if bot.is_none() && application.is_none() {
        let needed = "BOT_TOKEN for a bot, or TELEGRAM_API_ID and TELEGRAM_API_HASH for accounts";
        return Err(format!("--telegram real needs {needed}"));
    }
    Ok(Telegram::Real { bot, application })
}

/// What runs, and where: for the person who started it.
fn describe(stack: &Stack) -> String {
    let (model, endpoints) = (stack.model(), stack.endpoints());
    let mut lines = vec![
        "Pages".to_owned(),
        format!("  {}/           the console", stack.url()),
        format!("  {}/reference  every endpoint, with its answers and examples", stack.url()),
        "Endpoints".to_owned(),
    ];
    for function in &model.functions {
        for route in function.routes.iter().filter(|route| route.method != "ANY") {
            lines.push(format!("  {:6} {:30} {}", route.method, route.path, function.logical_id));
        }
    }
    lines.push(
        "Resources, for any AWS SDK and the aws command (any key id, the secret key `local`)".to_owned(),
    );
    lines.push(format!("  export AWS_ENDPOINT_URL_DYNAMODB={}", endpoints.dynamodb));
    lines.push(format!("  export AWS_ENDPOINT_URL_S3={}", endpoints.s3));
    lines.push(format!("  export AWS_ENDPOINT_URL_SQS={}", endpoints.sqs));
    lines.extend(model.tables.iter().map(|table| format!("  table  {}", table.name)));
    lines.extend(model.buckets.iter().map(|bucket| format!("  bucket {}", bucket.name)));
    lines.extend(model.queues.iter().map(|queue| format!("  queue  {}", queue.name)));
    lines.push("Bot".to_owned());
    match stack.simulated() {
        Some(_) => {
            let token = simulated::DEFAULT_BOT_TOKEN;
            lines.push(format!("  @{} of the simulated Telegram", simulated::BOT_USERNAME));
            lines.push(format!("  {}/bot{token}/getMe", stack.bot_api_url()));
            lines.push(format!(
                "  POST {}/_sim/bot/updates, GET {}/_sim/bot/chats/1/messages",
                stack.url(),
                stack.url()
            ));
        }
        None if stack.has_bot() => {
            lines.push(format!("  yours, at {}; its updates are fetched from there", stack.bot_api_url()));
        }
        None => lines.push("  none: there is no BOT_TOKEN".to_owned()),
    }
    lines.push("Services".to_owned());
    lines.push(match stack.services() {
        [] => "  none: assignments.yaml in the data folder names none".to_owned(),
        names => format!("  {}", names.join(", ")),
    });
    lines.push("Accounts".to_owned());
    lines.push(match stack.cloud() {
        Some(_) => format!(
            "  +15551234567 of the simulated Telegram; its codes: GET {}/_sim/login-codes?phone=%2B15551234567",
            stack.url()
        ),
        None if stack.has_accounts() => {
            "  Telegram's own. Whoever reaches this port can sign in, and has the whole account then".to_owned()
        }
        None => "  none: there are no TELEGRAM_API_ID and TELEGRAM_API_HASH".to_owned(),
    });
    lines.join("\n")
}

/// What was asked for, on standard output. A reader that is gone needs no answer.
fn say(text: fmt::Arguments<'_>) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Everything else, on standard error.
fn say_aside(text: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use lambdagram_aws::UploadSecrets;
    use lambdagram_domain::upload::PublicDelegationKey;

    use super::*;

    #[test]
    fn a_key_pair_is_what_the_functions_take() {
        let printed = delegation_key();
        let (secret, parameter) = printed.split_once('\n').unwrap();
        let public = parameter.strip_prefix("DelegationPublicKey=").and_then(PublicDelegationKey::parse);
        assert_eq!(public, Some(secret.parse::<UploadSecrets>().unwrap().delegation_key.public()));
        assert_ne!(delegation_key(), printed);
    }
}
