//! Logging in with a code, and every way in which that fails.

use grammers_tl_types::{enums, functions};

use super::super::super::accounts::FIRST_USER_ID;
use super::super::super::codes::MOST_A_DAY;
use super::*;

fn resend(phone: &str, hash: &str) -> functions::auth::ResendCode {
    let (phone_number, phone_code_hash) = (phone.to_owned(), hash.to_owned());
    functions::auth::ResendCode { phone_number, phone_code_hash, reason: None }
}

/// A code that is not the given one.
fn other(code: &str) -> String {
    if code == "11111" { "22222".to_owned() } else { "11111".to_owned() }
}

#[tokio::test]
async fn a_person_logs_in_with_the_code_and_out_again() {
    let sim = Sim::start();
    let client = sim.client(2);
    assert_refused(client.me().await, "AUTH_KEY_UNREGISTERED");
    let sent = client.send_code(FIRST_PHONE).await.unwrap();
    assert_eq!(sent.r#type, enums::auth::SentCodeType::App(types::auth::SentCodeTypeApp { length: 5 }));
    assert_eq!((sent.next_type, sent.timeout), (Some(enums::auth::CodeType::Sms), Some(60)));
    let code = sim.code(FIRST_PHONE);
    assert_eq!((code.len(), code.bytes().all(|b| b.is_ascii_digit())), (5, true));
    // Clients send the number with or without its plus.
    let entered = user(client.sign_in("15551234567", &sent.phone_code_hash, &code).await.unwrap());
    assert_eq!(
        (entered.id, entered.is_self, entered.phone.as_deref()),
        (FIRST_USER_ID, true, Some("15551234567"))
    );
    assert_eq!(client.me().await.unwrap(), entered);
    assert_eq!(sim.summary(FIRST_PHONE).authorizations, 1);
    client.log_out().await.unwrap();
    assert_refused(client.me().await, "AUTH_KEY_UNREGISTERED");
    assert_refused(client.log_out().await, "AUTH_KEY_UNREGISTERED");
    assert_eq!(sim.summary(FIRST_PHONE), Summary { id: FIRST_USER_ID, authorizations: 0, overlaps: 0 });
}

#[tokio::test]
async fn a_code_is_sent_to_good_numbers_of_good_apps_only() {
    let sim = Sim::start();
    let client = sim.client(2);
    for phone in ["", "abc", "+123", "+0555123456789"] {
        assert_refused(client.send_code(phone).await, "PHONE_NUMBER_INVALID");
    }
    let no_app = functions::auth::SendCode { api_id: 0, ..send_code(FIRST_PHONE) };
    assert_refused(client.call(&no_app).await, "API_ID_INVALID");
    let no_hash = functions::auth::SendCode { api_hash: "x".to_owned(), ..send_code(FIRST_PHONE) };
    assert_refused(client.call(&no_hash).await, "API_ID_INVALID");
    sim.account("+15550000001", |new| new.banned = true);
    assert_refused(client.send_code("+15550000001").await, "PHONE_NUMBER_BANNED");
    assert_eq!(sim.people().login_code(&number("+15550000001")).unwrap(), None);
}

#[tokio::test]
async fn an_account_is_asked_for_where_it_lives() {
    let sim = Sim::start();
    sim.account("+15550000001", |new| new.home_dc = 3);
    assert_refused(sim.client(2).send_code("+15550000001").await, "PHONE_MIGRATE_3");
    assert_refused(sim.client(1).send_code(FIRST_PHONE).await, "PHONE_MIGRATE_2");
    assert!(sim.client(3).send_code("+15550000001").await.is_ok());
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let sim = Sim::start();
    let client = sim.client(2);
    let hash = client.send_code(FIRST_PHONE).await.unwrap().phone_code_hash;
    assert_refused(client.sign_in("+1", &hash, "12345").await, "PHONE_NUMBER_INVALID");
    assert_refused(client.sign_in(FIRST_PHONE, &hash, "").await, "PHONE_CODE_EMPTY");
    assert_refused(client.sign_in(FIRST_PHONE, "", "12345").await, "PHONE_CODE_HASH_EMPTY");
    assert_refused(client.sign_in(FIRST_PHONE, "unknown", "12345").await, "PHONE_CODE_EXPIRED");
    assert_refused(client.sign_in("+15550000009", &hash, "12345").await, "PHONE_CODE_EXPIRED");
}

#[tokio::test]
async fn five_wrong_codes_make_the_right_one_worthless() {
    let sim = Sim::start();
    let client = sim.client(2);
    let hash = client.send_code(FIRST_PHONE).await.unwrap().phone_code_hash;
    let code = sim.code(FIRST_PHONE);
    for _ in 0..5 {
        assert_refused(client.sign_in(FIRST_PHONE, &hash, &other(&code)).await, "PHONE_CODE_INVALID");
    }
    assert_refused(client.sign_in(FIRST_PHONE, &hash, &code).await, "PHONE_CODE_EXPIRED");
    sim.sign_in(&client, FIRST_PHONE).await.unwrap();
}

#[tokio::test]
async fn a_code_lives_five_minutes() {
    let sim = Sim::start();
    let client = sim.client(2);
    let hash = client.send_code(FIRST_PHONE).await.unwrap().phone_code_hash;
    sim.advance(290);
    let wrong = other(&sim.code(FIRST_PHONE));
    assert_refused(client.sign_in(FIRST_PHONE, &hash, &wrong).await, "PHONE_CODE_INVALID");
    sim.advance(10);
    assert_refused(client.sign_in(FIRST_PHONE, &hash, &sim.code(FIRST_PHONE)).await, "PHONE_CODE_EXPIRED");
}

#[tokio::test]
async fn a_code_works_once_and_with_its_own_key_only() {
    let sim = Sim::start();
    let (client, stranger) = (sim.client(2), sim.client(2));
    let hash = client.send_code(FIRST_PHONE).await.unwrap().phone_code_hash;
    let code = sim.code(FIRST_PHONE);
    assert_refused(stranger.sign_in(FIRST_PHONE, &hash, &code).await, "PHONE_CODE_EXPIRED");
    client.sign_in(FIRST_PHONE, &hash, &code).await.unwrap();
    assert_refused(client.sign_in(FIRST_PHONE, &hash, &code).await, "PHONE_CODE_EXPIRED");
    assert!(client.me().await.is_ok());
}

#[tokio::test]
async fn a_code_goes_another_way_once_its_time_has_come() {
    let sim = Sim::start();
    let client = sim.client(2);
    let first = client.send_code(FIRST_PHONE).await.unwrap();
    let again = resend(FIRST_PHONE, &first.phone_code_hash);
    assert_refused(client.call(&again).await, "SEND_CODE_UNAVAILABLE");
    sim.advance(60);
    let enums::auth::SentCode::Code(second) = client.call(&again).await.unwrap() else { panic!("a code") };
    assert_eq!(second.r#type, enums::auth::SentCodeType::Sms(types::auth::SentCodeTypeSms { length: 5 }));
    assert_eq!((second.next_type, second.timeout), (Some(enums::auth::CodeType::Call), Some(120)));
    // The former one is worthless from now on.
    assert_refused(client.call(&again).await, "PHONE_CODE_EXPIRED");
    sim.advance(120);
    let again = resend(FIRST_PHONE, &second.phone_code_hash);
    let enums::auth::SentCode::Code(third) = client.call(&again).await.unwrap() else { panic!("a code") };
    assert_eq!(third.r#type, enums::auth::SentCodeType::Call(types::auth::SentCodeTypeCall { length: 5 }));
    assert_eq!((third.next_type, third.timeout), (None, None));
    let again = resend(FIRST_PHONE, &third.phone_code_hash);
    assert_refused(client.call(&again).await, "SEND_CODE_UNAVAILABLE");
    let code = sim.code(FIRST_PHONE);
    client.sign_in(FIRST_PHONE, &third.phone_code_hash, &code).await.unwrap();
}

#[tokio::test]
async fn a_code_can_be_called_off() {
    let sim = Sim::start();
    let client = sim.client(2);
    let phone_code_hash = client.send_code(FIRST_PHONE).await.unwrap().phone_code_hash;
    let (phone_number, hash) = (FIRST_PHONE.to_owned(), phone_code_hash.clone());
    assert!(client.call(&functions::auth::CancelCode { phone_number, phone_code_hash }).await.unwrap());
    assert_refused(client.sign_in(FIRST_PHONE, &hash, &sim.code(FIRST_PHONE)).await, "PHONE_CODE_EXPIRED");
}

#[tokio::test]
async fn a_number_gets_so_many_codes_a_day() {
    let sim = Sim::start();
    let client = sim.client(2);
    for _ in 0..MOST_A_DAY {
        client.send_code(FIRST_PHONE).await.unwrap();
    }
    assert_refused(client.send_code(FIRST_PHONE).await, "PHONE_NUMBER_FLOOD");
    sim.advance(24 * 60 * 60);
    assert!(client.send_code(FIRST_PHONE).await.is_ok());
}

#[tokio::test]
async fn who_has_no_account_cannot_make_one_here() {
    let sim = Sim::start();
    let client = sim.client(2);
    let phone = "+15550000009";
    let hash = client.send_code(phone).await.unwrap().phone_code_hash;
    let answer = client.sign_in(phone, &hash, &sim.code(phone)).await.unwrap();
    assert!(matches!(answer, enums::auth::Authorization::SignUpRequired(_)));
    let sign_up = functions::auth::SignUp {
        no_joined_notifications: false,
        phone_number: phone.to_owned(),
        phone_code_hash: hash,
        first_name: "A".to_owned(),
        last_name: String::new(),
    };
    assert_refused(client.call(&sign_up).await, "PHONE_NUMBER_APP_SIGNUP_FORBIDDEN");
    assert_refused(client.me().await, "AUTH_KEY_UNREGISTERED");
}

#[tokio::test]
async fn two_logins_of_one_number_do_not_disturb_each_other() {
    let sim = Sim::start();
    let (first, second) = (sim.client(2), sim.client(2));
    let hash = first.send_code(FIRST_PHONE).await.unwrap().phone_code_hash;
    let code = sim.code(FIRST_PHONE);
    sim.sign_in(&second, FIRST_PHONE).await.unwrap();
    first.sign_in(FIRST_PHONE, &hash, &code).await.unwrap();
    assert_eq!(sim.summary(FIRST_PHONE).authorizations, 2);
}
