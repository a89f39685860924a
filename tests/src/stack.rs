//! The whole of it on one machine: `template.yaml`'s functions, queues, tables and bucket, and a Telegram to talk to.
//!
//! A [`Stack`] is what `cargo run` starts and what the end-to-end tests drive. It starts in the order in which the
//! parts need one another's addresses: listeners, then the template, then what the template describes.

mod accounts;
mod bot;
mod console;
mod controls;
mod halves;
mod invoke;
mod real_telegram;
mod services;
mod settle;
mod state;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use lambdagram_domain::access::PermissionsError;
use lambdagram_domain::secret::Secret;
use lambdagram_telegram::bot_api::{BotApiError, TELEGRAM};
use lambdagram_telegram::mtproto::App;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::accounts::Accounts;
use self::bot::Bot;
use self::console::Console;
use self::controls::{Controls, for_own_pages};
use self::halves::Reachable;
pub use self::invoke::{
    EnvironmentFileError, KeysTable, invoke_once, read_environment_file, running_keys_table,
};
use self::services::Services;

use crate::aws::faults::Faults as AwsFaults;
use crate::aws::iam::Policies;
use crate::aws::sqs::Sqs;
use crate::aws::{self, Aws, AwsError, Endpoints, Front};
use crate::clock::Clock;
use crate::gateway::{self, Observer};
use crate::lambda::event_source::EventSource;
use crate::lambda::{Lambda, Launcher, LogSink};
use crate::telegram::bot_api as simulated;
use crate::telegram::faults::Faults;
use crate::telegram::mtproto::accounts::FIRST_PHONE;
use crate::telegram::mtproto::cloud::{self, Cloud};
use crate::template::model::Queue;
use crate::template::{self, Environment, Model, TemplateError};

/// How long the parts have to end. The whole stack is gone within 2 s, its children included.
const STOP: Duration = Duration::from_millis(700);

/// Where services and callbacks may be, by http too: the person's own machine.
const OWN_NETWORKS: &str = "127.0.0.0/8,::1/128";

/// How a stack is started.
#[derive(Clone)]
pub struct Options {
    /// The folder with `template.yaml`.
    pub project: PathBuf,
    /// The port of the API on 127.0.0.1; 0 takes any that is free.
    pub port: u16,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// How function processes are started.
    pub launcher: Launcher,
    /// Which Telegram the bot and the accounts are at.
    pub telegram: Telegram,
    /// The second document of permissions: who has which role, and which services there are. Without it, it is
    /// `assignments.yaml` of the data folder, if that is there.
    pub assignments: Option<PathBuf>,
    /// Template parameters that differ from what the stack gives them.
    pub parameters: BTreeMap<String, String>,
    /// Environment variables of single functions, by logical id, beyond the template's.
    pub overrides: BTreeMap<String, BTreeMap<String, String>>,
    /// Where the functions' logs go.
    pub logs: LogSink,
    /// Who sees what passes through the API.
    pub observer: Option<Observer>,
}

/// The Telegram a stack works with.
#[derive(Clone, Debug)]
pub enum Telegram {
    /// The simulated one, of this machine.
    Simulated,
    /// The real one. What is left out does not run.
    Real {
        /// The bot.
        bot: Option<RealBot>,
        /// What people sign in to their accounts with.
        application: Option<App>,
    },
}

/// A bot of the real Telegram, or of a Bot API server of one's own.
#[derive(Clone, Debug)]
pub struct RealBot {
    /// The bot's token.
    pub token: Secret,
    /// The Bot API's address.
    pub base_url: String,
    /// Where the Mini App lives: `https://` for Telegram's own server. Without it the bot has no buttons.
    pub mini_app_url: Option<String>,
}

impl RealBot {
    /// A bot of Telegram's own server, unless another one is given.
    pub fn new(token: Secret, base_url: Option<String>, mini_app_url: Option<String>) -> Self {
        Self { token, base_url: base_url.unwrap_or_else(|| TELEGRAM.to_owned()), mini_app_url }
    }
}

/// Why a stack does not start: one clear line.
#[derive(Debug, Error)]
pub enum StartError {
    /// The port of the API is taken.
    #[error("port {port} is in use; choose another with --port")]
    PortInUse {
        /// The port.
        port: u16,
    },
    /// A listener cannot be opened.
    #[error("cannot listen on 127.0.0.1: {0}")]
    Listen(#[source] io::Error),
    /// Another stack runs in the data folder.
    #[error("another stack runs in {}; choose another folder with --data-dir", .path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The data folder cannot be used.
    #[error("cannot write to {}: {reason}", .path.display())]
    DataFolder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The second document of permissions cannot be read.
    #[error("cannot read {}: {reason}", .path.display())]
    Assignments {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: io::Error,
    },
    /// The permissions do not say who may do what.
    #[error(transparent)]
    Permissions(#[from] PermissionsError),
    /// The template cannot be run.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A table or bucket cannot be made.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// A queue cannot be made.
    #[error("{queue}: {reason}")]
    Queue {
        /// Its name.
        queue: String,
        /// Why not.
        reason: String,
    },
    /// A function was not built.
    #[error("there is no {}; build the functions first", .path.display())]
    NotBuilt {
        /// Where its binary should be.
        path: PathBuf,
    },
    /// The bot's token is not one.
    #[error("BOT_TOKEN must be <bot id>:<secret>, as @BotFather gives it")]
    Token,
    /// A function belongs to a half that is not configured.
    #[error("{reason}")]
    Missing {
        /// What is missing.
        reason: String,
    },
    /// The bot cannot be set up.
    #[error("the bot cannot be set up: {0}")]
    Setup(#[from] BotApiError),
}

/// A running stack.
pub struct Stack {
    address: SocketAddr,
    model: Model,
    clock: Clock,
    lambda: Lambda,
    sqs: Sqs,
    aws: Aws,
    aws_faults: AwsFaults,
    sources: Vec<EventSource>,
    simulated: Option<simulated::BotApi>,
    cloud: Option<Cloud>,
    bot: Bot,
    accounts: Accounts,
    services: Services,
    data_dir: PathBuf,
    shutdown: CancellationToken,
    tasks: TaskTracker,
    /// Keeps other stacks out of the data folder.
    _lock: File,
}

impl Stack {
    /// Starts a stack and sets its bot up.
    ///
    /// # Errors
    ///
    /// [`StartError`]; nothing keeps running then.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let (mut stack, running) = Self::open(options).await?;
        match stack.take_up(&running).await {
            Ok(()) => Ok(stack),
            Err(error) => {
                stack.stop().await;
                Err(error)
            }
        }
    }

    /// Starts everything that waits to be called, and nothing that does something by itself. Also returns what other
    /// processes need to know to use it.
    async fn open(options: Options) -> Result<(Self, invoke::Running), StartError> {
        let data_dir = options.data_dir.as_path();
        let lock = state::lock(data_dir).map_err(|error| data_folder(data_dir, &error))?;
        let lock = lock.ok_or_else(|| StartError::InUse { path: data_dir.to_owned() })?;
        // What a stack that was killed left there is not true any more.
        invoke::Running::remove(data_dir).map_err(|error| data_folder(data_dir, &error))?;
        let listener = bind(options.port).await?;
        let address = listener.local_addr().map_err(StartError::Listen)?;
        let api_url = format!("http://{address}");
        let aws_listeners = aws::Listeners::bind().await?;
        let clock = state::clock(data_dir).map_err(|error| data_folder(data_dir, &error))?;
        let shutdown = CancellationToken::new();
        // Whatever fails below, what was started before it ends.
        let guard = shutdown.clone().drop_guard();
        let tasks = TaskTracker::new();

        let faults = Faults::default();
        let bot = Bot::open(&options, &clock, &faults, &api_url, &shutdown, &tasks).await?;
        let cloud = start_cloud(&options, &clock, faults, &shutdown).await?;
        let accounts = Accounts::open(&options, cloud.as_ref())?;
        let services = Services::open(&options)?;
        let sqs = Sqs::open(data_dir, clock.clone()).map_err(|error| data_folder(data_dir, &error))?;
        sqs.set_endpoint(&aws_listeners.endpoints().sqs);
        let mut parameters = bot.parameters(&api_url);
        parameters.insert("OwnNetworks".to_owned(), OWN_NETWORKS.to_owned());
        parameters.extend(accounts.parameters());
        parameters.extend(options.parameters.clone());
        let environment =
            Environment { sqs_endpoint: aws_listeners.endpoints().sqs.clone(), api_url: api_url.clone() };
        let model = template::load(&options.project.join("template.yaml"), &parameters, &environment)?;
        check_built(&options.launcher, &model)?;
        ensure_queues(&sqs, &model)?;

        let aws_faults = AwsFaults::default();
        let killer: Arc<OnceLock<Lambda>> = Arc::default();
        let kill = {
            let killer = Arc::clone(&killer);
            Arc::new(move |access_key_id: &str| {
                if let Some(lambda) = killer.get() {
                    lambda.kill(access_key_id);
                }
            })
        };
        let front = Front::new(Policies::new(&model.functions), aws_faults.clone(), kill);
        let aws = aws_listeners.start(&model, data_dir, &front, sqs.router(), clock.clone()).await?;
        let running = invoke::Running {
            parameters,
            sqs_endpoint: environment.sqs_endpoint,
            api_url: environment.api_url,
            function_environment: function_environment(aws.endpoints(), &bot, &accounts, &services),
            missing: halves::missing(&model, bot.secrets_json().is_some(), accounts.secrets_json().is_some()),
        };
        let lambda = invoke::start_lambda(&model, &running.function_environment, &options, clock.clone());
        // The front was made before what it kills; nothing calls in between.
        let _ = killer.set(lambda.clone());

        let reachable = Reachable { lambda: lambda.clone(), missing: Arc::new(running.missing.clone()) };
        let gateway = gateway::router(&model.api, &model.functions, reachable, clock.clone());
        let gateway = match options.observer.clone() {
            Some(observer) => gateway::observed(gateway, observer),
            None => gateway,
        };
        let simulated = bot.simulated.as_ref().zip(cloud.as_ref());
        let controls = simulated.map(|(simulated, cloud)| {
            let controls = Controls {
                simulated: simulated.clone(),
                cloud: cloud.clone(),
                bot: bot.clone(),
                api_url: running.api_url.clone(),
                sqs: sqs.clone(),
                stored: aws.stored().clone(),
                clock: clock.clone(),
                data_dir: data_dir.to_owned(),
            };
            for_own_pages(simulated.controls().merge(cloud.controls()).merge(controls.router()))
        });
        let console = Console {
            project: &options.project,
            s3: &aws.endpoints().s3,
            bot_api: bot.simulated.is_some().then_some(bot.url.as_str()),
            phone: cloud.is_some().then_some(FIRST_PHONE),
        };
        let router = controls.unwrap_or_default().merge(console.router(&gateway)).fallback_service(gateway);
        tasks.spawn(gateway::serve(listener, router, shutdown));

        let stack = Self {
            address,
            model,
            clock,
            lambda,
            sqs,
            aws,
            aws_faults,
            sources: Vec::new(),
            simulated: bot.simulated.clone(),
            cloud,
            bot,
            accounts,
            services,
            data_dir: options.data_dir,
            shutdown: guard.disarm(),
            tasks,
            _lock: lock,
        };
        Ok((stack, running))
    }

    /// Begins to work: queues feed their functions, the bot is set up and its updates come in.
    async fn take_up(&mut self, running: &invoke::Running) -> Result<(), StartError> {
        running.write(&self.data_dir).map_err(|error| data_folder(&self.data_dir, &error))?;
        self.sources = start_sources(&self.model, &self.sqs, &self.lambda);
        self.bot.set_up(&running.api_url).await?;
        if let Some(api) = self.bot.api().filter(|_| self.simulated.is_none()) {
            let updates = real_telegram::forward(
                api,
                webhook_of(&running.api_url),
                self.bot.webhook_secret.clone(),
                self.clock.clone(),
            );
            let shutdown = self.shutdown.clone();
            self.tasks.spawn(async move { shutdown.run_until_cancelled(updates).await });
        }
        Ok(())
    }

    /// The API's address, `http://127.0.0.1:3000`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What the template describes.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Where the AWS services listen.
    pub fn endpoints(&self) -> &Endpoints {
        self.aws.endpoints()
    }

    /// Where the bot's Bot API is.
    pub fn bot_api_url(&self) -> &str {
        &self.bot.url
    }

    /// Whether the stack has a bot.
    pub fn has_bot(&self) -> bool {
        self.bot.secrets_json().is_some()
    }

    /// Whether people can sign in to accounts.
    pub fn has_accounts(&self) -> bool {
        self.accounts.secrets_json().is_some()
    }

    /// The clock of everything in the stack.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The functions.
    pub fn lambda(&self) -> &Lambda {
        &self.lambda
    }

    /// The queues.
    pub fn sqs(&self) -> &Sqs {
        &self.sqs
    }

    /// Faults of the AWS services, for tests.
    pub fn aws_faults(&self) -> &AwsFaults {
        &self.aws_faults
    }

    /// The simulated Bot API, unless the stack works with the real one.
    pub fn simulated(&self) -> Option<&simulated::BotApi> {
        self.simulated.as_ref()
    }

    /// The simulated cloud of accounts, unless the stack works with the real Telegram.
    pub fn cloud(&self) -> Option<&Cloud> {
        self.cloud.as_ref()
    }

    /// What Telegram proves itself with at the webhook of this stack.
    pub fn webhook_secret(&self) -> &Secret {
        &self.bot.webhook_secret
    }

    /// The names of the services that answer what people ask the bot.
    pub fn services(&self) -> &[String] {
        &self.services.names
    }

    /// What requests to services are signed with: `whsec_...`.
    pub fn signing_secret(&self) -> &Secret {
        &self.services.signing_secret
    }

    /// Everything that must never show itself: the bot's token, the webhook's secret, the key of mini app tokens, what
    /// requests to services are signed with, the application's hash, the key of sessions and that of delegations.
    pub fn secrets(&self) -> Vec<&Secret> {
        let of_the_bot = self.bot.token.iter().chain([&self.bot.webhook_secret, &self.bot.mini_app_key]);
        of_the_bot.chain([&self.services.signing_secret]).chain(self.accounts.secrets()).collect()
    }

    /// Ends everything, function processes included. What was accepted stays in the data folder.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.tasks.close();
        drop(self.sources);
        if let Err(error) = invoke::Running::remove(&self.data_dir) {
            tracing::warn!(%error, "The note of what runs stays behind");
        }
        let tasks = async {
            // A connection that hangs on purpose is not waited for.
            let _ = tokio::time::timeout(STOP, self.tasks.wait()).await;
        };
        let cloud = async {
            if let Some(cloud) = &self.cloud {
                let _ = tokio::time::timeout(STOP, cloud.stopped()).await;
            }
        };
        tokio::join!(tasks, cloud, self.lambda.shutdown(), self.aws.stop());
    }
}

/// Where updates go.
fn webhook_of(api_url: &str) -> String {
    format!("{api_url}/telegram/webhook")
}

/// Starts the cloud of accounts beside the simulated Bot API; both run into the same faults.
async fn start_cloud(
    options: &Options,
    clock: &Clock,
    faults: Faults,
    shutdown: &CancellationToken,
) -> Result<Option<Cloud>, StartError> {
    let Telegram::Simulated = options.telegram else { return Ok(None) };
    let (data_dir, clock) = (options.data_dir.clone(), clock.clone());
    let started = Cloud::start(cloud::Options { data_dir, clock, faults }, shutdown.clone()).await;
    started.map(Some).map_err(|error| data_folder(&options.data_dir, &error))
}

fn data_folder(path: &Path, reason: &dyn std::fmt::Display) -> StartError {
    StartError::DataFolder { path: path.to_owned(), reason: reason.to_string() }
}

async fn bind(port: u16) -> Result<TcpListener, StartError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => StartError::PortInUse { port },
        _ => StartError::Listen(error),
    })
}

/// Tells of a function that was not built now, not when it is called.
fn check_built(launcher: &Launcher, model: &Model) -> Result<(), StartError> {
    let Launcher::Directory(folder) = launcher else { return Ok(()) };
    let mut binaries = model.functions.iter().map(|function| folder.join(&function.binary));
    match binaries.find(|path| !path.is_file()) {
        Some(path) => Err(StartError::NotBuilt { path }),
        None => Ok(()),
    }
}

/// Makes the template's queues, those that others name as their dead-letter queue first.
fn ensure_queues(sqs: &Sqs, model: &Model) -> Result<(), StartError> {
    let redrives = |queue: &&Queue| queue.attributes.contains_key("RedrivePolicy");
    let mut queues: Vec<_> = model.queues.iter().collect();
    queues.sort_by_key(redrives);
    for queue in queues {
        sqs.ensure_queue(&queue.name, &queue.attributes)
            .map_err(|error| StartError::Queue { queue: queue.name.clone(), reason: error.to_string() })?;
    }
    Ok(())
}

fn function_environment(
    endpoints: &Endpoints,
    bot: &Bot,
    accounts: &Accounts,
    services: &Services,
) -> BTreeMap<String, String> {
    let variables = [
        ("AWS_ENDPOINT_URL_DYNAMODB", Some(endpoints.dynamodb.clone())),
        ("AWS_ENDPOINT_URL_S3", Some(endpoints.s3.clone())),
        ("AWS_ENDPOINT_URL_SQS", Some(endpoints.sqs.clone())),
        ("ACCOUNT_SECRETS", accounts.secrets_json()),
        ("ASSIGNMENTS", services.assignments()),
        ("BOT_SECRETS", bot.secrets_json()),
        (invoke::UPLOAD_SECRETS, Some(accounts.upload_secrets_json())),
        ("DISPATCH_SECRETS", Some(services.secrets_json())),
    ];
    variables.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn start_sources(model: &Model, sqs: &Sqs, lambda: &Lambda) -> Vec<EventSource> {
    let mut sources = Vec::new();
    for function in &model.functions {
        for source in &function.queue_sources {
            sources.push(EventSource::start(source, &function.logical_id, sqs.clone(), lambda.clone()));
        }
    }
    sources
}
