//! Many requests at once: on one session, and of many people. Telegram never sees a login on two connections, and nobody
//! ever sees another person's account.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::join_all;
use lambdagram_tests::telegram::mtproto::network::NetworkSettings;
use reqwest::StatusCode;
use serde_json::json;

use super::{Answered, Browser, PHONE, error};
use crate::faults::Random;
use crate::support::TestStack;

impl TestStack {
    /// Puts Telegram at a distance, so that requests to it take their time and meet.
    pub(crate) fn distant_telegram(&self) {
        let round_trip = Duration::from_millis(40);
        self.stack.cloud().unwrap().network().set(NetworkSettings { round_trip, ..Default::default() });
    }
}

#[tokio::test]
async fn fifty_requests_on_one_session_take_turns() {
    let stack = TestStack::start().await;
    let first = Browser::signed_in(&stack, PHONE).await;
    let (id, cookie) = (stack.account_of(PHONE).await["id"].clone(), first.cookie().unwrap().to_owned());
    stack.distant_telegram();
    // A look at Telegram is due.
    stack.pass(61);
    let looks = (0..49).map(|_| async {
        let mut browser = Browser::with_cookie(&stack, &cookie);
        browser.get("/is-authenticated").await
    });
    let (answers, mut out) = tokio::join!(join_all(looks), async {
        Browser::with_cookie(&stack, &cookie).post("/logout", &json!({})).await
    });
    for answered in answers {
        if answered.body["authenticated"] == true {
            assert_eq!((answered.status, &answered.body["user"]["id"]), (StatusCode::OK, &id));
        } else {
            answered.expect(200, &json!({"authenticated": false}));
        }
    }
    if out.status == StatusCode::TOO_MANY_REQUESTS {
        out = Browser::with_cookie(&stack, &cookie).post("/logout", &json!({})).await;
    }
    out.expect(200, &json!({"message": "Logged out successfully."}));
    assert_eq!(stack.account_of(PHONE).await["authorizations"], 0);
    stack.end_accounts().await;
}

#[tokio::test]
async fn logouts_at_once_end_the_login_once() {
    let stack = TestStack::start().await;
    let first = Browser::signed_in(&stack, PHONE).await;
    let cookie = first.cookie().unwrap();
    stack.distant_telegram();
    let outs = (0..10).map(|_| async {
        let mut browser = Browser::with_cookie(&stack, cookie);
        let answered = browser.post("/logout", &json!({})).await;
        answered.status.as_u16()
    });
    let statuses = join_all(outs).await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 401, 429].contains(status)), "{statuses:?}");
    assert_eq!(stack.account_of(PHONE).await["authorizations"], 0);
    stack.end_accounts().await;
}

#[tokio::test]
async fn two_sign_ins_at_once_are_one_login() {
    let stack = TestStack::start().await;
    let mut first = stack.browser();
    first.send_code(PHONE).await;
    let (code, pending) = (stack.code_of(PHONE).await, first.cookie().unwrap().to_owned());
    stack.distant_telegram();
    let mut second = Browser::with_cookie(&stack, &pending);
    let answers = tokio::join!(first.sign_in(PHONE, &code), second.sign_in(PHONE, &code));
    let statuses = [answers.0.status.as_u16(), answers.1.status.as_u16()];
    assert!(statuses.contains(&200), "{answers:?}");
    assert!(statuses.iter().all(|status| [200, 400, 429].contains(status)), "{answers:?}");
    let winner = if statuses[0] == 200 { &mut first } else { &mut second };
    assert!(winner.is_authenticated().await);
    if statuses == [200, 200] {
        assert_eq!(first.cookie(), second.cookie(), "both lead to the same session");
    }
    assert_eq!(stack.account_of(PHONE).await["authorizations"], 1);
    stack.end_accounts().await;
}

const PEOPLE: usize = 20;

/// Hours of the life below. In each, a person asks for one code at most: an address gets 30 an hour.
const HOURS: usize = 3;

/// Steps a person takes in an hour, all people at the same time.
const STEPS: usize = 5;

/// What everybody knows of a person, and others misuse.
#[derive(Clone, Default)]
struct Public {
    phone: String,
    id: i64,
    /// The code that was sent last.
    code: Option<String>,
    /// The cookie their browser has.
    cookie: Option<String>,
    /// Cookies of sessions that are signed in.
    signed_in: BTreeSet<String>,
}

/// A person among others, who does things by chance.
struct Person<'a> {
    number: usize,
    all: &'a Mutex<Vec<Public>>,
    stack: &'a TestStack,
    browser: Browser<'a>,
    random: Random,
    /// Phone and code that may sign the browser in, once.
    may_sign_in: bool,
}

impl Person<'_> {
    fn of(&self, number: usize) -> Public {
        self.all.lock().unwrap()[number].clone()
    }

    fn me(&self) -> Public {
        self.of(self.number)
    }

    /// Tells everybody what has become of this person.
    fn publish(&self, change: impl FnOnce(&mut Public)) {
        let me = &mut self.all.lock().unwrap()[self.number];
        me.cookie = self.browser.cookie().map(str::to_owned);
        change(me);
    }

    fn somebody_else(&mut self) -> Public {
        let other = (self.number + 1 + self.random.below(PEOPLE - 1)) % PEOPLE;
        self.of(other)
    }

    async fn ask_for_code(&mut self) {
        let phone = self.me().phone;
        let answered = self.browser.send_code(&phone).await;
        assert_eq!(answered.status, StatusCode::OK, "{answered:?}");
        let code = self.stack.code_of(&phone).await;
        self.may_sign_in = true;
        self.publish(|me| me.code = Some(code));
    }

    async fn step(&mut self) {
        let (me, other) = (self.me(), self.somebody_else());
        let (own_code, other_code) = (me.code.unwrap_or_default(), other.code.unwrap_or_default());
        match self.random.below(8) {
            0 | 1 => {
                let answered = self.browser.sign_in(&me.phone, &own_code).await;
                if answered.status == StatusCode::OK {
                    assert!(self.may_sign_in, "{answered:?}");
                    assert_eq!(answered.body["user"]["id"], me.id);
                    self.may_sign_in = false;
                    let session = self.browser.cookie().unwrap().to_owned();
                    self.publish(|me| assert!(me.signed_in.insert(session)));
                } else {
                    Self::refused(&answered);
                }
            }
            2 => {
                let wrong = if own_code == "11111" { "22222" } else { "11111" };
                Self::refused(&self.browser.sign_in(&me.phone, wrong).await);
            }
            3 if other_code != own_code => {
                Self::refused(&self.browser.sign_in(&me.phone, &other_code).await);
            }
            4 => Self::refused(&self.browser.sign_in(&other.phone, &other_code).await),
            5 => {
                // Another person's cookie, with one's own number and code.
                let cookie = other.cookie.unwrap_or_default();
                let mut browser = Browser::with_cookie(self.stack, &cookie);
                Self::refused(&browser.sign_in(&me.phone, &own_code).await);
            }
            6 => {
                let mut thief = Browser::with_cookie(self.stack, &other.cookie.unwrap_or_default());
                Self::sees(&thief.get("/is-authenticated").await, other.id);
                Self::sees(&self.browser.get("/is-authenticated").await, me.id);
            }
            _ => {
                let session = self.browser.cookie().unwrap_or_default().to_owned();
                let answered = self.browser.post("/logout", &json!({})).await;
                if answered.status == StatusCode::OK {
                    self.publish(|me| assert!(me.signed_in.remove(&session), "{answered:?}"));
                } else {
                    assert!([401, 429].contains(&answered.status.as_u16()), "{answered:?}");
                }
            }
        }
    }

    /// Nobody is signed in by that.
    #[track_caller]
    fn refused(answered: &Answered) {
        assert!([400, 429].contains(&answered.status.as_u16()), "{answered:?}");
        assert!(!answered.headers.contains_key("set-cookie"), "{answered:?}");
    }

    /// Whoever is seen is the cookie's owner.
    #[track_caller]
    fn sees(answered: &Answered, owner: i64) {
        assert_eq!(answered.status, StatusCode::OK, "{answered:?}");
        if answered.body["authenticated"] == true {
            assert_eq!(answered.body["user"]["id"], owner);
        }
    }

    async fn hour(&mut self) {
        if self.random.below(4) > 0 {
            self.ask_for_code().await;
        }
        for _ in 0..STEPS {
            self.step().await;
        }
    }
}

async fn live_among_others(seed: u64) {
    let stack = TestStack::start_with_parameters(&[("CodesPerDay", "1000")]).await;
    let mut all = Vec::new();
    for number in 0..PEOPLE {
        let phone = format!("+1555770{number:04}");
        let home_dc = 1 + number % 3;
        let id = stack.account(&json!({"phone": phone, "first_name": "Ada", "home_dc": home_dc})).await;
        all.push(Public { phone, id, ..Public::default() });
    }
    let all = Mutex::new(all);
    let mut people: Vec<_> = (0..PEOPLE)
        .map(|number| {
            let random = Random(seed ^ (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let (all, stack, browser) = (&all, &stack, stack.browser());
            Person { number, all, stack, browser, random, may_sign_in: false }
        })
        .collect();
    for _ in 0..HOURS {
        join_all(people.iter_mut().map(Person::hour)).await;
        stack.pass(3600);
        // Codes do not live that long.
        for person in &mut people {
            person.may_sign_in = false;
        }
    }

    let all = all.lock().unwrap().clone();
    let mut signed_in = 0;
    for person in &all {
        let logins = stack.account_of(&person.phone).await["authorizations"].clone();
        assert_eq!(logins, person.signed_in.len(), "seed {seed}");
        for cookie in &person.signed_in {
            let answered = Browser::with_cookie(&stack, cookie).get("/is-authenticated").await;
            assert_eq!(answered.body["user"]["id"], person.id, "seed {seed}: {answered:?}");
            signed_in += 1;
        }
    }
    assert!(signed_in > 0, "seed {seed}: nobody ever signed in");
    stack.end_accounts().await;
}

#[tokio::test]
async fn sessions_of_twenty_people_never_mix() {
    for seed in [0x5eed, 0xc0de] {
        live_among_others(seed).await;
    }
}

#[tokio::test]
async fn a_code_is_good_in_the_browser_that_asked_for_it_alone() {
    let stack = TestStack::start().await;
    let (mut mine, mut theirs) = (stack.browser(), stack.browser());
    mine.send_code(PHONE).await;
    let code = stack.code_of(PHONE).await;
    stack.account(&json!({"phone": "+15557650001", "first_name": "Eve"})).await;
    theirs.send_code("+15557650001").await;
    let expired = error("Code has expired. Please request a new one.");
    theirs.sign_in(PHONE, &code).await.expect(400, &expired);
    assert_eq!(mine.sign_in(PHONE, &code).await.status, 200);
    stack.end_accounts().await;
}
