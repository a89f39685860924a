//! The services, called without a socket.

mod authorizations;
mod codes;
mod files;
mod kinds;
mod media;
mod messages;
mod passwords;
mod protocol;
mod qr;
mod uploads;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use grammers_crypto::two_factor_auth::calculate_2fa;
use grammers_tl_types::{Deserializable, RemoteCall, enums, functions, types};
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::super::accounts::{FIRST_PHONE, NewAccount, Phone};
use super::super::cluster::DcAddress;
use super::super::people::{People, Summary};
use super::super::rpc::{Caller, ConnectionId, DeviceInfo, KeyId, Outcome, RpcError, Service};
use super::super::{errors, random};
use super::{Notice, Options, Services};
use crate::clock::Clock;
use crate::telegram::faults::{Fault, Faults, Moment};

const API_HASH: &str = "0123456789abcdef0123456789abcdef";

/// Services on a state of their own.
struct Sim {
    services: Services,
    notices: mpsc::UnboundedReceiver<Notice>,
    clock: Clock,
    faults: Faults,
    folder: TempDir,
}

impl Sim {
    fn start() -> Self {
        Self::start_in(TempDir::new().unwrap(), Clock::default())
    }

    fn start_in(folder: TempDir, clock: Clock) -> Self {
        let faults = Faults::default();
        let path = folder.path().join("cloud.sqlite");
        let (clock_too, faults_too) = (clock.clone(), faults.clone());
        let options = Options { path, clock: clock_too, faults: faults_too, addresses: addresses() };
        let (services, notices) = Services::open(options).unwrap();
        Self { services, notices, clock, faults, folder }
    }

    /// Ends the process without a warning and starts another on what is left.
    fn restart(self) -> Self {
        let Self { services, clock, folder, .. } = self;
        drop(services);
        Self::start_in(folder, clock)
    }

    fn people(&self) -> People {
        self.services.people()
    }

    fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    fn account(&self, phone: &str, change: impl FnOnce(&mut NewAccount)) -> i64 {
        let mut new = NewAccount::new(number(phone), "Grace");
        change(&mut new);
        self.people().create(new).unwrap()
    }

    fn summary(&self, phone: &str) -> Summary {
        self.people().summary(&number(phone)).unwrap().unwrap()
    }

    fn code(&self, phone: &str) -> String {
        self.people().login_code(&number(phone)).unwrap().unwrap()
    }

    fn plan(&self, method: &str, error: &str, when: Moment) {
        let (method, error) = (method.to_owned(), error.to_owned());
        self.faults.plan(Fault { method, error, times: 1, when, chat_id: None }).unwrap();
    }

    /// A client with a key of its own, connected to the main address of a data centre.
    fn client(&self, dc: i32) -> Client {
        let caller = Caller {
            dc,
            media: false,
            key: KeyId(random::id()),
            connection: ConnectionId(0),
            layer: 230,
            api_id: Some(1_000_001),
            device: Some(device()),
            without_updates: false,
        };
        self.connected(caller)
    }

    /// Another connection of the same key.
    fn again(&self, client: &Client, media: bool) -> Client {
        self.connected(Caller { media, ..client.caller.clone() })
    }

    fn connected(&self, caller: Caller) -> Client {
        let connection = ConnectionId(random::id().unsigned_abs());
        let client = Client { caller: Caller { connection, ..caller }, services: self.services.clone() };
        client.services.opened(&client.caller);
        client
    }

    /// A client that is logged in as the first account.
    async fn signed_in(&self) -> Client {
        let client = self.client(2);
        self.sign_in(&client, FIRST_PHONE).await.unwrap();
        client
    }

    /// Logs a client in with a code, and a password where one is wanted.
    async fn sign_in(&self, client: &Client, phone: &str) -> Result<types::User, RpcError> {
        let hash = client.send_code(phone).await?.phone_code_hash;
        client.sign_in(phone, &hash, &self.code(phone)).await.map(user)
    }
}

/// A connection of a client.
struct Client {
    caller: Caller,
    services: Services,
}

impl Client {
    async fn outcome<R: RemoteCall>(&self, request: &R) -> Outcome {
        self.services.call(&self.caller, &request.to_bytes()).await
    }

    async fn call<R: RemoteCall>(&self, request: &R) -> Result<R::Return, RpcError> {
        match self.outcome(request).await {
            Outcome::Answer(bytes) => Ok(R::Return::from_bytes(&bytes).unwrap()),
            Outcome::Error(error) => Err(error),
            Outcome::Drop => panic!("the connection was dropped"),
            Outcome::Hang => panic!("no answer ever comes"),
        }
    }

    async fn send_code(&self, phone: &str) -> Result<types::auth::SentCode, RpcError> {
        let enums::auth::SentCode::Code(sent) = self.call(&send_code(phone)).await? else {
            panic!("a code was sent")
        };
        Ok(sent)
    }

    async fn sign_in(
        &self,
        phone: &str,
        hash: &str,
        code: &str,
    ) -> Result<enums::auth::Authorization, RpcError> {
        let request = functions::auth::SignIn {
            phone_number: phone.to_owned(),
            phone_code_hash: hash.to_owned(),
            phone_code: Some(code.to_owned()),
            email_verification: None,
        };
        self.call(&request).await
    }

    async fn me(&self) -> Result<types::User, RpcError> {
        let users = self.call(&functions::users::GetUsers { id: vec![enums::InputUser::UserSelf] }).await?;
        let [enums::User::User(me)] = &users[..] else { panic!("one user") };
        Ok(me.clone())
    }

    async fn password(&self) -> Result<types::account::Password, RpcError> {
        let enums::account::Password::Password(password) =
            self.call(&functions::account::GetPassword {}).await?;
        Ok(password)
    }

    async fn check(
        &self,
        proof: types::InputCheckPasswordSrp,
    ) -> Result<enums::auth::Authorization, RpcError> {
        self.call(&functions::auth::CheckPassword { password: proof.into() }).await
    }

    async fn log_out(&self) -> Result<enums::auth::LoggedOut, RpcError> {
        self.call(&functions::auth::LogOut {}).await
    }

    async fn export_token(&self) -> Result<enums::auth::LoginToken, RpcError> {
        let request = functions::auth::ExportLoginToken {
            api_id: 1_000_001,
            api_hash: API_HASH.to_owned(),
            except_ids: Vec::new(),
        };
        self.call(&request).await
    }

    fn close(&self) {
        self.services.closed(self.caller.connection);
    }
}

/// What a client proves that it knows the password with.
fn proof(of: &types::account::Password, password: &str) -> types::InputCheckPasswordSrp {
    let Some(enums::PasswordKdfAlgo::Sha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow(algorithm)) =
        of.current_algo.clone()
    else {
        panic!("an account with a password has an algorithm")
    };
    let types::PasswordKdfAlgoSha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow { salt1, salt2, p, g } =
        algorithm;
    let public = of.srp_b.clone().unwrap();
    let secret = random::bytes::<256>().to_vec();
    let (m1, a) = calculate_2fa(&salt1, &salt2, &p, &g, public, secret, password);
    types::InputCheckPasswordSrp { srp_id: of.srp_id.unwrap(), a: a.to_vec(), m1: m1.to_vec() }
}

fn addresses() -> Vec<DcAddress> {
    let all = [(1, false), (1, true), (2, false), (2, true), (3, false)];
    let address = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    all.into_iter()
        .zip(4001..)
        .map(|((dc, media), port)| DcAddress { dc, media, address: address(port) })
        .collect()
}

fn device() -> DeviceInfo {
    DeviceInfo {
        device_model: "Test".to_owned(),
        system_version: "1".to_owned(),
        app_version: "2".to_owned(),
        system_lang_code: "en".to_owned(),
        lang_pack: String::new(),
        lang_code: "en".to_owned(),
    }
}

fn number(phone: &str) -> Phone {
    Phone::parse(phone).unwrap()
}

fn send_code(phone: &str) -> functions::auth::SendCode {
    functions::auth::SendCode {
        phone_number: phone.to_owned(),
        api_id: 1_000_001,
        api_hash: API_HASH.to_owned(),
        settings: super::answers::blank::<types::CodeSettings>().into(),
    }
}

fn user(authorization: enums::auth::Authorization) -> types::User {
    let enums::auth::Authorization::Authorization(types::auth::Authorization {
        user: enums::User::User(user),
        ..
    }) = authorization
    else {
        panic!("a login ends in an authorization")
    };
    user
}

/// The refusal of a call, which must be one that carries its documented code.
#[track_caller]
fn assert_refused<T>(result: Result<T, RpcError>, name: &str) {
    match result {
        Ok(_) => panic!("{name} was expected"),
        Err(error) => assert_eq!(error, errors::named(name)),
    }
}
