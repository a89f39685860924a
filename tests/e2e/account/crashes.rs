//! Functions that die, and a DynamoDB that fails, at every step of a login: a repeat of the same request completes it, with
//! the same code, and leaves one login at Telegram.

mod requests;

use lambdagram_tests::aws::Service;
use lambdagram_tests::aws::faults::{Effect, Fault, When};
use serde_json::json;

use self::requests::Request::{CheckPassword, LogOut, Look, PollQr, SignIn, SignInHalfWay};
use self::requests::{Person, Request};
use super::{Browser, PHONE, error};
use crate::support::TestStack;

const SIDES: [When; 2] = [When::Before, When::After];

const PASSWORD: &str = "correct horse";

/// Longer than a lease outlives the function that held it: 25 s of time-out, and 10 s.
const LEASE_OVER_S: u64 = 40;

/// Calls that the SDK makes before it gives up.
const ALL_TRIES: u32 = 3;

fn fault(
    function: &str,
    (operation, after_calls): (&str, u32),
    when: When,
    times: u32,
    effect: Effect,
) -> Fault {
    let (function, operation) = (Some(function.to_owned()), operation.to_owned());
    Fault { function, service: Service::DynamoDb, operation, after_calls, times, when, effect }
}

fn failing() -> Effect {
    Effect::Error { status: 500, code: "InternalServerError".to_owned() }
}

impl TestStack {
    #[track_caller]
    fn all_happened(&self) {
        assert_eq!(self.stack.aws_faults().remaining(), []);
    }

    /// Ends a test after crashes: what they left behind ends by itself.
    async fn end_after_crashes(self) {
        self.pass(LEASE_OVER_S);
        self.end_accounts().await;
    }
}

/// The function dies, or DynamoDB fails, around each call; or Telegram has the request when the function dies.
async fn survives_everything(request: Request) {
    let stack = TestStack::start().await;
    let mut people = 0..;
    for (at, call) in request.calls().iter().enumerate() {
        for when in SIDES {
            let row = format!("{request:?}, {call:?}, {when:?}");
            let leased = request.leaves_lease(at, when);

            let mut person = request.person(&stack, people.next().unwrap()).await;
            stack.plan(fault(request.function(), *call, when, 1, Effect::Kill));
            assert_eq!(request.send(&mut person).await.status, 502, "{row}");
            stack.all_happened();
            request.complete(&mut person, leased, &format!("{row}, killed")).await;

            let mut person = request.person(&stack, people.next().unwrap()).await;
            stack.plan(fault(request.function(), *call, when, ALL_TRIES, failing()));
            assert_eq!(request.send(&mut person).await.status, 500, "{row}");
            stack.all_happened();
            request.complete(&mut person, leased, &format!("{row}, failed")).await;

            let mut person = request.person(&stack, people.next().unwrap()).await;
            stack.plan(fault(request.function(), *call, when, 1, failing()));
            let answered = request.send(&mut person).await;
            stack.all_happened();
            assert!(!answered.status.is_server_error(), "{row}, failed once: {answered:?}");
            let _ = request.check_done(&answered, &row);
        }
    }
    for when in ["before", "after"] {
        let row = format!("{request:?}, killed while Telegram had it, {when}");
        let mut person = request.person(&stack, people.next().unwrap()).await;
        stack.die_at_telegram(request, &mut person, when).await;
        request.complete(&mut person, true, &row).await;
    }
    Box::pin(stack.end_after_crashes()).await;
}

impl TestStack {
    /// Sends the request, and kills its function while Telegram is silent on it.
    async fn die_at_telegram(&self, request: Request, person: &mut Person<'_>, when: &str) {
        let faults = self.stack.simulated().unwrap().faults();
        let hits = faults.hits(request.method());
        self.fault(json!({"method": request.method(), "error": "hang", "times": 1, "when": when})).await;
        let (answered, ()) = tokio::join!(request.send(person), async {
            faults.hit_times(request.method(), hits + 1).await;
            assert_eq!(self.stack.lambda().kill_running(request.function()), 1);
        });
        assert_eq!(answered.status, 502, "{request:?} {when}");
    }
}

#[tokio::test]
async fn a_sign_in_survives_everything() {
    survives_everything(SignIn).await;
}

#[tokio::test]
async fn a_sign_in_that_leads_to_a_password_survives_everything() {
    survives_everything(SignInHalfWay).await;
}

#[tokio::test]
async fn a_password_survives_everything() {
    survives_everything(CheckPassword).await;
}

#[tokio::test]
async fn a_look_at_a_qr_login_survives_everything() {
    survives_everything(PollQr).await;
}

#[tokio::test]
async fn a_look_at_the_login_survives_everything() {
    survives_everything(Look).await;
}

#[tokio::test]
async fn a_logout_survives_everything() {
    survives_everything(LogOut).await;
}

#[tokio::test]
async fn a_login_that_died_as_it_began_is_begun_again() {
    const CALLS: [(&str, u32); 3] = [("TransactWriteItems", 0), ("PutItem", 0), ("UpdateItem", 0)];
    let stack = TestStack::start().await;
    for call in CALLS {
        for when in SIDES {
            for (times, effect, status) in
                [(1, Effect::Kill, 502), (ALL_TRIES, failing(), 500), (1, failing(), 200)]
            {
                let row = format!("{call:?} {when:?} {effect:?} {times}");
                stack.pass(3600);
                let mut browser = stack.browser();
                stack.plan(fault("SendCode", call, when, times, effect));
                assert_eq!(browser.send_code(PHONE).await.status, status, "{row}");
                stack.all_happened();
                assert_eq!(browser.cookie().is_some(), status == 200, "{row}");
                if status != 200 {
                    assert_eq!(browser.send_code(PHONE).await.status, 200, "{row}");
                }
                let answered = browser.sign_in(PHONE, &stack.code_of(PHONE).await).await;
                assert_eq!(answered.status, 200, "{row}: {answered:?}");
                browser.post("/logout", &json!({})).await;
            }
        }
    }
    assert_eq!(stack.account_of(PHONE).await["authorizations"], 0);
    Box::pin(stack.end_after_crashes()).await;
}

#[tokio::test]
async fn an_answer_that_was_lost_is_given_again_to_the_same_code_alone() {
    let stack = TestStack::start().await;
    let mut person = SignIn.person(&stack, 1).await;
    let pending = person.browser.cookie().unwrap().to_owned();
    stack.plan(fault("SignIn", ("TransactWriteItems", 0), When::After, 1, Effect::Kill));
    assert_eq!(SignIn.send(&mut person).await.status, 502);

    let wrong = if person.code == "11111" { "22222" } else { "11111" };
    let mut planter = Browser::with_cookie(&stack, &pending);
    let expired = error("Code has expired. Please request a new one.");
    planter.sign_in(&person.phone, wrong).await.expect(400, &expired);
    planter.sign_in("+15550001111", &person.code).await.expect(400, &expired);
    planter.post("/check-password", &json!({ "password": person.code })).await.expect(400, &expired);
    planter.get("/qr-login").await.expect(401, &error("User not authenticated."));
    planter.post("/resend-code", &json!({})).await.expect(400, &expired);
    planter.post("/logout", &json!({})).await.expect(401, &error("User not authenticated."));
    assert!(!planter.is_authenticated().await);

    let first = SignIn.send(&mut person).await;
    assert_eq!((first.status.as_u16(), person.browser.is_authenticated().await), (200, true));
    let session = person.browser.cookie().unwrap().to_owned();
    let mut again = Browser::with_cookie(&stack, &pending);
    again.sign_in(&person.phone, &person.code).await.expect(200, &first.body);
    assert_eq!(again.cookie(), Some(&*session), "it is the same session");
    stack.pass(300);
    let mut late = Browser::with_cookie(&stack, &pending);
    late.sign_in(&person.phone, &person.code).await.expect(400, &expired);
    assert_eq!(stack.account_of(&person.phone).await["authorizations"], 1);
    Box::pin(stack.end_after_crashes()).await;
}

#[tokio::test]
async fn a_wrong_code_does_not_profit_from_a_right_one_whose_function_died() {
    let stack = TestStack::start().await;
    let mut person = SignIn.person(&stack, 1).await;
    stack.die_at_telegram(SignIn, &mut person, "after").await;
    stack.pass(LEASE_OVER_S);
    let wrong = if person.code == "11111" { "22222" } else { "11111" };
    let pending = person.browser.cookie().unwrap().to_owned();
    let mut planter = Browser::with_cookie(&stack, &pending);
    let answered = planter.sign_in(&person.phone, wrong).await;
    answered.expect(400, &error("Invalid code. Please try again."));
    assert_eq!(planter.cookie(), Some(&*pending));
    SignIn.complete(&mut person, false, "after a wrong code").await;
    Box::pin(stack.end_after_crashes()).await;
}

#[tokio::test]
async fn a_right_code_is_not_lost_when_functions_die_over_a_wrong_one_too() {
    let stack = TestStack::start().await;
    for (request, number) in [(SignIn, 1), (SignInHalfWay, 2)] {
        let mut person = request.person(&stack, number).await;
        let right = person.code.clone();
        person.code = if right == "11111" { "22222" } else { "11111" }.to_owned();
        stack.die_at_telegram(request, &mut person, "before").await;
        stack.pass(LEASE_OVER_S);
        person.code = right;
        stack.die_at_telegram(request, &mut person, "after").await;
        request.complete(&mut person, true, "after two deaths").await;
    }
    let mut person = CheckPassword.person(&stack, 3).await;
    stack.plan(fault("CheckPassword", ("UpdateItem", 1), When::Before, 1, Effect::Kill));
    let wrong = person.browser.post("/check-password", &json!({"password": "wrong"})).await;
    assert_eq!(wrong.status, 502);
    stack.pass(LEASE_OVER_S);
    stack.die_at_telegram(CheckPassword, &mut person, "after").await;
    CheckPassword.complete(&mut person, true, "after two deaths").await;
    Box::pin(stack.end_after_crashes()).await;
}
