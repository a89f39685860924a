//! `keys`: API keys are made, listed and taken back here, beside a running stack or in the cloud.

use std::path::PathBuf;
use std::process::ExitCode;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use clap::{Args, Subcommand};
use lambdagram_aws::{ApiKeys, Connection};
use lambdagram_domain::access::Permissions;
use lambdagram_domain::api_key::{ApiKey, ApiKeyId, StoredKey};
use lambdagram_domain::time::UnixTime;
use lambdagram_functions::PERMISSIONS;

use super::{say, say_aside};
use crate::clock::Clock;
use crate::stack::running_keys_table;

#[derive(Args)]
pub(super) struct Keys {
    #[command(subcommand)]
    action: Action,
    /// The table of a deployed stack (its output `KeysTableName`), reached with the credentials and the region of the
    /// environment or of a profile. Without it, the stack that runs on this machine is meant.
    #[arg(long, global = true)]
    table: Option<String>,
    /// The data folder of that stack.
    #[arg(long, default_value = ".local", global = true)]
    data_dir: PathBuf,
    /// The folder with template.yaml.
    #[arg(long, default_value = ".", hide = true, global = true)]
    project: PathBuf,
}

#[derive(Subcommand)]
enum Action {
    /// Make a key. It is shown this once: the last line of the output is the key alone.
    Add {
        /// What it is for, for the list.
        name: String,
        /// What it may do: a role of functions/permissions.yaml.
        #[arg(long)]
        role: String,
    },
    /// List the keys, without their secrets.
    List,
    /// Take a key back. It opens nothing any more from now on.
    Revoke {
        /// Its id: the 12 digits behind `lg_`.
        id: String,
    },
}

/// Does what the command line asks for.
pub(super) async fn run(command: Keys) -> Result<ExitCode, String> {
    let (keys, clock) = open(&command).await?;
    let now = UnixTime(clock.now_s());
    match command.action {
        Action::Add { name, role } => add(&keys, name, role, now).await?,
        Action::List => list(&keys).await?,
        Action::Revoke { id } => {
            let digits = id.strip_prefix("lg_").unwrap_or(&id);
            let id = ApiKeyId::parse(digits).ok_or("a key is named by the 12 digits behind its lg_")?;
            if !keys.revoke(&id, now).await.map_err(|error| error.to_string())? {
                return Err(format!("there is no key {id}"));
            }
            say(format_args!("{id} is revoked"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The table of keys, and the time there.
async fn open(command: &Keys) -> Result<(ApiKeys, Clock), String> {
    if let Some(table) = &command.table {
        let connection = Connection::from_lambda_environment().await;
        return Ok((ApiKeys::new(&connection, table.clone()), Clock::default()));
    }
    let running = running_keys_table(&command.data_dir, &command.project);
    let Some(running) = running.map_err(|error| error.to_string())? else {
        let folder = command.data_dir.display();
        return Err(format!("no stack runs in {folder}; start one, or name a table in AWS with --table"));
    };
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(running.endpoint)
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "keys", "local", None, None, "",
        )))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Ok((ApiKeys::new(&Connection::new(config), running.table), running.clock))
}

async fn add(keys: &ApiKeys, name: String, role: String, now: UnixTime) -> Result<(), String> {
    if !StoredKey::is_name(&name) {
        return Err("a key's name has 1 to 64 characters, on one line".to_owned());
    }
    let permissions = Permissions::parse(PERMISSIONS).map_err(|error| error.to_string())?;
    if permissions.role(&role).is_none() {
        let roles: Vec<_> = permissions.role_names().collect();
        return Err(format!("there is no role {role}; functions/permissions.yaml has {}", roles.join(", ")));
    }
    let key = ApiKey::generate();
    let stored = StoredKey::new(&key, name, role, now);
    keys.add(&stored).await.map_err(|error| error.to_string())?;
    say_aside(format_args!("{} has the role {}. It is shown this once.", stored.id, stored.role));
    say(format_args!("{}", key.encode()));
    Ok(())
}

async fn list(keys: &ApiKeys) -> Result<(), String> {
    let time = |time: Option<UnixTime>| time.map_or_else(|| "-".to_owned(), UnixTime::rfc3339);
    say(format_args!(
        "{:12}  {:12}  {:20}  {:20}  {:20}  name",
        "id", "role", "made", "last used", "revoked"
    ));
    for key in keys.list().await.map_err(|error| error.to_string())? {
        let StoredKey { id, name, role, created_at, last_used_at, revoked_at, .. } = key;
        let (made, used, revoked) = (time(Some(created_at)), time(last_used_at), time(revoked_at));
        say(format_args!("{:12}  {role:12}  {made:20}  {used:20}  {revoked:20}  {name}", id.as_str()));
    }
    Ok(())
}
