//! A cloud for one test, and a client that speaks to it.

use std::time::Duration;

use lambdagram_domain::login::LoginCode;
use lambdagram_domain::phone::PhoneNumber;
use lambdagram_domain::secret::Secret;
use lambdagram_domain::session::{Session, Stage};
use lambdagram_telegram::mtproto::auth::{SentCode, SignIn, send_code, sign_in};
use lambdagram_telegram::mtproto::files::Place;
use lambdagram_telegram::mtproto::{App, Link, Servers, Telegram, TelegramError, media_servers};
use lambdagram_tests::clock::Clock;
use lambdagram_tests::telegram::faults::{Fault, Faults, Moment};
use lambdagram_tests::telegram::mtproto::accounts::{FIRST_PHONE, NewAccount, Phone};
use lambdagram_tests::telegram::mtproto::cloud::{Cloud, Options};
use tempfile::TempDir;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Longer than a test takes: where a test waits for it, something hangs.
const LONG: Duration = Duration::from_secs(30);

/// The data centre of the first account.
pub(crate) const HOME_DC: i32 = 2;

/// The data centre the first account does not live in.
pub(crate) const OTHER_DC: i32 = 3;

pub(crate) struct TestCloud {
    pub(crate) cloud: Cloud,
    pub(crate) clock: Clock,
    pub(crate) telegram: Telegram,
    faults: Faults,
    _folder: TempDir,
    _running: DropGuard,
}

impl TestCloud {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (clock, faults) = (Clock::default(), Faults::default());
        let running = CancellationToken::new();
        let options =
            Options { data_dir: folder.path().to_owned(), clock: clock.clone(), faults: faults.clone() };
        let cloud = Cloud::start(options, running.clone()).await.unwrap();
        let telegram = client(&cloud.dcs(), &cloud.public_key_pem());
        Self { cloud, clock, telegram, faults, _folder: folder, _running: running.drop_guard() }
    }

    /// A link for `session` whose time does not run out.
    pub(crate) fn link<'a>(&self, session: &'a mut Session) -> Link<'a> {
        self.telegram.link(session, Instant::now() + LONG)
    }

    /// The next calls of that method fail that way.
    pub(crate) fn plan(&self, method: &str, error: &str, times: u32, when: Moment) {
        let (method, error) = (method.to_owned(), error.to_owned());
        self.faults.plan(Fault { method, error, times, when, chat_id: None }).unwrap();
    }

    /// Whether all that was planned for that method has happened.
    pub(crate) fn hits(&self, method: &str) -> u64 {
        self.faults.hits(method)
    }

    pub(crate) async fn hit(&self, method: &str) {
        self.faults.hit(method).await;
    }

    /// Another person's account.
    pub(crate) fn account(&self, phone: &PhoneNumber, change: impl FnOnce(&mut NewAccount)) {
        let mut account = NewAccount::new(sim_phone(phone), "Grace");
        change(&mut account);
        self.cloud.people().create(account).unwrap();
    }

    /// The code that was sent to that number last.
    pub(crate) fn code(&self, phone: &PhoneNumber) -> LoginCode {
        let code = self.cloud.people().login_code(&sim_phone(phone)).unwrap().unwrap();
        LoginCode::parse(&code).unwrap()
    }

    pub(crate) fn authorizations(&self, phone: &PhoneNumber) -> usize {
        self.cloud.people().summary(&sim_phone(phone)).unwrap().unwrap().authorizations
    }

    pub(crate) fn overlaps(&self, phone: &PhoneNumber) -> u64 {
        self.cloud.people().summary(&sim_phone(phone)).unwrap().unwrap().overlaps
    }

    /// Another device of the account scans that QR code.
    pub(crate) fn accept(&self, phone: &PhoneNumber, url: &str) {
        use base64::Engine;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let token = URL_SAFE_NO_PAD.decode(url.strip_prefix("tg://login?token=").unwrap()).unwrap();
        self.cloud.people().accept_login(&sim_phone(phone), &token).unwrap();
    }

    /// A cloud, and its first account's owner, signed in, who knows where files are handed out.
    pub(crate) async fn with_owner() -> (Self, Session) {
        let cloud = Self::start().await;
        let mut session = cloud.signed_in().await;
        let mut link = cloud.link(&mut session);
        media_servers(&mut link).await.unwrap();
        link.close().await;
        (cloud, session)
    }

    /// Signs the first account's owner in.
    pub(crate) async fn signed_in(&self) -> Session {
        let mut session = fresh(2);
        let mut link = self.link(&mut session);
        let code = send_code(&mut link, &owner()).await.unwrap();
        let done = self.sign_in(&mut link, &owner(), &code).await.unwrap();
        link.close().await;
        let SignIn::Done(user) = done else { panic!("the account has no password") };
        session.stage = Stage::SignedIn { user };
        session
    }

    /// Gives back the code that was sent to that number last.
    pub(crate) async fn sign_in(
        &self,
        link: &mut Link<'_>,
        phone: &PhoneNumber,
        sent: &SentCode,
    ) -> Result<SignIn, TelegramError> {
        sign_in(link, phone, &sent.hash, sent.info.kind, &self.code(phone)).await
    }
}

pub(crate) fn client(dcs: &str, key: &str) -> Telegram {
    let servers = Servers::custom(dcs, key).unwrap();
    let api_hash = Secret::new("0123456789abcdef0123456789abcdef");
    Telegram::new(servers, App { api_id: 17, api_hash })
}

/// The address of a data centre for files alone, with the session's key there.
pub(crate) fn place_for_files(session: &Session, dc: i32) -> Place {
    Place { dc, address: session.media.addresses[&dc], key: session.keys[&dc].clone(), keep: true }
}

/// The owner of the account that is there from the start.
pub(crate) fn owner() -> PhoneNumber {
    PhoneNumber::parse(FIRST_PHONE).unwrap()
}

/// A number of somebody else.
pub(crate) fn somebody() -> PhoneNumber {
    PhoneNumber::parse("+15557654321").unwrap()
}

/// A session that has spoken to nobody yet.
pub(crate) fn fresh(home_dc: i32) -> Session {
    Session::new(home_dc, Stage::Starting { phone: owner() })
}

fn sim_phone(phone: &PhoneNumber) -> Phone {
    Phone::parse(phone.e164()).unwrap()
}
